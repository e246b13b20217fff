-- The tables of opencode 1.3 in reduced form: workspace and session.workspace_id are new,
-- session_message is not there yet. What the adapter does not know is ignored; the archived
-- session is finalised at its archive time.

CREATE TABLE __drizzle_migrations (
	id SERIAL PRIMARY KEY,
	hash text NOT NULL,
	created_at numeric
);

CREATE TABLE project (
	id TEXT PRIMARY KEY,
	worktree TEXT NOT NULL,
	vcs TEXT,
	name TEXT,
	time_created INTEGER NOT NULL,
	time_updated INTEGER NOT NULL,
	sandboxes TEXT NOT NULL
);

CREATE TABLE workspace (
	id TEXT PRIMARY KEY,
	type TEXT NOT NULL,
	name TEXT,
	branch TEXT,
	directory TEXT,
	extra TEXT,
	project_id TEXT NOT NULL REFERENCES project(id) ON DELETE CASCADE
);

CREATE TABLE session (
	id TEXT PRIMARY KEY,
	project_id TEXT NOT NULL REFERENCES project(id) ON DELETE CASCADE,
	workspace_id TEXT,
	parent_id TEXT,
	slug TEXT NOT NULL,
	directory TEXT NOT NULL,
	title TEXT NOT NULL,
	version TEXT NOT NULL,
	share_url TEXT,
	summary_additions INTEGER,
	summary_deletions INTEGER,
	summary_files INTEGER,
	summary_diffs TEXT,
	revert TEXT,
	permission TEXT,
	time_created INTEGER NOT NULL,
	time_updated INTEGER NOT NULL,
	time_compacting INTEGER,
	time_archived INTEGER
);

CREATE TABLE message (
	id TEXT PRIMARY KEY,
	session_id TEXT NOT NULL REFERENCES session(id) ON DELETE CASCADE,
	time_created INTEGER NOT NULL,
	time_updated INTEGER NOT NULL,
	data TEXT NOT NULL
);

CREATE TABLE part (
	id TEXT PRIMARY KEY,
	message_id TEXT NOT NULL REFERENCES message(id) ON DELETE CASCADE,
	session_id TEXT NOT NULL,
	time_created INTEGER NOT NULL,
	time_updated INTEGER NOT NULL,
	data TEXT NOT NULL
);

INSERT INTO __drizzle_migrations (id, hash, created_at) VALUES
	(NULL, '', 1700000000000),
	(NULL, '', 1700000300000);

INSERT INTO project (id, worktree, vcs, name, time_created, time_updated, sandboxes) VALUES
	('prj_demo', '/srv/app', 'git', NULL, 900, 900, '[]');

INSERT INTO workspace (id, type, name, branch, directory, extra, project_id) VALUES
	('wrk_demo', 'worktree', 'try-out', 'main', '/srv/app', NULL, 'prj_demo');

INSERT INTO session (id, project_id, workspace_id, parent_id, slug, directory, title, version, time_created, time_updated, time_archived) VALUES
	('ses_era13', 'prj_demo', 'wrk_demo', NULL, 'in-a-workspace', '/srv/app', 'In a workspace', '1.3.2', 1000, 3000, 4500);

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_era13_1', 'ses_era13', 2000, 2000,
	 '{"role":"user","time":{"created":2000},"agent":"build","model":{"providerID":"northwind","modelID":"quill-3"},"summary":{"diffs":[]}}'),
	('msg_era13_2', 'ses_era13', 2100, 2900,
	 '{"role":"assistant","parentID":"msg_era13_1","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0.004,"tokens":{"input":40,"output":8,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2100,"completed":2900},"mode":"build","path":{"cwd":"/srv/app","root":"/srv/app"},"finish":"stop"}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_era13_1', 'msg_era13_1', 'ses_era13', 2000, 2000, '{"type":"text","text":"count to three"}'),
	('prt_era13_2', 'msg_era13_2', 'ses_era13', 2200, 2200, '{"type":"step-start","snapshot":"5eed"}'),
	('prt_era13_3', 'msg_era13_2', 'ses_era13', 2300, 2300,
	 '{"type":"text","text":"One, two, three.","time":{"start":2300,"end":2350}}'),
	('prt_era13_4', 'msg_era13_2', 'ses_era13', 2800, 2800,
	 '{"type":"step-finish","reason":"stop","snapshot":"5eed","cost":0.004,"tokens":{"total":48,"input":40,"output":8,"reasoning":0,"cache":{"read":0,"write":0}}}');

-- The tables of opencode 1.2, its first SQLite release, in reduced form: no session_message, no session_input, and a
-- session table without agent, model, cost and tokens. A store of that age is read in full: session-level model, agent
-- and provider are empty, the op has its own from the message. Root sessions have parent_id NULL.

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

CREATE TABLE session (
	id TEXT PRIMARY KEY,
	project_id TEXT NOT NULL REFERENCES project(id) ON DELETE CASCADE,
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
	(NULL, '', 1700000100000),
	(NULL, '', 1700000200000);

INSERT INTO project (id, worktree, vcs, name, time_created, time_updated, sandboxes) VALUES
	('prj_demo', '/srv/app', 'git', NULL, 900, 900, '[]');

INSERT INTO session (id, project_id, parent_id, slug, directory, title, version, summary_additions, summary_deletions, summary_files, time_created, time_updated) VALUES
	('ses_era12', 'prj_demo', NULL, 'first-steps', '/srv/app', 'First steps', '1.2.1', 0, 0, 0, 1000, 3000);

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_era12_1', 'ses_era12', 2000, 2000,
	 '{"role":"user","time":{"created":2000},"agent":"build","model":{"providerID":"northwind","modelID":"quill-3"},"summary":{"diffs":[]}}'),
	('msg_era12_2', 'ses_era12', 2100, 2900,
	 '{"role":"assistant","parentID":"msg_era12_1","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0.004,"tokens":{"input":40,"output":8,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2100,"completed":2900},"mode":"build","path":{"cwd":"/srv/app","root":"/srv/app"},"finish":"stop"}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_era12_1', 'msg_era12_1', 'ses_era12', 2000, 2000, '{"type":"text","text":"count to three"}'),
	('prt_era12_2', 'msg_era12_2', 'ses_era12', 2200, 2200, '{"type":"step-start","snapshot":"5eed"}'),
	('prt_era12_3', 'msg_era12_2', 'ses_era12', 2300, 2300,
	 '{"type":"text","text":"One, two, three.","time":{"start":2300,"end":2350}}'),
	('prt_era12_4', 'msg_era12_2', 'ses_era12', 2800, 2800,
	 '{"type":"step-finish","reason":"stop","snapshot":"5eed","cost":0.004,"tokens":{"total":48,"input":40,"output":8,"reasoning":0,"cache":{"read":0,"write":0}}}');

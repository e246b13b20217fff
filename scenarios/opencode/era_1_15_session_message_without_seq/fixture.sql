-- The tables of opencode 1.15 in reduced form: session has agent, model, cost and tokens, session_message exists but
-- has no seq, event and event_sequence exist and are empty. The switches are ordered by time_created, their logs carry
-- no seq, and the session's own cost and tokens appear nowhere.

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
	workspace_id TEXT,
	parent_id TEXT,
	slug TEXT NOT NULL,
	directory TEXT NOT NULL,
	path TEXT,
	title TEXT NOT NULL,
	version TEXT NOT NULL,
	share_url TEXT,
	summary_additions INTEGER,
	summary_deletions INTEGER,
	summary_files INTEGER,
	summary_diffs TEXT,
	metadata TEXT,
	cost REAL NOT NULL DEFAULT 0,
	tokens_input INTEGER NOT NULL DEFAULT 0,
	tokens_output INTEGER NOT NULL DEFAULT 0,
	tokens_reasoning INTEGER NOT NULL DEFAULT 0,
	tokens_cache_read INTEGER NOT NULL DEFAULT 0,
	tokens_cache_write INTEGER NOT NULL DEFAULT 0,
	revert TEXT,
	permission TEXT,
	agent TEXT,
	model TEXT,
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

CREATE TABLE session_message (
	id TEXT PRIMARY KEY,
	session_id TEXT NOT NULL REFERENCES session(id) ON DELETE CASCADE,
	type TEXT NOT NULL,
	time_created INTEGER NOT NULL,
	time_updated INTEGER NOT NULL,
	data TEXT NOT NULL
);

CREATE TABLE event_sequence (
	aggregate_id TEXT PRIMARY KEY,
	seq INTEGER NOT NULL,
	owner_id TEXT
);

CREATE TABLE event (
	id TEXT PRIMARY KEY,
	aggregate_id TEXT NOT NULL REFERENCES event_sequence(aggregate_id) ON DELETE CASCADE,
	seq INTEGER NOT NULL,
	type TEXT NOT NULL,
	data TEXT NOT NULL
);
CREATE UNIQUE INDEX event_aggregate_seq_idx ON event (aggregate_id, seq);

CREATE TABLE data_migration (
	name TEXT PRIMARY KEY,
	time_completed INTEGER NOT NULL
);

INSERT INTO project (id, worktree, vcs, name, time_created, time_updated, sandboxes) VALUES
	('prj_demo', '/srv/app', 'git', NULL, 900, 900, '[]');

INSERT INTO session (id, project_id, parent_id, slug, directory, path, title, version, agent, cost, tokens_input, tokens_output, time_created, time_updated, model) VALUES
	('ses_era115', 'prj_demo', NULL, 'middle-age', '/srv/app', '', 'Middle age', '1.15.13', 'build', 0.004, 40, 8, 1000, 3000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_era115_1', 'ses_era115', 2000, 2000,
	 '{"role":"user","time":{"created":2000},"agent":"build","model":{"providerID":"northwind","modelID":"quill-3"},"summary":{"diffs":[]}}'),
	('msg_era115_2', 'ses_era115', 2100, 2900,
	 '{"role":"assistant","parentID":"msg_era115_1","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0.004,"tokens":{"input":40,"output":8,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2100,"completed":2900},"mode":"build","path":{"cwd":"/srv/app","root":"/srv/app"},"finish":"stop"}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_era115_1', 'msg_era115_1', 'ses_era115', 2000, 2000, '{"type":"text","text":"count to three"}'),
	('prt_era115_2', 'msg_era115_2', 'ses_era115', 2200, 2200, '{"type":"step-start","snapshot":"5eed"}'),
	('prt_era115_3', 'msg_era115_2', 'ses_era115', 2300, 2300,
	 '{"type":"text","text":"One, two, three.","time":{"start":2300,"end":2350}}'),
	('prt_era115_4', 'msg_era115_2', 'ses_era115', 2800, 2800,
	 '{"type":"step-finish","reason":"stop","snapshot":"5eed","cost":0.004,"tokens":{"total":48,"input":40,"output":8,"reasoning":0,"cache":{"read":0,"write":0}}}');

INSERT INTO session_message (id, session_id, type, time_created, time_updated, data) VALUES
	('evt_era115_b', 'ses_era115', 'model-switched', 1100, 1100, '{"model":{"id":"quill-3","providerID":"northwind"}}'),
	('evt_era115_a', 'ses_era115', 'agent-switched', 1200, 1200, '{"agent":"build"}');

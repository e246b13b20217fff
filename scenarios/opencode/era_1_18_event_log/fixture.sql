-- The tables of opencode 1.17 and 1.18 in reduced form: migration instead of __drizzle_migrations, a filled event log,
-- session_input, and session_message with seq. Switches are ordered by seq, here against their times, and carry it; a
-- type that is no switch is skipped; the prompt's text has a source. The event log itself yields nothing.

CREATE TABLE migration (
	id TEXT PRIMARY KEY,
	time_completed INTEGER NOT NULL
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
	seq INTEGER NOT NULL,
	time_created INTEGER NOT NULL,
	time_updated INTEGER NOT NULL,
	data TEXT NOT NULL
);
CREATE UNIQUE INDEX session_message_session_seq_idx ON session_message (session_id, seq);

CREATE TABLE session_input (
	id TEXT PRIMARY KEY,
	session_id TEXT NOT NULL REFERENCES session(id) ON DELETE CASCADE,
	prompt TEXT NOT NULL,
	delivery TEXT NOT NULL,
	admitted_seq INTEGER NOT NULL,
	promoted_seq INTEGER,
	time_created INTEGER NOT NULL
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

INSERT INTO migration (id, time_completed) VALUES
	('20260101000000_first', 800),
	('20260601000000_last', 800);

INSERT INTO project (id, worktree, vcs, name, time_created, time_updated, sandboxes) VALUES
	('prj_demo', '/srv/app', 'git', NULL, 900, 900, '[]');

INSERT INTO session (id, project_id, parent_id, slug, directory, path, title, version, agent, cost, tokens_input, tokens_output, time_created, time_updated, model) VALUES
	('ses_era118', 'prj_demo', NULL, 'event-log', '/srv/app', '', 'Event log', '1.18.33', 'build', 0.004, 40, 8, 1000, 3000,
	 '{"id":"quill-3","providerID":"northwind","variant":"default"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_era118_1', 'ses_era118', 2000, 2000,
	 '{"role":"user","time":{"created":2000},"agent":"build","model":{"providerID":"northwind","modelID":"quill-3"},"summary":{"diffs":[]}}'),
	('msg_era118_2', 'ses_era118', 2100, 2900,
	 '{"role":"assistant","parentID":"msg_era118_1","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0.004,"tokens":{"input":40,"output":8,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2100,"completed":2900},"mode":"build","path":{"cwd":"/srv/app","root":"/srv/app"},"finish":"stop"}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_era118_1', 'msg_era118_1', 'ses_era118', 2000, 2000, '{"type":"text","text":"count to three"}'),
	('prt_era118_2', 'msg_era118_2', 'ses_era118', 2200, 2200, '{"type":"step-start","snapshot":"5eed"}'),
	('prt_era118_3', 'msg_era118_2', 'ses_era118', 2300, 2300,
	 '{"type":"text","text":"One, two, three.","time":{"start":2300,"end":2350}}'),
	('prt_era118_4', 'msg_era118_2', 'ses_era118', 2800, 2800,
	 '{"type":"step-finish","reason":"stop","snapshot":"5eed","cost":0.004,"tokens":{"total":48,"input":40,"output":8,"reasoning":0,"cache":{"read":0,"write":0}}}');

INSERT INTO session_message (id, session_id, type, seq, time_created, time_updated, data) VALUES
	('evt_era118_a', 'ses_era118', 'agent-switched', 2, 1100, 1100, '{"agent":"build"}'),
	('evt_era118_b', 'ses_era118', 'model-switched', 1, 1200, 1200,
	 '{"model":{"id":"quill-3","providerID":"northwind","variant":"default"}}'),
	('evt_era118_c', 'ses_era118', 'prompted', 3, 1300, 1300, '{"text":"count to three"}');

INSERT INTO session_input (id, session_id, delivery, admitted_seq, promoted_seq, time_created, prompt) VALUES
	('msg_era118_1', 'ses_era118', 'queue', 4, 5, 2000, '{"text":"count to three"}');

INSERT INTO event_sequence (aggregate_id, seq, owner_id) VALUES
	('ses_era118', 2, NULL);

INSERT INTO event (id, aggregate_id, seq, type, data) VALUES
	('evt_log_1', 'ses_era118', 1, 'session.created.1', '{"sessionID":"ses_era118"}'),
	('evt_log_2', 'ses_era118', 2, 'message.updated.1', '{"sessionID":"ses_era118"}');

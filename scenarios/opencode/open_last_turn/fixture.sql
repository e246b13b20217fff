-- The state a reader meets most: a turn still being written. The assistant message has no time.completed and no
-- step-finish, a reasoning part has no end, a tool is running. Everything seen so far is emitted as started, nothing as
-- finalised.

CREATE TABLE session (
	id TEXT PRIMARY KEY,
	project_id TEXT NOT NULL,
	parent_id TEXT,
	slug TEXT NOT NULL,
	directory TEXT NOT NULL,
	title TEXT NOT NULL,
	version TEXT NOT NULL,
	agent TEXT,
	model TEXT,
	cost REAL NOT NULL DEFAULT 0,
	tokens_input INTEGER NOT NULL DEFAULT 0,
	tokens_output INTEGER NOT NULL DEFAULT 0,
	tokens_reasoning INTEGER NOT NULL DEFAULT 0,
	tokens_cache_read INTEGER NOT NULL DEFAULT 0,
	tokens_cache_write INTEGER NOT NULL DEFAULT 0,
	time_created INTEGER NOT NULL,
	time_updated INTEGER NOT NULL,
	time_compacting INTEGER,
	time_archived INTEGER
);

CREATE TABLE message (
	id TEXT PRIMARY KEY,
	session_id TEXT NOT NULL,
	time_created INTEGER NOT NULL,
	time_updated INTEGER NOT NULL,
	data TEXT NOT NULL
);

CREATE TABLE part (
	id TEXT PRIMARY KEY,
	message_id TEXT NOT NULL,
	session_id TEXT NOT NULL,
	time_created INTEGER NOT NULL,
	time_updated INTEGER NOT NULL,
	data TEXT NOT NULL
);

CREATE TABLE session_message (
	id TEXT PRIMARY KEY,
	session_id TEXT NOT NULL,
	type TEXT NOT NULL,
	time_created INTEGER NOT NULL,
	time_updated INTEGER NOT NULL,
	data TEXT NOT NULL
);

INSERT INTO session (id, project_id, parent_id, slug, directory, title, version, agent, time_created, time_updated, model) VALUES
	('ses_open_last', 'prj_demo', '', 'open-last', '/srv/app', 'In the middle of it', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_open_user', 'ses_open_last', 1900, 1900,
	 '{"role":"user","time":{"created":1900},"agent":"build","model":{"providerID":"northwind","modelID":"quill-3"}}'),
	('msg_open_last', 'ses_open_last', 2000, 2000,
	 '{"role":"assistant","parentID":"msg_open_user","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":0,"output":0,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2000}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_open_1', 'msg_open_last', 'ses_open_last', 2100, 2100, '{"type":"step-start"}'),
	('prt_open_2', 'msg_open_last', 'ses_open_last', 2200, 2200,
	 '{"type":"reasoning","text":"so far","time":{"start":2210}}'),
	('prt_open_3', 'msg_open_last', 'ses_open_last', 2300, 2300,
	 '{"type":"tool","callID":"call_open_3","tool":"bash","state":{"status":"running","input":{"command":"sleep 5"},"time":{"start":2310}}}');

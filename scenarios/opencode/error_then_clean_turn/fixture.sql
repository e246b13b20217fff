-- Only the last assistant message decides whether a session failed. A failed turn followed
-- by a clean one gives a failed turn_finalized and no session_finalized; the user message
-- between and behind them changes nothing.

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
	('ses_retry_ok', 'prj_demo', '', 'retry-ok', '/srv/app', 'Second try works', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_try_1', 'ses_retry_ok', 2000, 2500,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":10,"output":0,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2000,"completed":2500},"error":{"name":"UnknownError","data":{"message":"socket closed"}}}'),
	('msg_try_2', 'ses_retry_ok', 3000, 3000,
	 '{"role":"user","time":{"created":3000},"agent":"build","model":{"providerID":"northwind","modelID":"quill-3"}}'),
	('msg_try_3', 'ses_retry_ok', 3100, 3900,
	 '{"role":"assistant","parentID":"msg_try_2","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":30,"output":5,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":3100,"completed":3900}}'),
	('msg_try_4', 'ses_retry_ok', 5000, 5000,
	 '{"role":"user","time":{"created":5000},"agent":"build","model":{"providerID":"northwind","modelID":"quill-3"}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_try_1', 'msg_try_3', 'ses_retry_ok', 3200, 3200, '{"type":"step-start"}'),
	('prt_try_2', 'msg_try_3', 'ses_retry_ok', 3800, 3800,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":20,"output":5,"reasoning":0,"cache":{"read":0,"write":0}}}');

-- A step-finish whose tokens have the wrong JSON type is an undecodable part: a WRN log with Ts 0, and the LLM op stays
-- open. Its type is still recognised, so the turn is finalised, at the message's creation for want of time.completed.

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
	('ses_badtok', 'prj_demo', '', 'badtok', '/srv/app', 'Counters as text', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_badtok', 'ses_badtok', 2000, 2000,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":70,"output":7,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2000}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_badtok_1', 'msg_badtok', 'ses_badtok', 2100, 2100, '{"type":"step-start"}'),
	('prt_badtok_2', 'msg_badtok', 'ses_badtok', 2500, 2500,
	 '{"type":"step-finish","reason":"stop","cost":0.5,"tokens":{"input":"70","output":7}}');

-- time_archived wins over an error in the last turn: the session is finalised as completed,
-- at the time of archiving, without error class or message. The turn itself stays failed.

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

INSERT INTO session (id, project_id, parent_id, slug, directory, title, version, agent, time_created, time_updated, time_archived, model) VALUES
	('ses_shelved', 'prj_demo', '', 'shelved', '/srv/app', 'Given up and put away', '1.15.0', 'build', 1000, 9000, 8500,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_shelved', 'ses_shelved', 2000, 2500,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":6,"output":0,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2000,"completed":2500},"error":{"name":"ContextOverflow","data":{"message":"too long"}}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_shelved_1', 'msg_shelved', 'ses_shelved', 2100, 2100, '{"type":"step-start"}'),
	('prt_shelved_2', 'msg_shelved', 'ses_shelved', 2400, 2400,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":6,"output":0,"reasoning":0,"cache":{"read":0,"write":0}}}');

-- A turn takes the user message that its parentID names, once: a second turn with the same parentID, and a turn whose
-- parentID nobody knows, have no user_input op, even if another user message is waiting. A turn without parentID takes
-- the latest user message before it.

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
	('ses_consume', 'prj_demo', '', 'consume', '/srv/app', 'Who asked', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_con_1', 'ses_consume', 1100, 1100,
	 '{"role":"user","time":{"created":1100},"agent":"build","model":{"providerID":"northwind","modelID":"quill-3"}}'),
	('msg_con_2', 'ses_consume', 1200, 1900,
	 '{"role":"assistant","parentID":"msg_con_1","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":10,"output":1,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":1200,"completed":1900}}'),
	-- pending, and no substitute for the next two
	('msg_con_2b', 'ses_consume', 1950, 1950,
	 '{"role":"user","time":{"created":1950},"agent":"build","model":{"providerID":"northwind","modelID":"quill-3"}}'),
	('msg_con_3', 'ses_consume', 2000, 2900,
	 '{"role":"assistant","parentID":"msg_con_1","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":20,"output":2,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2000,"completed":2900}}'),
	('msg_con_4', 'ses_consume', 3000, 3900,
	 '{"role":"assistant","parentID":"msg_con_nobody","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":30,"output":3,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":3000,"completed":3900}}'),
	('msg_con_5', 'ses_consume', 4000, 4000,
	 '{"role":"user","time":{"created":4000},"agent":"build","model":{"providerID":"northwind","modelID":"quill-3"}}'),
	-- replaces the one before
	('msg_con_6', 'ses_consume', 4100, 4100,
	 '{"role":"user","time":{"created":4100},"agent":"build","model":{"providerID":"northwind","modelID":"quill-3"}}'),
	('msg_con_7', 'ses_consume', 4200, 4900,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":40,"output":4,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":4200,"completed":4900}}'),
	-- older than the latest, but named
	('msg_con_8', 'ses_consume', 5000, 5900,
	 '{"role":"assistant","parentID":"msg_con_5","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":50,"output":5,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":5000,"completed":5900}}');

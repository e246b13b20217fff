-- A model column that is NULL, empty or no JSON leaves the session without model and
-- provider; the session and its turns are emitted all the same. id is preferred to modelID.

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
	('ses_model_a', 'prj_demo', '', 'model-a', '/srv/app', 'NULL', '1.15.0', 'build', 1000, 5000, NULL),
	('ses_model_b', 'prj_demo', '', 'model-b', '/srv/app', 'Empty', '1.15.0', 'build', 1000, 5001, ''),
	('ses_model_c', 'prj_demo', '', 'model-c', '/srv/app', 'Cut off', '1.15.0', 'build', 1000, 5002, '{"id":"quill-3","prov'),
	('ses_model_d', 'prj_demo', '', 'model-d', '/srv/app', 'Both', '1.15.0', 'build', 1000, 5003,
	 '{"modelID":"other","id":"quill-3"}'),
	('ses_model_e', 'prj_demo', '', 'model-e', '/srv/app', 'Empty id', '1.15.0', 'build', 1000, 5004,
	 '{"id":"","modelID":"other","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_model_c', 'ses_model_c', 2000, 2900,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":4,"output":1,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2000,"completed":2900}}');

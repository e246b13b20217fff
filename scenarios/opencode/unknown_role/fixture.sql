-- A message of an unknown role, of none, or a JSON null is one WRN log that quotes the role,
-- at the message's time; it gets no turn number and its parts are not read. The assistant
-- message behind them is turn 1.

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
	('ses_roles', 'prj_demo', '', 'roles', '/srv/app', 'Roles', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_roles_1', 'ses_roles', 2000, 2000, '{"role":"narrator","time":{"created":2000}}'),
	('msg_roles_2', 'ses_roles', 2100, 2100, '{"time":{"created":2100}}'),
	('msg_roles_3', 'ses_roles', 2200, 2200, 'null'),
	('msg_roles_4', 'ses_roles', 2300, 2300, '{"role":"Assistant \"b\""}'),
	('msg_roles_5', 'ses_roles', 3000, 3900,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":5,"output":1,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":3000,"completed":3900}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_roles_1', 'msg_roles_1', 'ses_roles', 2050, 2050, '{"type":"step-start"}');

-- A part that is empty, cut off, or has a wrong type in a field that is read, is one WRN log with Ts 0 and the part's
-- id. It opens, closes and counts nothing: the step that would have been started by the cut-off part never exists, and
-- the parts around it are kept.

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
	('ses_torn_part', 'prj_demo', '', 'torn-part', '/srv/app', 'Damaged parts', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_torn_part', 'ses_torn_part', 2000, 6000,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":15,"output":5,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2000,"completed":6000}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_tornp_1', 'msg_torn_part', 'ses_torn_part', 2050, 2050, '{"type":"step-start"'),
	('prt_tornp_2', 'msg_torn_part', 'ses_torn_part', 2100, 2100, '{"type":"step-start"}'),
	('prt_tornp_3', 'msg_torn_part', 'ses_torn_part', 2200, 2200, '  
'),
	('prt_tornp_4', 'msg_torn_part', 'ses_torn_part', 2300, 2300, '{"type":"patch","hash":"ee55","files":[1]}'),
	('prt_tornp_5', 'msg_torn_part', 'ses_torn_part', 2400, 2400, '{"type":"text","text":"kept"}'),
	('prt_tornp_6', 'msg_torn_part', 'ses_torn_part', 5900, 5900,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":15,"output":5,"reasoning":0,"cache":{"read":0,"write":0}}}');

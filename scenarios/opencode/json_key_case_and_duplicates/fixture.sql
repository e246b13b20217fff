-- Keys of message and part data are matched without regard to case, and of a repeated key
-- the last value counts; JSON null is the same as absent; unknown keys are ignored, whatever
-- their type.

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
	('ses_keys', 'prj_demo', '', 'keys', '/srv/app', 'Spelling of keys', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_keys', 'ses_keys', 2000, 2000,
	 '{"role":"user","Role":"assistant","MODELID":"quill-3","providerid":"northwind","error":null,"cost":null,"tokens":{"input":1,"INPUT":40,"output":null},"time":{"created":2000,"Completed":6000},"summary":[1,2]}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_keys_1', 'msg_keys', 'ses_keys', 2100, 2100, '{"TYPE":"step-start"}'),
	('prt_keys_2', 'msg_keys', 'ses_keys', 2200, 2200,
	 '{"type":"text","type":"reasoning","Text":"hm","time":null,"metadata":null,"colour":{"a":1}}'),
	('prt_keys_3', 'msg_keys', 'ses_keys', 2300, 2300,
	 '{"type":"tool","tool":"read","state":{"Status":"completed","input":{"p":1},"Input":{"p":22},"output":"b","time":{"start":null,"END":2400}}}'),
	('prt_keys_4', 'msg_keys', 'ses_keys', 2500, 2500,
	 '{"type":"step-finish","cost":0.5,"tokens":{"input":40,"cache":null}}');

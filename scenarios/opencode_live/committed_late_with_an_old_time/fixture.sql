-- A transaction took its times long before it is committed, so its rows are behind every watermark:
-- one is updated, one is inserted.

PRAGMA journal_mode = WAL;

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
	session_id TEXT NOT NULL REFERENCES session(id) ON DELETE CASCADE,
	time_created INTEGER NOT NULL,
	time_updated INTEGER NOT NULL,
	data TEXT NOT NULL
);
CREATE INDEX message_session_time_created_id_idx ON message (session_id, time_created, id);

CREATE TABLE part (
	id TEXT PRIMARY KEY,
	message_id TEXT NOT NULL REFERENCES message(id) ON DELETE CASCADE,
	session_id TEXT NOT NULL,
	time_created INTEGER NOT NULL,
	time_updated INTEGER NOT NULL,
	data TEXT NOT NULL
);
CREATE INDEX part_message_id_id_idx ON part (message_id, id);
CREATE INDEX part_session_idx ON part (session_id);

CREATE TABLE session_message (
	id TEXT PRIMARY KEY,
	session_id TEXT NOT NULL REFERENCES session(id) ON DELETE CASCADE,
	type TEXT NOT NULL,
	time_created INTEGER NOT NULL,
	time_updated INTEGER NOT NULL,
	data TEXT NOT NULL
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

INSERT INTO session (id, project_id, parent_id, slug, directory, title, version, time_created, time_updated) VALUES
	('ses_a', 'prj_demo', NULL, 'a', '/srv/app', 'ses_a', '1.15.0', 1699991095000, 1699991100000);
INSERT INTO message VALUES ('msg_a_1', 'ses_a', 1699999096000, 1699999096000, '{"role":"assistant","modelID":"quill-3","providerID":"northwind","cost":0.01,"tokens":{"input":10,"output":2,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":1699999096000,"completed":1699999096050}}');
INSERT INTO part VALUES ('prt_a_11', 'msg_a_1', 'ses_a', 1699999096000, 1699999096000, '{"type":"step-start"}');
INSERT INTO part VALUES ('prt_a_12', 'msg_a_1', 'ses_a', 1699999096001, 1699999096001, '{"type":"text","text":"hi"}');
INSERT INTO part VALUES ('prt_a_13', 'msg_a_1', 'ses_a', 1699999096002, 1699999096002, '{"type":"step-finish","cost":0.01,"tokens":{"input":10,"output":2,"reasoning":0,"cache":{"read":0,"write":0}}}');
INSERT INTO session (id, project_id, parent_id, slug, directory, title, version, time_created, time_updated) VALUES
	('ses_b', 'prj_demo', NULL, 'b', '/srv/app', 'ses_b', '1.15.0', 1699999195000, 1699999200000);
INSERT INTO message VALUES ('msg_b_1', 'ses_b', 1699999197000, 1699999197000, '{"role":"assistant","modelID":"quill-3","providerID":"northwind","cost":0.01,"tokens":{"input":10,"output":2,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":1699999197000,"completed":1699999197050}}');
INSERT INTO part VALUES ('prt_b_11', 'msg_b_1', 'ses_b', 1699999197000, 1699999197000, '{"type":"step-start"}');
INSERT INTO part VALUES ('prt_b_12', 'msg_b_1', 'ses_b', 1699999197001, 1699999197001, '{"type":"text","text":"hi"}');
INSERT INTO part VALUES ('prt_b_13', 'msg_b_1', 'ses_b', 1699999197002, 1699999197002, '{"type":"step-finish","cost":0.01,"tokens":{"input":10,"output":2,"reasoning":0,"cache":{"read":0,"write":0}}}');
INSERT INTO session (id, project_id, parent_id, slug, directory, title, version, time_created, time_updated) VALUES
	('ses_z', 'prj_demo', NULL, 'z', '/srv/app', 'ses_z', '1.15.0', 1699999995000, 1700000000000);
INSERT INTO message VALUES ('msg_z_1', 'ses_z', 1699999999900, 1699999999900, '{"role":"assistant","modelID":"quill-3","providerID":"northwind","cost":0.01,"tokens":{"input":10,"output":2,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":1699999999900,"completed":1699999999950}}');
INSERT INTO part VALUES ('prt_z_11', 'msg_z_1', 'ses_z', 1699999999900, 1699999999900, '{"type":"step-start"}');
INSERT INTO part VALUES ('prt_z_12', 'msg_z_1', 'ses_z', 1699999999901, 1699999999901, '{"type":"text","text":"hi"}');
INSERT INTO part VALUES ('prt_z_13', 'msg_z_1', 'ses_z', 1699999999902, 1699999999902, '{"type":"step-finish","cost":0.01,"tokens":{"input":10,"output":2,"reasoning":0,"cache":{"read":0,"write":0}}}');
INSERT INTO part VALUES ('prt_aa', 'msg_a_1', 'ses_a', 1699999110000, 1699999110000, '{"type":"tool","tool":"read","state":{"status":"running","input":{"path":"a"},"output":"","time":{"start":1699999110000,"end":1699999110005}}}');

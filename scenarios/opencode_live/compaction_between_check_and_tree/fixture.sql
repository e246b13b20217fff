-- A session is compacted: it has no events meanwhile, and is afterwards what it was or has a summary.
-- One that has begun does not end.

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
	('ses_a', 'prj_demo', NULL, 'a', '/srv/app', 'ses_a', '1.15.0', 1699999993000, 1699999998000);
INSERT INTO message VALUES ('msg_a_1', 'ses_a', 1699999996000, 1699999996000, '{"role":"assistant","modelID":"quill-3","providerID":"northwind","cost":0.01,"tokens":{"input":10,"output":2,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":1699999996000,"completed":1699999996050}}');
INSERT INTO part VALUES ('prt_a_11', 'msg_a_1', 'ses_a', 1699999996000, 1699999996000, '{"type":"step-start"}');
INSERT INTO part VALUES ('prt_a_12', 'msg_a_1', 'ses_a', 1699999996001, 1699999996001, '{"type":"text","text":"hi"}');
INSERT INTO part VALUES ('prt_a_13', 'msg_a_1', 'ses_a', 1699999996002, 1699999996002, '{"type":"step-finish","cost":0.01,"tokens":{"input":10,"output":2,"reasoning":0,"cache":{"read":0,"write":0}}}');
INSERT INTO session (id, project_id, parent_id, slug, directory, title, version, time_created, time_updated) VALUES
	('ses_b', 'prj_demo', NULL, 'b', '/srv/app', 'ses_b', '1.15.0', 1699999994000, 1699999999000);
INSERT INTO message VALUES ('msg_b_1', 'ses_b', 1699999997000, 1699999997000, '{"role":"assistant","modelID":"quill-3","providerID":"northwind","cost":0.01,"tokens":{"input":10,"output":2,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":1699999997000,"completed":1699999997050}}');
INSERT INTO part VALUES ('prt_b_11', 'msg_b_1', 'ses_b', 1699999997000, 1699999997000, '{"type":"step-start"}');
INSERT INTO part VALUES ('prt_b_12', 'msg_b_1', 'ses_b', 1699999997001, 1699999997001, '{"type":"text","text":"hi"}');
INSERT INTO part VALUES ('prt_b_13', 'msg_b_1', 'ses_b', 1699999997002, 1699999997002, '{"type":"step-finish","cost":0.01,"tokens":{"input":10,"output":2,"reasoning":0,"cache":{"read":0,"write":0}}}');

-- A message with neither time.completed, error nor step-finish is an open turn: turn_started without turn_finalized.
-- Turn tokens are the difference to the previous finalised turn, so the open turn's counters are skipped: turn 3
-- reports 300 - 100, not 300 - 250.

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
	('ses_gap_turn', 'prj_demo', '', 'gap-turn', '/srv/app', 'A turn that was cut off', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_gap_1', 'ses_gap_turn', 2000, 2900,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":100,"output":10,"reasoning":0,"cache":{"read":5,"write":1}},"time":{"created":2000,"completed":2900}}'),
	('msg_gap_2', 'ses_gap_turn', 3000, 3000,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":250,"output":20,"reasoning":0,"cache":{"read":9,"write":2}},"time":{"created":3000}}'),
	('msg_gap_3', 'ses_gap_turn', 4000, 4900,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":300,"output":35,"reasoning":0,"cache":{"read":12,"write":4}},"time":{"created":4000,"completed":4900}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_gap_1', 'msg_gap_1', 'ses_gap_turn', 2100, 2100, '{"type":"step-start"}'),
	('prt_gap_2', 'msg_gap_1', 'ses_gap_turn', 2800, 2800,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":100,"output":10,"reasoning":0,"cache":{"read":5,"write":1}}}'),
	('prt_gap_3', 'msg_gap_2', 'ses_gap_turn', 3100, 3100, '{"type":"step-start"}'),
	('prt_gap_4', 'msg_gap_2', 'ses_gap_turn', 3200, 3200, '{"type":"text","text":"half a sen"}'),
	('prt_gap_5', 'msg_gap_3', 'ses_gap_turn', 4100, 4100, '{"type":"step-start"}'),
	('prt_gap_6', 'msg_gap_3', 'ses_gap_turn', 4800, 4800,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":50,"output":15,"reasoning":0,"cache":{"read":3,"write":2}}}');

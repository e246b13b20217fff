-- Costs are printed in the shortest form that reads back the same: integral values without .0, an exponent only below
-- 1e-6 and from 1e21 on, then with at least two digits when positive and without a leading zero when negative. How the
-- number was spelled in the cell does not matter.

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
	('ses_costs', 'prj_demo', '', 'costs', '/srv/app', 'Prices', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_costs', 'ses_costs', 2000, 6000,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":12.0,"tokens":{"input":1,"output":1,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2000,"completed":6000}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_costs_0', 'msg_costs', 'ses_costs', 2050, 2050, '{"type":"step-start"}'),
	('prt_costs_1', 'msg_costs', 'ses_costs', 2101, 2101,
	 '{"type":"step-finish","reason":"stop","cost":3,"tokens":{"input":1,"output":1}}'),
	('prt_costs_2', 'msg_costs', 'ses_costs', 2102, 2102,
	 '{"type":"step-finish","reason":"stop","cost":1e-7,"tokens":{"input":1,"output":1}}'),
	('prt_costs_3', 'msg_costs', 'ses_costs', 2103, 2103,
	 '{"type":"step-finish","reason":"stop","cost":0.000001,"tokens":{"input":1,"output":1}}'),
	('prt_costs_4', 'msg_costs', 'ses_costs', 2104, 2104,
	 '{"type":"step-finish","reason":"stop","cost":123456789.125,"tokens":{"input":1,"output":1}}'),
	('prt_costs_5', 'msg_costs', 'ses_costs', 2105, 2105,
	 '{"type":"step-finish","reason":"stop","cost":1e20,"tokens":{"input":1,"output":1}}'),
	('prt_costs_6', 'msg_costs', 'ses_costs', 2106, 2106,
	 '{"type":"step-finish","reason":"stop","cost":1e21,"tokens":{"input":1,"output":1}}'),
	('prt_costs_7', 'msg_costs', 'ses_costs', 2107, 2107,
	 '{"type":"step-finish","reason":"stop","cost":0.30000000000000004,"tokens":{"input":1,"output":1}}'),
	('prt_costs_8', 'msg_costs', 'ses_costs', 2108, 2108,
	 '{"type":"step-finish","reason":"stop","cost":2.50,"tokens":{"input":1,"output":1}}'),
	('prt_costs_9', 'msg_costs', 'ses_costs', 2109, 2109,
	 '{"type":"step-finish","reason":"stop","cost":1E3,"tokens":{"input":1,"output":1}}'),
	('prt_costs_last', 'msg_costs', 'ses_costs', 2200, 2200,
	 '{"type":"step-finish","reason":"stop","cost":0.1,"tokens":{"input":1,"output":1}}');

-- The counters of step-finish parts add up within a message; an op gets the difference to the step before, floored at
-- 0. Input 120, 200, 180, 260 gives 120, 80, 0, 80: after the fall the difference is taken to the fallen value, not to
-- the highest one. CtxUsed is the sum of the step's own input, output, cache.read and cache.write; cost is taken as it
-- is.

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
	('ses_steps', 'prj_demo', '', 'steps', '/srv/app', 'Four steps in one turn', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_steps', 'ses_steps', 2000, 7000,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0.25,"tokens":{"input":260,"output":40,"reasoning":0,"cache":{"read":50,"write":6}},"time":{"created":2000,"completed":7000}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_steps_1', 'msg_steps', 'ses_steps', 2100, 2100, '{"type":"step-start"}'),
	('prt_steps_2', 'msg_steps', 'ses_steps', 3000, 3000,
	 '{"type":"step-finish","reason":"tool-calls","cost":0.1,"tokens":{"input":120,"output":10,"reasoning":0,"cache":{"read":0,"write":6}}}'),
	('prt_steps_3', 'msg_steps', 'ses_steps', 3100, 3100, '{"type":"step-start"}'),
	('prt_steps_4', 'msg_steps', 'ses_steps', 4000, 4000,
	 '{"type":"step-finish","reason":"tool-calls","cost":0.05,"tokens":{"input":200,"output":25,"reasoning":0,"cache":{"read":50,"write":6}}}'),
	('prt_steps_5', 'msg_steps', 'ses_steps', 4100, 4100, '{"type":"step-start"}'),
	('prt_steps_6', 'msg_steps', 'ses_steps', 5000, 5000,
	 '{"type":"step-finish","reason":"tool-calls","cost":0.05,"tokens":{"input":180,"output":25,"reasoning":0,"cache":{"read":40,"write":6}}}'),
	('prt_steps_7', 'msg_steps', 'ses_steps', 5100, 5100, '{"type":"step-start"}'),
	('prt_steps_8', 'msg_steps', 'ses_steps', 6900, 6900,
	 '{"type":"step-finish","reason":"stop","cost":0.05,"tokens":{"input":260,"output":40,"reasoning":0,"cache":{"read":50,"write":6}}}');

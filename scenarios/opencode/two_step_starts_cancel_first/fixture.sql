-- A step-start while an LLM op is open cancels that op first, with zero counters, at the time of the second start. When
-- the second start is older than the first, the end is clamped to the first one's start. An op that no part closes is
-- left open, although the turn itself is finalised.

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
	('ses_restart', 'prj_demo', '', 'restart', '/srv/app', 'Steps that never finish', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_restart', 'ses_restart', 2000, 6000,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":25,"output":5,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2000,"completed":6000}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_restart_1', 'msg_restart', 'ses_restart', 2500, 2500, '{"type":"step-start"}'),
	('prt_restart_2', 'msg_restart', 'ses_restart', 2800, 2800, '{"type":"step-start"}'),
	-- older than the step it cancels
	('prt_restart_3', 'msg_restart', 'ses_restart', 2700, 2700, '{"type":"step-start"}'),
	('prt_restart_4', 'msg_restart', 'ses_restart', 4000, 4000,
	 '{"type":"step-finish","reason":"stop","cost":0.5,"tokens":{"input":25,"output":5,"reasoning":0,"cache":{"read":0,"write":0}}}'),
	-- never finished
	('prt_restart_5', 'msg_restart', 'ses_restart', 5000, 5000, '{"type":"step-start"}');

-- session_message rows become INF logs directly after session_started, before every message, however late they are.
-- Without a seq column their order is time_created, then id. data_sha256 is taken over the data in canonical form, so
-- blanks and key order in the cell do not matter. A type nobody knows is skipped.

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
	('ses_switches', 'prj_demo', '', 'switches', '/srv/app', 'Switching around', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_switches', 'ses_switches', 2000, 3000,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":15,"output":5,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2000,"completed":3000}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_switches_1', 'msg_switches', 'ses_switches', 2100, 2100, '{"type":"step-start"}'),
	('prt_switches_2', 'msg_switches', 'ses_switches', 2900, 2900,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":15,"output":5,"reasoning":0,"cache":{"read":0,"write":0}}}');

INSERT INTO session_message (id, session_id, type, time_created, time_updated, data) VALUES
	('smg_c', 'ses_switches', 'agent-switched', 4000, 4000, '{"agent":"plan"}'),
	('smg_b', 'ses_switches', 'model-switched', 5000, 5000,
	 '{ "model": { "providerID": "openai", "id": "lark-mini", "variant": "low" } }'),
	('smg_a', 'ses_switches', 'model-switched', 5000, 5000, '{"model":{"id":"quill-3","providerID":"northwind"}}'),
	('smg_d', 'ses_switches', 'weather-changed', 6000, 6000, '{"to":"rain"}');

-- A difference that does not fit 64 bits becomes 2^63-1, for steps and for turns, and so
-- does a CtxUsed whose sum does not fit. Nothing wraps around to a negative number.

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
	('ses_huge', 'prj_demo', '', 'huge', '/srv/app', 'Huge counters', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_huge_1', 'ses_huge', 2000, 2900,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":-1,"output":3,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2000,"completed":2900}}'),
	('msg_huge_2', 'ses_huge', 3000, 3900,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":9223372036854775807,"output":5,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":3000,"completed":3900}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_huge_1', 'msg_huge_1', 'ses_huge', 2100, 2100, '{"type":"step-start"}'),
	('prt_huge_2', 'msg_huge_1', 'ses_huge', 2300, 2300,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":-1,"output":10,"reasoning":0,"cache":{"read":0,"write":0}}}'),
	('prt_huge_3', 'msg_huge_1', 'ses_huge', 2800, 2800,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":9223372036854775807,"output":12,"reasoning":0,"cache":{"read":1,"write":0}}}');

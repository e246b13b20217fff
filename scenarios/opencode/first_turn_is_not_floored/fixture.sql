-- Counters of the first turn that is finalised are passed on as they are, even a negative
-- one; later turns report the difference to the turn before, floored at 0 after a fall.
-- Steps are floored from the first one on.

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
	('ses_first_neg', 'prj_demo', '', 'first-neg', '/srv/app', 'Negative counters', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_neg_1', 'ses_first_neg', 2000, 2900,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":-5,"output":10,"reasoning":0,"cache":{"read":4,"write":0}},"time":{"created":2000,"completed":2900}}'),
	('msg_neg_2', 'ses_first_neg', 3000, 3900,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":10,"output":4,"reasoning":0,"cache":{"read":9,"write":-3}},"time":{"created":3000,"completed":3900}}'),
	('msg_neg_3', 'ses_first_neg', 4000, 4900,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":12,"output":9,"reasoning":0,"cache":{"read":9,"write":0}},"time":{"created":4000,"completed":4900}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_neg_1', 'msg_neg_1', 'ses_first_neg', 2100, 2100, '{"type":"step-start"}'),
	('prt_neg_2', 'msg_neg_1', 'ses_first_neg', 2800, 2800,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":-5,"output":10,"reasoning":0,"cache":{"read":4,"write":0}}}');

-- Milliseconds become microseconds at one place: 0 and less give 0, 9223372036854775 is the
-- last value that is multiplied, and every larger one gives 2^63-1. An end in the far past
-- still comes out as max(end, start).

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

INSERT INTO session (id, project_id, parent_id, slug, directory, title, version, agent, time_created, time_updated, time_archived, model) VALUES
	('ses_dawn', 'prj_demo', '', 'dawn', '/srv/app', 'Before the epoch', '1.15.0', 'build', -5, 1000, NULL,
	 '{"id":"quill-3","providerID":"northwind"}'),
	('ses_far', 'prj_demo', '', 'far', '/srv/app', 'End of time', '1.15.0', 'build', 9223372036854775, 9000, 9223372036854776,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_dawn', 'ses_dawn', 50, 50,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":1,"output":1,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":50,"completed":-1}}'),
	('msg_far', 'ses_far', 9223372036854775, 8000,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":5,"output":1,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":9223372036854775,"completed":9223372036854775807}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_far_1', 'msg_far', 'ses_far', 9223372036854775807, 9223372036854775807, '{"type":"step-start"}'),
	('prt_far_2', 'msg_far', 'ses_far', 3000, 3000,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":5,"output":1,"reasoning":0,"cache":{"read":0,"write":0}}}'),
	('prt_far_3', 'msg_far', 'ses_far', 3000, 3000, '{"type":"reasoning","text":"","time":{"start":-7,"end":0}}');

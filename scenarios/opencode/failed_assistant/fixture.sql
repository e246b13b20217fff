-- An error object on the last assistant message fails the turn and the session: ErrorClass is its name, the session's
-- ErrorMessage is error.data.message, and the session ends when that turn ends, at time.completed or, without one, at
-- the message's creation. A data of another shape leaves the message empty.

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
	('ses_fail_a', 'prj_demo', '', 'fail-a', '/srv/app', 'Provider said no', '1.15.0', 'build', 1000, 5000,
	 '{"id":"quill-3","providerID":"northwind"}'),
	('ses_fail_b', 'prj_demo', '', 'fail-b', '/srv/app', 'Stopped without an end', '1.15.0', 'build', 1000, 6000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_fail_a', 'ses_fail_a', 2000, 2600,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":0,"output":0,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2000,"completed":2600},"error":{"name":"ProviderAuthError","data":{"message":"key was revoked","providerID":"northwind"}}}'),
	('msg_fail_b', 'ses_fail_b', 3000, 3000,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":8,"output":0,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":3000},"error":{"name":"MessageAbortedError","data":"by hand"}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_fail_b1', 'msg_fail_b', 'ses_fail_b', 3100, 3100, '{"type":"step-start"}');

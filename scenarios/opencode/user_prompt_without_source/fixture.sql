-- Without a session_input row, with one whose text is no string, or with one that is no
-- JSON, the user_input op is emitted all the same; its text reference has no location and
-- size -1.

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

CREATE TABLE session_input (
	id TEXT PRIMARY KEY,
	session_id TEXT NOT NULL,
	prompt TEXT NOT NULL,
	delivery TEXT NOT NULL,
	admitted_seq INTEGER NOT NULL,
	promoted_seq INTEGER,
	time_created INTEGER NOT NULL
);

INSERT INTO session (id, project_id, parent_id, slug, directory, title, version, agent, time_created, time_updated, model) VALUES
	('ses_no_source', 'prj_demo', '', 'no-source', '/srv/app', 'Prompts without text', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_ns_u1', 'ses_no_source', 1000, 1000,
	 '{"role":"user","time":{"created":1000},"agent":"build","model":{"providerID":"northwind","modelID":"quill-3"}}'),
	('msg_ns_a1', 'ses_no_source', 1100, 1500,
	 '{"role":"assistant","parentID":"msg_ns_u1","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":10,"output":1,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":1100,"completed":1500}}'),
	('msg_ns_u2', 'ses_no_source', 2000, 2000,
	 '{"role":"user","time":{"created":2000},"agent":"build","model":{"providerID":"northwind","modelID":"quill-3"}}'),
	('msg_ns_a2', 'ses_no_source', 2100, 2500,
	 '{"role":"assistant","parentID":"msg_ns_u2","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":20,"output":2,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2100,"completed":2500}}'),
	('msg_ns_u3', 'ses_no_source', 3000, 3000,
	 '{"role":"user","time":{"created":3000},"agent":"build","model":{"providerID":"northwind","modelID":"quill-3"}}'),
	('msg_ns_a3', 'ses_no_source', 3100, 3500,
	 '{"role":"assistant","parentID":"msg_ns_u3","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":30,"output":3,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":3100,"completed":3500}}');

INSERT INTO session_input (id, session_id, delivery, admitted_seq, promoted_seq, time_created, prompt) VALUES
	('msg_ns_u2', 'ses_no_source', 'queue', 1, 2, 2000, '{"text":17}'),
	('msg_ns_u3', 'ses_no_source', 'queue', 3, 4, 3000, '{not json');

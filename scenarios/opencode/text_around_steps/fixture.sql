-- A text part belongs to the LLM op that was opened last, open or closed. Before the first step-start there is none, so
-- that text is dropped without a trace; between start and finish, and after the finish, it becomes an llm_response
-- reference on that op; an empty text gets a reference too.

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
	('ses_edge_text', 'prj_demo', '', 'edge-text', '/srv/app', 'Text before, inside and after a step', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_edge_text', 'ses_edge_text', 2000, 5000,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":20,"output":4,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2000,"completed":5000}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	-- dropped: no step was started yet
	('prt_edge_1', 'msg_edge_text', 'ses_edge_text', 2100, 2100, '{"type":"text","text":"too early"}'),
	('prt_edge_2', 'msg_edge_text', 'ses_edge_text', 2200, 2200, '{"type":"step-start"}'),
	('prt_edge_3', 'msg_edge_text', 'ses_edge_text', 2300, 2300, '{"type":"text","text":"inside"}'),
	('prt_edge_4', 'msg_edge_text', 'ses_edge_text', 2400, 2400, '{"type":"text","text":""}'),
	('prt_edge_5', 'msg_edge_text', 'ses_edge_text', 3000, 3000,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":20,"output":4,"reasoning":0,"cache":{"read":0,"write":0}}}'),
	-- attached to the closed op
	('prt_edge_6', 'msg_edge_text', 'ses_edge_text', 3100, 3100, '{"type":"text","text":"postscript"}');

-- Ops before the first step-start have no parent: ParentOpSeq is -1 for the tool and for the
-- child session; afterwards the most recent LLM op is the parent, also when it is already
-- closed.

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
	('ses_before', 'prj_demo', '', 'before', '/srv/app', 'Tools first', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_before_step', 'ses_before', 2000, 6000,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":15,"output":5,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2000,"completed":6000}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_before_1', 'msg_before_step', 'ses_before', 2100, 2100,
	 '{"type":"tool","callID":"call_before_1","tool":"read","state":{"status":"completed","input":{"path":"a"},"output":"b","time":{"start":2100,"end":2200}}}'),
	('prt_before_2', 'msg_before_step', 'ses_before', 2300, 2300,
	 '{"type":"tool","callID":"call_before_2","tool":"task","state":{"status":"running","input":{"description":"x"},"metadata":{"sessionId":"ses_kid"},"time":{"start":2300}}}'),
	('prt_before_3', 'msg_before_step', 'ses_before', 2400, 2400, '{"type":"step-start"}'),
	('prt_before_4', 'msg_before_step', 'ses_before', 2500, 2500,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":15,"output":5,"reasoning":0,"cache":{"read":0,"write":0}}}'),
	('prt_before_5', 'msg_before_step', 'ses_before', 2600, 2600,
	 '{"type":"tool","callID":"call_before_5","tool":"read","state":{"status":"completed","input":{"path":"c"},"output":"d","time":{"start":2600,"end":2700}}}');

-- The extra session op of a task tool needs a usable child id: metadata.sessionId, a non-empty string, on a tool named
-- task. Without metadata, with an empty id, with metadata of another shape, or on another tool, only the plain tool op
-- is emitted, and the part stays decodable.

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
	('ses_no_child', 'prj_demo', '', 'no-child', '/srv/app', 'Tasks that name no child', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_no_child', 'ses_no_child', 2000, 6000,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":30,"output":6,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2000,"completed":6000}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_nochild_1', 'msg_no_child', 'ses_no_child', 2100, 2100, '{"type":"step-start"}'),
	('prt_nochild_2', 'msg_no_child', 'ses_no_child', 2200, 2200,
	 '{"type":"tool","callID":"call_nochild_2","tool":"task","state":{"status":"completed","input":{"description":"a"},"output":"ok","time":{"start":2200,"end":2300}}}'),
	('prt_nochild_3', 'msg_no_child', 'ses_no_child', 2400, 2400,
	 '{"type":"tool","callID":"call_nochild_3","tool":"task","state":{"status":"completed","input":{"description":"b"},"output":"ok","metadata":{"sessionId":""},"time":{"start":2400,"end":2500}}}'),
	('prt_nochild_4', 'msg_no_child', 'ses_no_child', 2600, 2600,
	 '{"type":"tool","callID":"call_nochild_4","tool":"task","state":{"status":"completed","input":{"description":"c"},"output":"ok","metadata":"free text","time":{"start":2600,"end":2700}}}'),
	('prt_nochild_5', 'msg_no_child', 'ses_no_child', 2800, 2800,
	 '{"type":"tool","callID":"call_nochild_5","tool":"bash","state":{"status":"completed","input":{"command":"true"},"output":"ok","metadata":{"sessionId":"ses_elsewhere"},"time":{"start":2800,"end":2900}}}'),
	-- the one that counts, although nobody knows that session
	('prt_nochild_6', 'msg_no_child', 'ses_no_child', 3000, 3000,
	 '{"type":"tool","callID":"call_nochild_6","tool":"task","state":{"status":"running","input":{"description":"d"},"metadata":{"sessionId":"ses_elsewhere"},"time":{"start":3000}}}'),
	('prt_nochild_7', 'msg_no_child', 'ses_no_child', 5900, 5900,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":30,"output":6,"reasoning":0,"cache":{"read":0,"write":0}}}');

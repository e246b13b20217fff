-- A sub-agent is linked twice: session.parent_id makes it a sub_agent session below its parent, and the task tool that
-- started it makes a session op with ChildSessionNativeID right before the tool op, both children of the LLM op. The
-- session op is never finalised, the tool op is.

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
	('ses_boss', 'prj_demo', '', 'boss', '/srv/app', 'Ask a helper', '1.15.0', 'build', 1000, 6000,
	 '{"id":"quill-3","providerID":"northwind"}'),
	('ses_helper', 'prj_demo', 'ses_boss', 'helper', '/srv/app', 'Helper', '1.15.0', 'explore', 3100, 7000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_boss', 'ses_boss', 2000, 6000,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":200,"output":30,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2000,"completed":6000}}'),
	('msg_helper', 'ses_helper', 3200, 5200,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":75,"output":15,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":3200,"completed":5200}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_boss_1', 'msg_boss', 'ses_boss', 2100, 2100, '{"type":"step-start"}'),
	('prt_boss_2', 'msg_boss', 'ses_boss', 3000, 3000,
	 '{"type":"tool","callID":"call_boss_2","tool":"task","state":{"status":"completed","input":{"description":"list the routes"},"output":"three routes","metadata":{"sessionId":"ses_helper"},"time":{"start":3000,"end":5500}}}'),
	('prt_boss_3', 'msg_boss', 'ses_boss', 5900, 5900,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":200,"output":30,"reasoning":0,"cache":{"read":0,"write":0}}}'),
	('prt_helper_1', 'msg_helper', 'ses_helper', 3300, 3300, '{"type":"step-start"}'),
	('prt_helper_2', 'msg_helper', 'ses_helper', 3400, 3400, '{"type":"text","text":"three routes"}'),
	('prt_helper_3', 'msg_helper', 'ses_helper', 5100, 5100,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":75,"output":15,"reasoning":0,"cache":{"read":0,"write":0}}}');

-- A tool with status error is finalised as failed, ErrorClass error, ErrorMessage from state.error; the turn stays
-- completed. A tool_response reference needs a non-empty output: the first failure has none, the second one printed
-- something first.

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
	('ses_tool_err', 'prj_demo', '', 'tool-err', '/srv/app', 'Two tools fail', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_tool_err', 'ses_tool_err', 2000, 6000,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":44,"output":9,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2000,"completed":6000}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_terr_1', 'msg_tool_err', 'ses_tool_err', 2100, 2100, '{"type":"step-start"}'),
	('prt_terr_2', 'msg_tool_err', 'ses_tool_err', 2200, 2200,
	 '{"type":"tool","callID":"call_terr_2","tool":"bash","state":{"status":"error","input":{"command":"make lint"},"error":"exit status 2","time":{"start":2200,"end":2900}}}'),
	('prt_terr_3', 'msg_tool_err', 'ses_tool_err', 3000, 3000,
	 '{"type":"tool","callID":"call_terr_3","tool":"bash","state":{"status":"error","input":{"command":"make test"},"output":"1 of 9 failed","error":"exit status 1","time":{"start":3000,"end":3900}}}'),
	('prt_terr_4', 'msg_tool_err', 'ses_tool_err', 5900, 5900,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":44,"output":9,"reasoning":0,"cache":{"read":0,"write":0}}}');

-- A tool name is split at its first underscore, unless that is the first or last character:
-- github_get_file becomes namespace github, name get_file; a__b becomes a and _b; _hidden,
-- plain and trailing_ stay whole.

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
	('ses_mcp', 'prj_demo', '', 'mcp', '/srv/app', 'Names of tools', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_mcp', 'ses_mcp', 2000, 6000,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":15,"output":5,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2000,"completed":6000}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_mcp_1', 'msg_mcp', 'ses_mcp', 2100, 2100, '{"type":"step-start"}'),
	('prt_mcp_2', 'msg_mcp', 'ses_mcp', 2200, 2200,
	 '{"type":"tool","callID":"call_mcp_2","tool":"github_get_file","state":{"status":"completed","input":{},"output":"ok","time":{"start":2200,"end":2250}}}'),
	('prt_mcp_3', 'msg_mcp', 'ses_mcp', 2300, 2300,
	 '{"type":"tool","callID":"call_mcp_3","tool":"a__b","state":{"status":"completed","input":{},"output":"ok","time":{"start":2300,"end":2350}}}'),
	('prt_mcp_4', 'msg_mcp', 'ses_mcp', 2400, 2400,
	 '{"type":"tool","callID":"call_mcp_4","tool":"_hidden","state":{"status":"completed","input":{},"output":"ok","time":{"start":2400,"end":2450}}}'),
	('prt_mcp_5', 'msg_mcp', 'ses_mcp', 2500, 2500,
	 '{"type":"tool","callID":"call_mcp_5","tool":"plain","state":{"status":"completed","input":{},"output":"ok","time":{"start":2500,"end":2550}}}'),
	('prt_mcp_6', 'msg_mcp', 'ses_mcp', 2600, 2600,
	 '{"type":"tool","callID":"call_mcp_6","tool":"trailing_","state":{"status":"completed","input":{},"output":"ok","time":{"start":2600,"end":2650}}}'),
	('prt_mcp_7', 'msg_mcp', 'ses_mcp', 2700, 2700,
	 '{"type":"tool","callID":"call_mcp_7","tool":"_two_parts","state":{"status":"completed","input":{},"output":"ok","time":{"start":2700,"end":2750}}}'),
	('prt_mcp_8', 'msg_mcp', 'ses_mcp', 2800, 2800,
	 '{"type":"tool","callID":"call_mcp_8","tool":"_","state":{"status":"completed","input":{},"output":"ok","time":{"start":2800,"end":2850}}}'),
	('prt_mcp_9', 'msg_mcp', 'ses_mcp', 5900, 5900,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":15,"output":5,"reasoning":0,"cache":{"read":0,"write":0}}}');

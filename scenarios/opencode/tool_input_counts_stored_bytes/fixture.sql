-- BytesIn and the tool_request size count the characters of state.input as they are stored, in UTF-8 bytes: inner
-- spaces, line breaks and escapes count, so the same value in two spellings has two sizes. BytesOut counts the decoded
-- output. An absent or null input has size 0 and no tool_request; an input that is not an object is counted like any
-- other.

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
	('ses_bytes', 'prj_demo', '', 'bytes', '/srv/app', 'Sizes on disk', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_bytes', 'ses_bytes', 2000, 6000,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":15,"output":5,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2000,"completed":6000}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_bytes_1', 'msg_bytes', 'ses_bytes', 2100, 2100, '{"type":"step-start"}'),
	('prt_bytes_2', 'msg_bytes', 'ses_bytes', 2200, 2200,
	 '{"type":"tool","callID":"call_b2","tool":"write","state":{"status":"completed","input":{"p":"é"},"output":"é","time":{"start":2200,"end":2250}}}'),
	('prt_bytes_3', 'msg_bytes', 'ses_bytes', 2300, 2300,
	 '{"type":"tool","callID":"call_b3","tool":"write","state":{"status":"completed","input":{ "p" :
   "é" },"output":"\u00e9","time":{"start":2300,"end":2350}}}'),
	('prt_bytes_4', 'msg_bytes', 'ses_bytes', 2400, 2400,
	 '{"type":"tool","callID":"call_b4","tool":"write","state":{"status":"completed","input":{"p":"\u00e9"},"output":"a\tb","time":{"start":2400,"end":2450}}}'),
	('prt_bytes_5', 'msg_bytes', 'ses_bytes', 2500, 2500,
	 '{"type":"tool","callID":"call_b5","tool":"write","state":{"status":"completed","input": null ,"output":"x","time":{"start":2500,"end":2550}}}'),
	('prt_bytes_6', 'msg_bytes', 'ses_bytes', 2600, 2600,
	 '{"type":"tool","callID":"call_b6","tool":"write","state":{"status":"completed","input":  "bare"  ,"output":"x","time":{"start":2600,"end":2650}}}'),
	('prt_bytes_7', 'msg_bytes', 'ses_bytes', 2700, 2700,
	 '{"type":"tool","callID":"call_bytes_7","tool":"write","state":{"status":"completed","output":"x","time":{"start":2700,"end":2750}}}'),
	('prt_bytes_8', 'msg_bytes', 'ses_bytes', 5900, 5900,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":15,"output":5,"reasoning":0,"cache":{"read":0,"write":0}}}');

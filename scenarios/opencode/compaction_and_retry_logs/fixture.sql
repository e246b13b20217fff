-- A compaction part is an INF log with its auto flag, absent meaning false; a retry part is a WRN log that names the
-- attempt and, if there is one, the error. They use the part's time, hang on the LLM op (0 before the first step) and
-- never count as ops: the tool behind them is op 2.

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
	('ses_logs', 'prj_demo', '', 'logs', '/srv/app', 'Long session', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_logs', 'ses_logs', 2000, 6000,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":15,"output":5,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2000,"completed":6000}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_logs_1', 'msg_logs', 'ses_logs', 2050, 2050, '{"type":"compaction","auto":true}'),
	('prt_logs_2', 'msg_logs', 'ses_logs', 2100, 2100, '{"type":"step-start"}'),
	('prt_logs_3', 'msg_logs', 'ses_logs', 2200, 2200,
	 '{"type":"retry","attempt":2,"error":{"name":"APIError","data":{"message":"overloaded"}},"time":{"created":2200}}'),
	('prt_logs_4', 'msg_logs', 'ses_logs', 2300, 2300, '{"type":"retry","attempt":3}'),
	('prt_logs_5', 'msg_logs', 'ses_logs', 2400, 2400, '{"type":"compaction"}'),
	('prt_logs_6', 'msg_logs', 'ses_logs', 2500, 2500,
	 '{"type":"tool","callID":"call_logs_6","tool":"read","state":{"status":"completed","input":{"path":"a"},"output":"b","time":{"start":2500,"end":2600}}}'),
	('prt_logs_7', 'msg_logs', 'ses_logs', 5900, 5900,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":15,"output":5,"reasoning":0,"cache":{"read":0,"write":0}}}');

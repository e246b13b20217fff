-- Values are written with < > & and the separators U+2028 and U+2029 escaped, wherever they come from: a column, a
-- model name, a tool name, an error message, a url. Quotes, backslash, tab, line break and other control characters are
-- escaped the usual way; slash, DEL and all other characters stay as they are.

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

INSERT INTO session
	(id, project_id, parent_id, slug, directory, title, version, agent, model, time_created, time_updated)
VALUES
	('ses_markup', 'prj_<x>', '', 'a&b', '/srv/app & co/', 'if a<b && c>d: "quote" \ ' || char(8232) || 'next' || char(8233) || 'end',
	 '1.15.0', 'r&d', '{"id":"<quill>","providerID":"north&wind"}', 1000, 9000),
	('ses_control', 'prj_demo', '', 'control', '/srv/app', 'tab' || char(9) || 'line' || char(10) || 'one' || char(1) || 'del' || char(127),
	 '1.15.0', NULL, NULL, 1000, 9500);

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_markup', 'ses_markup', 2000, 6000,
	 '{"role":"assistant","providerID":"north&wind","modelID":"<quill>","agent":"build","cost":0,"tokens":{"input":3,"output":1,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2000,"completed":6000},"error":{"name":"Bad<Tag>","data":{"message":"near \"<br>\" & \u2028"}}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_markup_1', 'msg_markup', 'ses_markup', 2100, 2100, '{"type":"step-start"}'),
	('prt_markup_2', 'msg_markup', 'ses_markup', 2200, 2200,
	 '{"type":"file","url":"https://example.invalid/?a=<1>&b=2","filename":"x\\y.txt"}'),
	('prt_markup_3', 'msg_markup', 'ses_markup', 2300, 2300,
	 '{"type":"tool","callID":"call_markup_3","tool":"html_<escape>","state":{"status":"error","input":{"s":"<&>"},"output":"","error":"a\tb\nc & d","time":{"start":2300,"end":2400}}}'),
	('prt_markup_4', 'msg_markup', 'ses_markup', 5900, 5900,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":3,"output":1,"reasoning":0,"cache":{"read":0,"write":0}}}');

-- Ids in payload locations are escaped the way of a form: a blank becomes +, a plus %2B, other reserved and all
-- non-ASCII characters %XX of their UTF-8 bytes, while . _ - ~ stay. The ids in Extras and elsewhere stay as they are.

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
	('ses_uri', 'prj_demo', '', 'uri', '/srv/app', 'Odd ids', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg uri/1', 'ses_uri', 1900, 1900,
	 '{"role":"user","time":{"created":1900},"agent":"build","model":{"providerID":"northwind","modelID":"quill-3"}}'),
	('msg_uri', 'ses_uri', 2000, 6000,
	 '{"role":"assistant","parentID":"msg uri/1","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":15,"output":5,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2000,"completed":6000}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt 0', 'msg_uri', 'ses_uri', 2100, 2100, '{"type":"step-start"}'),
	('prt a+b&c=d/e?f#g', 'msg_uri', 'ses_uri', 2200, 2200, '{"type":"text","text":"x"}'),
	('prt%20', 'msg_uri', 'ses_uri', 2300, 2300, '{"type":"text","text":"x"}'),
	('prt.keep_these-~', 'msg_uri', 'ses_uri', 2400, 2400, '{"type":"text","text":"x"}'),
	('prté🦊', 'msg_uri', 'ses_uri', 2500, 2500,
	 '{"type":"tool","callID":"call_prté🦊","tool":"read","state":{"status":"completed","input":{"p":1},"output":"x","time":{"start":2500,"end":2600}}}'),
	('prtü file', 'msg_uri', 'ses_uri', 2700, 2700, '{"type":"file","filename":"a b"}');

INSERT INTO session_input (id, session_id, delivery, admitted_seq, promoted_seq, time_created, prompt) VALUES
	('msg uri/1', 'ses_uri', 'queue', 1, 2, 1900, '{"text":"hi"}');

INSERT INTO session_message (id, session_id, type, time_created, time_updated, data) VALUES
	('smg a&b', 'ses_uri', 'agent-switched', 1500, 1500, '{"agent":"plan"}');

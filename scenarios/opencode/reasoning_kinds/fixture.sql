-- A reasoning op is a summary only if metadata.summary is true, else raw. Its start is time.start, or the part's time
-- when that is 0 or absent; with time.end it is finalised, not before its start; without, it stays open. An empty text
-- has no reference. Before the first step its parent is -1.

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
	('ses_think', 'prj_demo', '', 'think', '/srv/app', 'Thoughts', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_think', 'ses_think', 2000, 6000,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":15,"output":5,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2000,"completed":6000}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_think_1', 'msg_think', 'ses_think', 2050, 2050,
	 '{"type":"reasoning","text":"early","time":{"start":2060,"end":2090}}'),
	('prt_think_2', 'msg_think', 'ses_think', 2100, 2100, '{"type":"step-start"}'),
	('prt_think_3', 'msg_think', 'ses_think', 2200, 2200,
	 '{"type":"reasoning","text":"in short","metadata":{"summary":true},"time":{"start":2210,"end":2300}}'),
	('prt_think_4', 'msg_think', 'ses_think', 2400, 2400,
	 '{"type":"reasoning","text":"at length","metadata":{"summary":false,"effort":"low"},"time":{"start":0,"end":2350}}'),
	('prt_think_5', 'msg_think', 'ses_think', 2500, 2500, '{"type":"reasoning","text":""}'),
	('prt_think_6', 'msg_think', 'ses_think', 5900, 5900,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":15,"output":5,"reasoning":0,"cache":{"read":0,"write":0}}}');

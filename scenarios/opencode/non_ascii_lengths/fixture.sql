-- Sizes of text are UTF-8 bytes, never characters: an accented letter, a combining accent, an emoji of two code units
-- and one that joins several all count by their bytes, in reasoning, prompt and tool output. Values themselves stay
-- unescaped.

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
	('ses_words', 'prj_demo', '', 'grüße', '/srv/größe', 'Grüße an Zoë – 日本 🦊', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_words_user', 'ses_words', 1900, 1900,
	 '{"role":"user","time":{"created":1900},"agent":"build","model":{"providerID":"northwind","modelID":"quill-3"}}'),
	('msg_words_reply', 'ses_words', 2000, 6000,
	 '{"role":"assistant","parentID":"msg_words_user","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":15,"output":5,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2000,"completed":6000},"error":{"name":"Zürich","data":{"message":"naïve façade ☕"}}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_words_1', 'msg_words_reply', 'ses_words', 2100, 2100, '{"type":"step-start"}'),
	('prt_words_2', 'msg_words_reply', 'ses_words', 2200, 2200,
	 '{"type":"reasoning","text":"é","time":{"start":2200,"end":2210}}'),
	('prt_words_3', 'msg_words_reply', 'ses_words', 2300, 2300,
	 '{"type":"reasoning","text":"e\u0301 \ud83e\udd8a","time":{"start":2300,"end":2310}}'),
	('prt_words_4', 'msg_words_reply', 'ses_words', 2400, 2400,
	 '{"type":"reasoning","text":"👩‍🚀","time":{"start":2400,"end":2410}}'),
	('prt_words_5', 'msg_words_reply', 'ses_words', 2500, 2500,
	 '{"type":"tool","callID":"call_words_5","tool":"übersetzen_日本語","state":{"status":"completed","input":{"q":"🦊"},"output":"狐","time":{"start":2500,"end":2600}}}'),
	('prt_words_6', 'msg_words_reply', 'ses_words', 5900, 5900,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":15,"output":5,"reasoning":0,"cache":{"read":0,"write":0}}}');

INSERT INTO session_input (id, session_id, delivery, admitted_seq, promoted_seq, time_created, prompt) VALUES
	('msg_words_user', 'ses_words', 'queue', 1, 2, 1900, '{"text":"ça va ? 🦊"}');

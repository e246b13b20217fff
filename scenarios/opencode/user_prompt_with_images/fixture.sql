-- A user prompt with a session_input row becomes a user_input op at the top of the turn it triggered, at the time of
-- the user message: a text reference with the UTF-8 length of prompt.text, then one reference per file whose mime
-- begins with image/, in any case. The index counts all files, and the size is that of the file object in canonical
-- JSON, where & takes 6 bytes.

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
	('ses_prompted', 'prj_demo', '', 'prompted', '/srv/app', 'Pictures', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_prompt_user', 'ses_prompted', 1900, 1900,
	 '{"role":"user","time":{"created":1900},"agent":"build","model":{"providerID":"northwind","modelID":"quill-3"}}'),
	('msg_prompt_reply', 'ses_prompted', 2000, 4000,
	 '{"role":"assistant","parentID":"msg_prompt_user","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":80,"output":9,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2000,"completed":4000}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_prompt_1', 'msg_prompt_user', 'ses_prompted', 1900, 1900, '{"type":"text","text":"what is on these?"}'),
	('prt_prompt_2', 'msg_prompt_reply', 'ses_prompted', 2100, 2100, '{"type":"step-start"}'),
	('prt_prompt_3', 'msg_prompt_reply', 'ses_prompted', 3900, 3900,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":80,"output":9,"reasoning":0,"cache":{"read":0,"write":0}}}');

INSERT INTO session_input (id, session_id, delivery, admitted_seq, promoted_seq, time_created, prompt) VALUES
	('msg_prompt_user', 'ses_prompted', 'queue', 1, 2, 1890,
	 '{"text":"what is on these – <two> pictures?","files":[{"uri":"file:///srv/app/notes.txt","mime":"text/plain"},{ "uri" : "https://example.invalid/a.png?w=1&h=2", "mime" : "image/png", "size" : 1.50, "crop" : { "y" : [2, 1], "x" : null } },{"mime":"IMAGE/JPEG","uri":"file:///srv/app/b.jpg","name":"b.jpg"}]}');

-- A file part of an assistant message is an INF log, never a payload reference. Its extras are the part id and what is
-- non-empty of filename, url and mime; with none of them there is no event. Before the first step it hangs on op 0,
-- later on the LLM op. File parts of user messages emit nothing.

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
	('ses_attach', 'prj_demo', '', 'attach', '/srv/app', 'Attachments', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_attach_user', 'ses_attach', 1500, 1500,
	 '{"role":"user","time":{"created":1500},"agent":"build","model":{"providerID":"northwind","modelID":"quill-3"}}'),
	('msg_attach', 'ses_attach', 2000, 6000,
	 '{"role":"assistant","parentID":"msg_attach_user","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":10,"output":2,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2000,"completed":6000}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_attach_0', 'msg_attach_user', 'ses_attach', 1500, 1500,
	 '{"type":"file","filename":"brief.pdf","mime":"application/pdf","url":"https://files.example.invalid/brief.pdf"}'),
	('prt_attach_1', 'msg_attach', 'ses_attach', 2100, 2100,
	 '{"type":"file","filename":"plan.md","mime":"text/markdown","url":"file:///srv/app/plan.md"}'),
	('prt_attach_2', 'msg_attach', 'ses_attach', 2200, 2200, '{"type":"step-start"}'),
	('prt_attach_3', 'msg_attach', 'ses_attach', 2300, 2300,
	 '{"type":"file","url":"https://files.example.invalid/chart.png?w=10&h=20"}'),
	('prt_attach_4', 'msg_attach', 'ses_attach', 2400, 2400, '{"type":"file","filename":"","mime":"","url":""}'),
	('prt_attach_5', 'msg_attach', 'ses_attach', 5900, 5900,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":10,"output":2,"reasoning":0,"cache":{"read":0,"write":0}}}');

-- A session table from before agent, model, cost, tokens, time_compacting and time_archived is read all the same: the
-- columns count as empty. No session_finalized for want of time_archived, Extras without providerID; the op and the
-- turn keep model, provider and tokens, which come from the message.

CREATE TABLE session (
	id TEXT PRIMARY KEY,
	project_id TEXT NOT NULL,
	parent_id TEXT,
	slug TEXT NOT NULL,
	directory TEXT NOT NULL,
	title TEXT NOT NULL,
	version TEXT NOT NULL,
	time_created INTEGER NOT NULL,
	time_updated INTEGER NOT NULL
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

INSERT INTO session (id, project_id, parent_id, slug, directory, title, version, time_created, time_updated) VALUES
	('ses_lean', 'prj_demo', '', 'lean', '/srv/app', 'Lean session', '1.0.180', 1000, 9000);

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_lean', 'ses_lean', 2000, 3000,
	 '{"role":"assistant","providerID":"anthropic","modelID":"sonata-1","agent":"build","cost":0.02,"tokens":{"input":33,"output":7,"reasoning":0,"cache":{"read":2,"write":1}},"time":{"created":2000,"completed":3000}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_lean_1', 'msg_lean', 'ses_lean', 2100, 2100, '{"type":"step-start"}'),
	('prt_lean_2', 'msg_lean', 'ses_lean', 2200, 2200, '{"type":"text","text":"fine"}'),
	('prt_lean_3', 'msg_lean', 'ses_lean', 2900, 2900,
	 '{"type":"step-finish","reason":"stop","cost":0.02,"tokens":{"input":33,"output":7,"reasoning":0,"cache":{"read":2,"write":1}}}');

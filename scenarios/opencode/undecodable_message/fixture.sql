-- A message that is empty, or has a wrong type in a field that is read, is one WRN log at the message's time, outside
-- every turn: it does not get a turn number, its parts are not read, and it leaves the token difference of the next
-- turn alone.

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
	('ses_torn_msg', 'prj_demo', '', 'torn-msg', '/srv/app', 'Damaged messages', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_tornm_1', 'ses_torn_msg', 2000, 2900,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":50,"output":5,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2000,"completed":2900}}'),
	('msg_tornm_2', 'ses_torn_msg', 3000, 3000, ''),
	('msg_tornm_3', 'ses_torn_msg', 3500, 3900,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":1.5,"output":1},"time":{"created":3500,"completed":3900}}'),
	('msg_tornm_4', 'ses_torn_msg', 4000, 4900,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":80,"output":9,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":4000,"completed":4900}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_tornm_1', 'msg_tornm_3', 'ses_torn_msg', 3600, 3600, '{"type":"step-start"}'),
	('prt_tornm_2', 'msg_tornm_4', 'ses_torn_msg', 4100, 4100, '{"type":"step-start"}'),
	('prt_tornm_3', 'msg_tornm_4', 'ses_torn_msg', 4800, 4800,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":30,"output":4,"reasoning":0,"cache":{"read":0,"write":0}}}');

-- A patch that comes when its step is closed waits: another step-finish of the same op
-- brings it out, a new step-start drops it.

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
	('ses_late_patch', 'prj_demo', '', 'late-patch', '/srv/app', 'Late edits', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_late_patch', 'ses_late_patch', 2000, 7000,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":60,"output":12,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2000,"completed":7000}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_late_1', 'msg_late_patch', 'ses_late_patch', 2100, 2100, '{"type":"step-start"}'),
	('prt_late_2', 'msg_late_patch', 'ses_late_patch', 2500, 2500,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":20,"output":4,"reasoning":0,"cache":{"read":0,"write":0}}}'),
	('prt_late_3', 'msg_late_patch', 'ses_late_patch', 2600, 2600,
	 '{"type":"patch","hash":"cc33","files":["/srv/app/shown.py"]}'),
	('prt_late_4', 'msg_late_patch', 'ses_late_patch', 2700, 2700,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":30,"output":6,"reasoning":0,"cache":{"read":0,"write":0}}}'),
	('prt_late_5', 'msg_late_patch', 'ses_late_patch', 2800, 2800,
	 '{"type":"patch","hash":"dd44","files":["/srv/app/dropped.py"]}'),
	('prt_late_6', 'msg_late_patch', 'ses_late_patch', 3000, 3000, '{"type":"step-start"}'),
	('prt_late_7', 'msg_late_patch', 'ses_late_patch', 6900, 6900,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":60,"output":12,"reasoning":0,"cache":{"read":0,"write":0}}}');

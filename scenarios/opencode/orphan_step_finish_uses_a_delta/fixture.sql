-- A step-finish before any step-start emits nothing but still counts as a step: the next op
-- gets the difference to it. Here input 90 is consumed silently and the op gets 140 - 90.

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
	('ses_orphan_fin', 'prj_demo', '', 'orphan-fin', '/srv/app', 'A finish without a start', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_orphan_fin', 'ses_orphan_fin', 2000, 6000,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":140,"output":30,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2000,"completed":6000}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_orfin_1', 'msg_orphan_fin', 'ses_orphan_fin', 2100, 2100,
	 '{"type":"step-finish","reason":"tool-calls","cost":0.75,"tokens":{"input":90,"output":20,"reasoning":0,"cache":{"read":0,"write":0}}}'),
	('prt_orfin_2', 'msg_orphan_fin', 'ses_orphan_fin', 3000, 3000, '{"type":"step-start"}'),
	('prt_orfin_3', 'msg_orphan_fin', 'ses_orphan_fin', 5900, 5900,
	 '{"type":"step-finish","reason":"stop","cost":0.5,"tokens":{"input":140,"output":30,"reasoning":0,"cache":{"read":0,"write":0}}}');

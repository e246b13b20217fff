-- snapshot, subtask and agent parts are known and emit nothing. Any other type, an absent
-- one and a JSON null are WRN logs that quote the type, with Ts 0, on the LLM op; the parts
-- around them are read as ever.

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
	('ses_newer', 'prj_demo', '', 'newer', '/srv/app', 'From a newer version', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_newer', 'ses_newer', 2000, 6000,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":15,"output":5,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2000,"completed":6000}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_newer_1', 'msg_newer', 'ses_newer', 2050, 2050, '{"type":"hologram","size":3}'),
	('prt_newer_2', 'msg_newer', 'ses_newer', 2100, 2100, '{"type":"step-start"}'),
	('prt_newer_3', 'msg_newer', 'ses_newer', 2200, 2200, '{"type":"snapshot","snapshot":"5eed"}'),
	('prt_newer_4', 'msg_newer', 'ses_newer', 2300, 2300, '{"type":"subtask","prompt":"x","agent":"explore"}'),
	('prt_newer_5', 'msg_newer', 'ses_newer', 2400, 2400, '{"type":"agent","name":"explore"}'),
	('prt_newer_6', 'msg_newer', 'ses_newer', 2500, 2500, '{"type":"say \"hi\""}'),
	('prt_newer_7', 'msg_newer', 'ses_newer', 2600, 2600, '{"text":"no type"}'),
	('prt_newer_8', 'msg_newer', 'ses_newer', 2700, 2700, 'null'),
	('prt_newer_8b', 'msg_newer', 'ses_newer', 2750, 2750, '{"type":"caf\u00e9\t\u0001"}'),
	('prt_newer_9', 'msg_newer', 'ses_newer', 2800, 2800, '{"type":"text","text":"still here"}'),
	('prt_newer_a', 'msg_newer', 'ses_newer', 5900, 5900,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":15,"output":5,"reasoning":0,"cache":{"read":0,"write":0}}}');

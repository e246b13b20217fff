-- The order of one finished turn: a root session, one assistant message, and one part of each kind that makes events.
-- session_started, turn_started, then the parts by id: the LLM op opens, reasoning and tool become its children, the
-- text is a reference on the LLM op, step-finish closes it, turn_finalized comes last. Nobody archived the session and
-- nothing failed, so there is no session_finalized.

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
	('ses_tour', 'prj_demo', '', 'tour', '/srv/app', 'Tour of one turn', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_tour_1', 'ses_tour', 2000, 6000,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0.0125,"tokens":{"input":310,"output":42,"reasoning":0,"cache":{"read":64,"write":8}},"time":{"created":2000,"completed":6000}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_tour_1', 'msg_tour_1', 'ses_tour', 2050, 2050, '{"type":"step-start"}'),
	('prt_tour_2', 'msg_tour_1', 'ses_tour', 2100, 2100,
	 '{"type":"reasoning","text":"look at the config first","time":{"start":2110,"end":2400}}'),
	('prt_tour_3', 'msg_tour_1', 'ses_tour', 2500, 2500, '{"type":"text","text":"I will open the config."}'),
	('prt_tour_4', 'msg_tour_1', 'ses_tour', 2600, 2600,
	 '{"type":"tool","callID":"call_tour_4","tool":"glob","state":{"status":"completed","input":{"pattern":"*.toml"},"output":"app.toml\n","time":{"start":2610,"end":2700}}}'),
	('prt_tour_5', 'msg_tour_1', 'ses_tour', 5900, 5900,
	 '{"type":"step-finish","reason":"stop","cost":0.0125,"tokens":{"input":310,"output":42,"reasoning":0,"cache":{"read":64,"write":8}}}');

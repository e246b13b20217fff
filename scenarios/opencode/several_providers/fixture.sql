-- Provider and ProviderAlias of a session come from session.model, those of an LLM op from the message, and both pass
-- unknown names through unchanged. The model column may spell its id as id or modelID; a variant lands in Extras. The
-- op's Name and Model are the message's modelID, whatever the session says.

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
	('ses_prov_a', 'prj_demo', '', 'prov-a', '/srv/app', 'Known provider', '1.15.0', 'build', 1000, 5000,
	 '{"id":"sonata-1","providerID":"anthropic","variant":"high"}'),
	('ses_prov_b', 'prj_demo', '', 'prov-b', '/srv/app', 'Unknown provider', '1.15.0', 'build', 1000, 6000,
	 '{"modelID":"barn-owl","providerID":"self-hosted.example"}'),
	('ses_prov_c', 'prj_demo', '', 'prov-c', '/srv/app', 'No model yet', '1.15.0', 'build', 1000, 7000, NULL);

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_prov_a1', 'ses_prov_a', 2000, 2900,
	 '{"role":"assistant","providerID":"anthropic","modelID":"sonata-1","agent":"build","cost":0,"tokens":{"input":5,"output":1,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2000,"completed":2900}}'),
	('msg_prov_a2', 'ses_prov_a', 3000, 3900,
	 '{"role":"assistant","providerID":"openrouter","modelID":"router/mix","agent":"build","cost":0,"tokens":{"input":9,"output":2,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":3000,"completed":3900}}'),
	('msg_prov_b1', 'ses_prov_b', 4000, 4900,
	 '{"role":"assistant","providerID":"self-hosted.example","modelID":"barn-owl","agent":"build","cost":0,"tokens":{"input":7,"output":1,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":4000,"completed":4900}}'),
	('msg_prov_c1', 'ses_prov_c', 5000, 5900,
	 '{"role":"assistant","providerID":"","modelID":"","agent":"build","cost":0,"tokens":{"input":3,"output":1,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":5000,"completed":5900}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_prov_a1', 'msg_prov_a1', 'ses_prov_a', 2100, 2100, '{"type":"step-start"}'),
	('prt_prov_a2', 'msg_prov_a1', 'ses_prov_a', 2800, 2800,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":5,"output":1,"reasoning":0,"cache":{"read":0,"write":0}}}'),
	('prt_prov_a3', 'msg_prov_a2', 'ses_prov_a', 3100, 3100, '{"type":"step-start"}'),
	('prt_prov_a4', 'msg_prov_a2', 'ses_prov_a', 3800, 3800,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":4,"output":1,"reasoning":0,"cache":{"read":0,"write":0}}}'),
	('prt_prov_b1', 'msg_prov_b1', 'ses_prov_b', 4100, 4100, '{"type":"step-start"}'),
	('prt_prov_b2', 'msg_prov_b1', 'ses_prov_b', 4800, 4800,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":7,"output":1,"reasoning":0,"cache":{"read":0,"write":0}}}'),
	('prt_prov_c1', 'msg_prov_c1', 'ses_prov_c', 5100, 5100, '{"type":"step-start"}'),
	('prt_prov_c2', 'msg_prov_c1', 'ses_prov_c', 5800, 5800,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":3,"output":1,"reasoning":0,"cache":{"read":0,"write":0}}}');

-- RootNativeID is found by walking parent_id up to the top; ParentNativeID is only the next one up. Three levels: the
-- grandchild names its parent as parent and the top session as root. Sessions come in the order of time_updated, here
-- the deepest first.

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
	('ses_top', 'prj_demo', '', 'top', '/srv/app', 'Top', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}'),
	('ses_mid', 'prj_demo', 'ses_top', 'mid', '/srv/app', 'Middle', '1.15.0', 'general', 2000, 8000,
	 '{"id":"quill-3","providerID":"northwind"}'),
	('ses_leaf', 'prj_demo', 'ses_mid', 'leaf', '/srv/app', 'Leaf', '1.15.0', 'explore', 3000, 7000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_leaf', 'ses_leaf', 3100, 3900,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":12,"output":3,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":3100,"completed":3900}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_leaf_1', 'msg_leaf', 'ses_leaf', 3200, 3200, '{"type":"step-start"}'),
	('prt_leaf_2', 'msg_leaf', 'ses_leaf', 3800, 3800,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":12,"output":3,"reasoning":0,"cache":{"read":0,"write":0}}}');

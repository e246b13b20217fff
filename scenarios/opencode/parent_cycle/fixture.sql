-- Parents in a circle do not hang the reader: the walk begins at the direct parent, and the first id met a second time
-- is the root. For two sessions that name each other that is the other one, a session that names itself is its own
-- root, and one below a circle gets the place where it enters.

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
	('ses_ring_a', 'prj_demo', 'ses_ring_b', 'ring-a', '/srv/app', 'Ring A', '1.15.0', 'build', 1000, 5000,
	 '{"id":"quill-3","providerID":"northwind"}'),
	('ses_ring_b', 'prj_demo', 'ses_ring_a', 'ring-b', '/srv/app', 'Ring B', '1.15.0', 'build', 1000, 6000,
	 '{"id":"quill-3","providerID":"northwind"}'),
	('ses_ring_tail', 'prj_demo', 'ses_ring_a', 'ring-tail', '/srv/app', 'Below the ring', '1.15.0', 'build', 1000, 7000,
	 '{"id":"quill-3","providerID":"northwind"}'),
	('ses_ring_self', 'prj_demo', 'ses_ring_self', 'ring-self', '/srv/app', 'Own parent', '1.15.0', 'build', 1000, 8000,
	 '{"id":"quill-3","providerID":"northwind"}'),
	('ses_self_tail', 'prj_demo', 'ses_ring_self', 'self-tail', '/srv/app', 'Below that one', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}');

-- Sessions are emitted in the order of (time_updated, id). Three of them share a millisecond
-- and come by id, whatever the order of insertion and creation; an older update goes before
-- them, a younger one behind.

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
	('ses_tie_c', 'prj_demo', '', 'tie-c', '/srv/app', 'C', '1.15.0', 'build', 1000, 5000,
	 '{"id":"quill-3","providerID":"northwind"}'),
	('ses_tie_a', 'prj_demo', '', 'tie-a', '/srv/app', 'A', '1.15.0', 'build', 3000, 5000,
	 '{"id":"quill-3","providerID":"northwind"}'),
	('ses_zz_early', 'prj_demo', '', 'zz-early', '/srv/app', 'Early', '1.15.0', 'build', 4000, 4999,
	 '{"id":"quill-3","providerID":"northwind"}'),
	('ses_tie_b', 'prj_demo', '', 'tie-b', '/srv/app', 'B', '1.15.0', 'build', 2000, 5000,
	 '{"id":"quill-3","providerID":"northwind"}'),
	('ses_aa_late', 'prj_demo', '', 'aa-late', '/srv/app', 'Late', '1.15.0', 'build', 500, 5001,
	 '{"id":"quill-3","providerID":"northwind"}');

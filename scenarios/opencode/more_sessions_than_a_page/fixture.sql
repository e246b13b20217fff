-- Rows are read in pages of 1000 in the order of (time_updated, id). 1102 sessions share one millisecond, so the second
-- page must go on behind the last id, not behind the last time. All but the first and the last session are being
-- compacted and emit nothing; the last one is on the second page and has no message that would give it away.

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
	('ses_a_first', 'prj_demo', '', 'a-first', '/srv/app', 'First of all', '1.15.0', 'build', 1000, 5000,
	 '{"id":"quill-3","providerID":"northwind"}'),
	('ses_z_last', 'prj_demo', '', 'z-last', '/srv/app', 'Last of all', '1.15.0', 'build', 1000, 5000,
	 '{"id":"quill-3","providerID":"northwind"}');

WITH RECURSIVE crowd(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM crowd WHERE n < 1100)
INSERT INTO session (id, project_id, parent_id, slug, directory, title, version, time_created, time_updated, time_compacting)
SELECT printf('ses_crowd_%04d', n), 'prj_demo', '', 'crowd', '/srv/app', 'One of many', '1.15.0', 1000, 5000, 4000
FROM crowd;

-- The walk to the root ends after 32 steps up from the direct parent. Forty sessions below one another: the first 33
-- below the top find it, the deeper ones report the session they had reached: number 34 gets 1, number 40 gets 7.

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

WITH RECURSIVE link(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM link WHERE n < 40)
INSERT INTO session (id, project_id, parent_id, slug, directory, title, version, time_created, time_updated)
SELECT
	printf('ses_link_%02d', n),
	'prj_demo',
	CASE n WHEN 0 THEN '' ELSE printf('ses_link_%02d', n - 1) END,
	printf('link-%d', n),
	'/srv/app',
	printf('Link %d', n),
	'1.15.0',
	1000 + n,
	5000 + n
FROM link;

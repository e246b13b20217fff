-- step: the child goes
PRAGMA foreign_keys = ON;
DELETE FROM session WHERE id = 'ses_c';
-- step: its parent goes
PRAGMA foreign_keys = ON;
DELETE FROM session WHERE id = 'ses_a';
-- step: an equal session comes again
INSERT INTO session (id, project_id, parent_id, slug, directory, title, version, time_created, time_updated) VALUES
	('ses_a', 'prj_demo', NULL, 'a', '/srv/app', 'ses_a', '1.15.0', 1699999993000, 1699999998000);
-- step: and goes
PRAGMA foreign_keys = ON;
DELETE FROM session WHERE id = 'ses_a';

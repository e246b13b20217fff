INSERT INTO session (id, project_id, parent_id, slug, directory, title, version, time_created, time_updated) VALUES
	('ses_p', 'prj_demo', 'ses_g', 'p', '/srv/app', 'ses_p', '1.15.0', 1699999994600, 1699999999600);
INSERT INTO session (id, project_id, parent_id, slug, directory, title, version, time_created, time_updated) VALUES
	('ses_g', 'prj_demo', NULL, 'g', '/srv/app', 'ses_g', '1.15.0', 1699999994700, 1699999999700);
UPDATE session SET parent_id = NULL WHERE id = 'ses_p';
DELETE FROM session WHERE id = 'ses_g';

-- step: a column with a value for all rows
ALTER TABLE session ADD COLUMN agent TEXT DEFAULT 'build';
-- step: a column that is filled in one commit with a rename
BEGIN;
ALTER TABLE session ADD COLUMN model TEXT;
UPDATE session SET model = '{"id":"quill-3","providerID":"northwind"}', title = 'renamed' WHERE id = 'ses_a';
COMMIT;
-- step: a table
BEGIN;
CREATE TABLE session_message (
	id TEXT PRIMARY KEY, session_id TEXT NOT NULL, type TEXT NOT NULL,
	time_created INTEGER NOT NULL, time_updated INTEGER NOT NULL, data TEXT NOT NULL
);
INSERT INTO session_message VALUES ('evt_1', 'ses_b', 'agent-switched', 1699999996000, 1699999996000, '{"agent":"plan"}');
COMMIT;
-- step: a column goes
ALTER TABLE session DROP COLUMN slug;

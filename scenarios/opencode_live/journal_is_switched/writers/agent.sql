-- step: a part, by rollback journal
INSERT INTO part VALUES ('prt_x1', 'msg_a_1', 'ses_a', 1700000000001, 1700000000001, '{"type":"text","text":"hi"}');
-- step: a WAL from now on
PRAGMA journal_mode = WAL;
-- step: a title, by WAL
UPDATE session SET title = 'by WAL' WHERE id = 'ses_b';
-- step: checkpoint
PRAGMA wal_checkpoint(TRUNCATE);
-- step: a part goes
DELETE FROM part WHERE id = 'prt_b_12';

-- step: a part
INSERT INTO part VALUES ('prt_x1', 'msg_a_1', 'ses_a', 1700000000001, 1700000000001, '{"type":"text","text":"hi"}');
-- step: checkpoint
PRAGMA wal_checkpoint(TRUNCATE);
-- step: a part goes, and another one takes its rowid
BEGIN;
DELETE FROM part WHERE id = 'prt_x1';
INSERT INTO part VALUES ('prt_x0', 'msg_b_1', 'ses_b', 1699999140000, 1699999140000, '{"type":"text","text":"hi"}');
COMMIT;
-- step: other rowids
DELETE FROM part WHERE id = 'prt_0';
-- step: build anew
VACUUM;
-- step: checkpoint again
PRAGMA wal_checkpoint(TRUNCATE);
-- step: an old part
INSERT INTO part VALUES ('prt_00', 'msg_a_1', 'ses_a', 1699999930000, 1699999930000, '{"type":"text","text":"hi"}');

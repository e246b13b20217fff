-- step: everybody is locked out
BEGIN EXCLUSIVE;
UPDATE session SET title = 'half' WHERE id = 'ses_a';
-- step: the other half
INSERT INTO part VALUES ('prt_x1', 'msg_a_1', 'ses_a', 1700000000001, 1700000000001, '{"type":"text","text":"hi"}');
COMMIT;
-- step: a title
UPDATE session SET title = 'whole' WHERE id = 'ses_a';
-- step: a lock for nothing
BEGIN EXCLUSIVE;
DELETE FROM message;
-- step: is taken back
ROLLBACK;

BEGIN;
UPDATE part SET time_updated = 1700000000000, data = '{"type":"tool","tool":"read","state":{"status":"completed","input":{"path":"a"},"output":"done","time":{"start":1699999999500,"end":1700000000000}}}' WHERE id = 'prt_aa';
INSERT INTO part VALUES ('prt_zzz1', 'msg_b_1', 'ses_b', 1700000000001, 1700000000001, '{"type":"text","text":"more"}');
COMMIT;
BEGIN;
UPDATE part SET time_updated = 1700000000001, data = '{"type":"text","text":"more and more"}' WHERE id = 'prt_b_12';
UPDATE message SET time_updated = 1700000000001, data = json_set(data, '$.cost', 0.5) WHERE id = 'msg_a_1';
INSERT INTO part VALUES ('prt_zzz2', 'msg_b_1', 'ses_b', 1700000000002, 1700000000002, '{"type":"text","text":"yet more"}');
COMMIT;

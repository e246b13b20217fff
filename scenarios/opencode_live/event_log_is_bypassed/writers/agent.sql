BEGIN;
INSERT INTO part VALUES ('prt_x1', 'msg_a_1', 'ses_a', 1700000000001, 1700000000001, '{"type":"text","text":"hi"}');
INSERT INTO event_sequence VALUES ('ses_a', 4, NULL) ON CONFLICT (aggregate_id) DO UPDATE SET seq = excluded.seq;
INSERT INTO event VALUES ('evt_a_4', 'ses_a', 4, 'message.part.updated.1', '{}');
COMMIT;

BEGIN;
INSERT INTO part VALUES ('prt_a_92', 'msg_a_9', 'ses_a', 1699999999950, 1699999999950, '{"type":"step-finish","cost":0.01,"tokens":{"input":40,"output":2,"reasoning":0,"cache":{"read":0,"write":0}}}');
UPDATE session SET cost = cost + 0.01, tokens_input = tokens_input + 40, tokens_output = tokens_output + 2, time_updated = time_updated WHERE id = 'ses_a';
COMMIT;
UPDATE message SET data = json_set(data, '$.tokens.input', 50, '$.time.completed', 1700000000000) WHERE id = 'msg_a_9';
UPDATE session SET cost = cost + 0.02, tokens_input = tokens_input + 7 WHERE id = 'ses_b';

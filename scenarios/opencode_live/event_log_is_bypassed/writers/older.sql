UPDATE part SET data = '{"type":"step-start","snapshot":"5eed"}', time_created = 1699999997001, time_updated = 1699999140000 WHERE id = 'prt_b_11';
DELETE FROM part WHERE id = 'prt_a_13';
UPDATE session SET title = 'by an older one' WHERE id = 'ses_b';

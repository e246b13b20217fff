UPDATE session SET time_archived = now_ms() WHERE id = 'ses_a';
UPDATE session SET time_archived = 1700000000005 WHERE id = 'ses_b';
UPDATE session SET time_archived = NULL WHERE id = 'ses_b';

UPDATE session SET title = 'Another one' WHERE id = 'ses_b';

UPDATE session SET title = 'A title by the model' WHERE id = 'ses_a';
UPDATE session SET title = 'A title by the user' WHERE id = 'ses_a';

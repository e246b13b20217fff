-- opencode was killed: nobody has the database open, and tables and rows are in the
-- -wal file alone.

CREATE TABLE migration (id TEXT PRIMARY KEY, time_completed INTEGER NOT NULL);

CREATE TABLE project (
	id TEXT PRIMARY KEY,
	worktree TEXT NOT NULL,
	vcs TEXT,
	name TEXT,
	icon_url TEXT,
	icon_url_override TEXT,
	icon_color TEXT,
	time_created INTEGER NOT NULL,
	time_updated INTEGER NOT NULL,
	time_initialized INTEGER,
	sandboxes TEXT NOT NULL,
	commands TEXT
);

CREATE TABLE session (
	id TEXT PRIMARY KEY,
	project_id TEXT NOT NULL REFERENCES project(id) ON DELETE CASCADE,
	workspace_id TEXT,
	parent_id TEXT,
	slug TEXT NOT NULL,
	directory TEXT NOT NULL,
	path TEXT,
	title TEXT NOT NULL,
	version TEXT NOT NULL,
	share_url TEXT,
	summary_additions INTEGER,
	summary_deletions INTEGER,
	summary_files INTEGER,
	summary_diffs TEXT,
	metadata TEXT,
	cost REAL NOT NULL DEFAULT 0,
	tokens_input INTEGER NOT NULL DEFAULT 0,
	tokens_output INTEGER NOT NULL DEFAULT 0,
	tokens_reasoning INTEGER NOT NULL DEFAULT 0,
	tokens_cache_read INTEGER NOT NULL DEFAULT 0,
	tokens_cache_write INTEGER NOT NULL DEFAULT 0,
	revert TEXT,
	permission TEXT,
	agent TEXT,
	model TEXT,
	time_created INTEGER NOT NULL,
	time_updated INTEGER NOT NULL,
	time_compacting INTEGER,
	time_archived INTEGER
);

CREATE TABLE message (
	id TEXT PRIMARY KEY,
	session_id TEXT NOT NULL REFERENCES session(id) ON DELETE CASCADE,
	time_created INTEGER NOT NULL,
	time_updated INTEGER NOT NULL,
	data TEXT NOT NULL
);
CREATE INDEX message_session_time_created_id_idx ON message (session_id, time_created, id);

CREATE TABLE part (
	id TEXT PRIMARY KEY,
	message_id TEXT NOT NULL REFERENCES message(id) ON DELETE CASCADE,
	session_id TEXT NOT NULL,
	time_created INTEGER NOT NULL,
	time_updated INTEGER NOT NULL,
	data TEXT NOT NULL
);
CREATE INDEX part_message_id_id_idx ON part (message_id, id);
CREATE INDEX part_session_idx ON part (session_id);

-- Empty in stores of 1.18 that were never used with a later release.
CREATE TABLE session_message (
	id TEXT PRIMARY KEY,
	session_id TEXT NOT NULL REFERENCES session(id) ON DELETE CASCADE,
	type TEXT NOT NULL,
	seq INTEGER NOT NULL,
	time_created INTEGER NOT NULL,
	time_updated INTEGER NOT NULL,
	data TEXT NOT NULL
);

INSERT INTO migration (id, time_completed) VALUES
	('20260622202450_simplify_session_input', 1772441940000);

INSERT INTO project (id, worktree, vcs, time_created, time_updated, sandboxes) VALUES
	('prj_kiln', '/home/mara/kiln', 'git', 1772441940000, 1772441940000, '[]');

INSERT INTO session (id, project_id, parent_id, slug, directory, path, title, version,
	cost, tokens_input, tokens_output, tokens_reasoning, tokens_cache_read, tokens_cache_write,
	agent, model, time_created, time_updated) VALUES
	('ses_d1f3089a7ffeKilledWriterXX', 'prj_kiln', NULL, 'cold-cone', '/home/mara/kiln', '', 'Cone of a temperature', '1.18.33',
	 0.0013, 480, 17, 5, 128, 64,
	 'build', '{"id":"glaze-2","providerID":"potter","variant":"default"}', 1772449200000, 1772449203330);

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_2e13d38c9001KilledWriterXX', 'ses_d1f3089a7ffeKilledWriterXX', 1772449200400, 1772449200400,
	 '{"role":"user","time":{"created":1772449200400},"agent":"build","model":{"providerID":"potter","modelID":"glaze-2"},"summary":{"diffs":[]}}'),
	('msg_2e13d3ea5001KilledWriterXX', 'ses_d1f3089a7ffeKilledWriterXX', 1772449201900, 1772449203300,
	 '{"parentID":"msg_2e13d38c9001KilledWriterXX","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/mara/kiln","root":"/home/mara/kiln"},"cost":0.0013,"tokens":{"total":694,"input":480,"output":17,"reasoning":5,"cache":{"write":64,"read":128}},"modelID":"glaze-2","providerID":"potter","time":{"created":1772449201900,"completed":1772449203300},"finish":"stop"}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_2e13d38c9002KilledWriterXX', 'msg_2e13d38c9001KilledWriterXX',
	 'ses_d1f3089a7ffeKilledWriterXX', 1772449200400, 1772449200400,
	 '{"type":"text","text":"Which cone is 1222 degrees?"}'),
	('prt_2e13d3f09002KilledWriterXX', 'msg_2e13d3ea5001KilledWriterXX',
	 'ses_d1f3089a7ffeKilledWriterXX', 1772449202000, 1772449202000,
	 '{"type":"step-start","snapshot":"c0ffee00"}'),
	('prt_2e13d40fd003KilledWriterXX', 'msg_2e13d3ea5001KilledWriterXX',
	 'ses_d1f3089a7ffeKilledWriterXX', 1772449202500, 1772449202800,
	 '{"type":"text","text":"Cone 6, at a slow ramp.","time":{"start":1772449202500,"end":1772449202800}}'),
	('prt_2e13d43b9004KilledWriterXX', 'msg_2e13d3ea5001KilledWriterXX',
	 'ses_d1f3089a7ffeKilledWriterXX', 1772449203200, 1772449203200,
	 '{"type":"step-finish","reason":"stop","snapshot":"c0ffee00","tokens":{"total":694,"input":480,"output":17,"reasoning":5,"cache":{"write":64,"read":128}},"cost":0.0013}');

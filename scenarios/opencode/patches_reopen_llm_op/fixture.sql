-- Patch parts emit nothing themselves; the step-finish that follows re-emits the op's op_started with patch_hash and
-- patch_files of the last patch that had them, and the list of all patches with a digest of their file names. The
-- extras belong to one step: a patch before the first step is lost, and the second step starts without any.

CREATE TABLE session (
	id TEXT PRIMARY KEY,
	project_id TEXT NOT NULL,
	parent_id TEXT,
	slug TEXT NOT NULL,
	directory TEXT NOT NULL,
	title TEXT NOT NULL,
	version TEXT NOT NULL,
	agent TEXT,
	model TEXT,
	cost REAL NOT NULL DEFAULT 0,
	tokens_input INTEGER NOT NULL DEFAULT 0,
	tokens_output INTEGER NOT NULL DEFAULT 0,
	tokens_reasoning INTEGER NOT NULL DEFAULT 0,
	tokens_cache_read INTEGER NOT NULL DEFAULT 0,
	tokens_cache_write INTEGER NOT NULL DEFAULT 0,
	time_created INTEGER NOT NULL,
	time_updated INTEGER NOT NULL,
	time_compacting INTEGER,
	time_archived INTEGER
);

CREATE TABLE message (
	id TEXT PRIMARY KEY,
	session_id TEXT NOT NULL,
	time_created INTEGER NOT NULL,
	time_updated INTEGER NOT NULL,
	data TEXT NOT NULL
);

CREATE TABLE part (
	id TEXT PRIMARY KEY,
	message_id TEXT NOT NULL,
	session_id TEXT NOT NULL,
	time_created INTEGER NOT NULL,
	time_updated INTEGER NOT NULL,
	data TEXT NOT NULL
);

CREATE TABLE session_message (
	id TEXT PRIMARY KEY,
	session_id TEXT NOT NULL,
	type TEXT NOT NULL,
	time_created INTEGER NOT NULL,
	time_updated INTEGER NOT NULL,
	data TEXT NOT NULL
);

INSERT INTO session (id, project_id, parent_id, slug, directory, title, version, agent, time_created, time_updated, model) VALUES
	('ses_patched', 'prj_demo', '', 'patched', '/srv/app', 'Edits', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_patched', 'ses_patched', 2000, 7000,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":90,"output":18,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2000,"completed":7000}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_patched_0', 'msg_patched', 'ses_patched', 2050, 2050,
	 '{"type":"patch","hash":"0000","files":["/srv/app/lost.py"]}'),
	('prt_patched_1', 'msg_patched', 'ses_patched', 2100, 2100, '{"type":"step-start"}'),
	('prt_patched_2', 'msg_patched', 'ses_patched', 2200, 2200,
	 '{"type":"patch","hash":"aa11","files":["/srv/app/one.py"]}'),
	('prt_patched_3', 'msg_patched', 'ses_patched', 2300, 2300,
	 '{"type":"patch","hash":"bb22","files":["/srv/app/two.py","/srv/app/three.py"]}'),
	('prt_patched_4', 'msg_patched', 'ses_patched', 2400, 2400, '{"type":"patch","files":["/srv/app/four.py"]}'),
	('prt_patched_5', 'msg_patched', 'ses_patched', 3000, 3000,
	 '{"type":"step-finish","reason":"tool-calls","cost":0,"tokens":{"input":50,"output":8,"reasoning":0,"cache":{"read":0,"write":0}}}'),
	('prt_patched_6', 'msg_patched', 'ses_patched', 3100, 3100, '{"type":"step-start"}'),
	('prt_patched_7', 'msg_patched', 'ses_patched', 6900, 6900,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":90,"output":18,"reasoning":0,"cache":{"read":0,"write":0}}}');

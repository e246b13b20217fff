-- A task tool started a sub-agent. Its tokens are those of its own session row, and not in
-- the row of the parent.

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
	('ses_d1f307b97ffeParentTaskXXXX', 'prj_kiln', NULL, 'keen-kaolin', '/home/mara/kiln', '', 'Review the controller', '1.18.33',
	 0.0048, 1020, 63, 8, 900, 900,
	 'build', '{"id":"glaze-2","providerID":"potter","variant":"default"}', 1772452800000, 1772452807930),
	('ses_d1f307b94ffeChildTaskXXXXX', 'prj_kiln', 'ses_d1f307b97ffeParentTaskXXXX', 'plain-bisque', '/home/mara/kiln', '', 'Look at ramp.py (@general subagent)', '1.18.33',
	 0.0009, 350, 12, 3, 0, 0,
	 'general', '{"id":"glaze-2","providerID":"potter","variant":"default"}', 1772452803000, 1772452805930);

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_2e1742749001ParentTaskXXXX', 'ses_d1f307b97ffeParentTaskXXXX', 1772452800400, 1772452800400,
	 '{"role":"user","time":{"created":1772452800400},"agent":"build","model":{"providerID":"potter","modelID":"glaze-2"},"summary":{"diffs":[]}}'),
	('msg_2e1742d25001ParentTaskXXXX', 'ses_d1f307b97ffeParentTaskXXXX', 1772452801900, 1772452803300,
	 '{"parentID":"msg_2e1742749001ParentTaskXXXX","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/mara/kiln","root":"/home/mara/kiln"},"cost":0.004,"tokens":{"total":1852,"input":900,"output":44,"reasoning":8,"cache":{"write":900,"read":0}},"modelID":"glaze-2","providerID":"potter","time":{"created":1772452801900,"completed":1772452803300},"finish":"tool-calls"}'),
	('msg_2e1743171001ChildTaskXXXXX', 'ses_d1f307b94ffeChildTaskXXXXX', 1772452803000, 1772452803000,
	 '{"role":"user","time":{"created":1772452803000},"agent":"general","model":{"providerID":"potter","modelID":"glaze-2"},"summary":{"diffs":[]}}'),
	('msg_2e174374d001ChildTaskXXXXX', 'ses_d1f307b94ffeChildTaskXXXXX', 1772452804500, 1772452805900,
	 '{"parentID":"msg_2e1743171001ChildTaskXXXXX","role":"assistant","mode":"general","agent":"general","path":{"cwd":"/home/mara/kiln","root":"/home/mara/kiln"},"cost":0.0009,"tokens":{"total":365,"input":350,"output":12,"reasoning":3,"cache":{"write":0,"read":0}},"modelID":"glaze-2","providerID":"potter","time":{"created":1772452804500,"completed":1772452805900},"finish":"stop"}'),
	('msg_2e1743f1d001ParentTaskXXXX', 'ses_d1f307b97ffeParentTaskXXXX', 1772452806500, 1772452807900,
	 '{"parentID":"msg_2e1742749001ParentTaskXXXX","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/mara/kiln","root":"/home/mara/kiln"},"cost":0.0008,"tokens":{"total":1039,"input":120,"output":19,"reasoning":0,"cache":{"write":0,"read":900}},"modelID":"glaze-2","providerID":"potter","time":{"created":1772452806500,"completed":1772452807900},"finish":"stop"}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_2e1742749002ParentTaskXXXX', 'msg_2e1742749001ParentTaskXXXX',
	 'ses_d1f307b97ffeParentTaskXXXX', 1772452800400, 1772452800400,
	 '{"type":"text","text":"Have somebody else look at ramp.py."}'),
	('prt_2e1742d89002ParentTaskXXXX', 'msg_2e1742d25001ParentTaskXXXX',
	 'ses_d1f307b97ffeParentTaskXXXX', 1772452802000, 1772452802000,
	 '{"type":"step-start","snapshot":"c0ffee00"}'),
	('prt_2e1742f7d003ParentTaskXXXX', 'msg_2e1742d25001ParentTaskXXXX',
	 'ses_d1f307b97ffeParentTaskXXXX', 1772452802500, 1772452802800,
	 '{"type":"text","text":"I ask a sub-agent.","time":{"start":1772452802500,"end":1772452802800}}'),
	('prt_2e174310d004ParentTaskXXXX', 'msg_2e1742d25001ParentTaskXXXX',
	 'ses_d1f307b97ffeParentTaskXXXX', 1772452802900, 1772452803100,
	 '{"type":"tool","tool":"task","callID":"call_parenttask_3","state":{"status":"completed","input":{"description":"Look at ramp.py","prompt":"Is ramp.py right?","subagent_type":"general"},"output":"It is right.","metadata":{"sessionId":"ses_d1f307b94ffeChildTaskXXXXX"},"title":"Look at ramp.py","time":{"start":1772452802900,"end":1772452803100}}}'),
	('prt_2e1743171002ChildTaskXXXXX', 'msg_2e1743171001ChildTaskXXXXX',
	 'ses_d1f307b94ffeChildTaskXXXXX', 1772452803000, 1772452803000,
	 '{"type":"text","text":"Is ramp.py right?"}'),
	('prt_2e1743239005ParentTaskXXXX', 'msg_2e1742d25001ParentTaskXXXX',
	 'ses_d1f307b97ffeParentTaskXXXX', 1772452803200, 1772452803200,
	 '{"type":"step-finish","reason":"tool-calls","snapshot":"c0ffee00","tokens":{"total":1852,"input":900,"output":44,"reasoning":8,"cache":{"write":900,"read":0}},"cost":0.004}'),
	('prt_2e17437b1002ChildTaskXXXXX', 'msg_2e174374d001ChildTaskXXXXX',
	 'ses_d1f307b94ffeChildTaskXXXXX', 1772452804600, 1772452804600,
	 '{"type":"step-start","snapshot":"c0ffee00"}'),
	('prt_2e17439a5003ChildTaskXXXXX', 'msg_2e174374d001ChildTaskXXXXX',
	 'ses_d1f307b94ffeChildTaskXXXXX', 1772452805100, 1772452805400,
	 '{"type":"text","text":"It is right.","time":{"start":1772452805100,"end":1772452805400}}'),
	('prt_2e1743c61004ChildTaskXXXXX', 'msg_2e174374d001ChildTaskXXXXX',
	 'ses_d1f307b94ffeChildTaskXXXXX', 1772452805800, 1772452805800,
	 '{"type":"step-finish","reason":"stop","snapshot":"c0ffee00","tokens":{"total":365,"input":350,"output":12,"reasoning":3,"cache":{"write":0,"read":0}},"cost":0.0009}'),
	('prt_2e1743f81002ParentTaskXXXX', 'msg_2e1743f1d001ParentTaskXXXX',
	 'ses_d1f307b97ffeParentTaskXXXX', 1772452806600, 1772452806600,
	 '{"type":"step-start","snapshot":"c0ffee00"}'),
	('prt_2e1744175003ParentTaskXXXX', 'msg_2e1743f1d001ParentTaskXXXX',
	 'ses_d1f307b97ffeParentTaskXXXX', 1772452807100, 1772452807400,
	 '{"type":"text","text":"The sub-agent finds nothing wrong.","time":{"start":1772452807100,"end":1772452807400}}'),
	('prt_2e1744431004ParentTaskXXXX', 'msg_2e1743f1d001ParentTaskXXXX',
	 'ses_d1f307b97ffeParentTaskXXXX', 1772452807800, 1772452807800,
	 '{"type":"step-finish","reason":"stop","snapshot":"c0ffee00","tokens":{"total":1039,"input":120,"output":19,"reasoning":0,"cache":{"write":0,"read":900}},"cost":0.0008}');

-- Two sessions of different models. Each one's columns are the sums over its messages, and
-- every message has one step-finish that says the same.

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
	('ses_d1f30a5c7ffeFiringLogXXXXX', 'prj_kiln', NULL, 'brisk-ember', '/home/mara/kiln', '', 'Explain the firing log', '1.18.33',
	 0.0112, 1615, 239, 96, 4608, 642,
	 'build', '{"id":"glaze-2","providerID":"potter","variant":"default"}', 1772442000000, 1772442008830),
	('ses_d1f3097b7ffeGlazeTableXXXX', 'prj_kiln', NULL, 'calm-celadon', '/home/mara/kiln', '', 'Sort the glaze table', '1.18.33',
	 0.0013, 1340, 31, 0, 0, 0,
	 'build', '{"id":"slip-mini","providerID":"wheel","variant":"default"}', 1772445600000, 1772445605330);

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_2e0cf5bc9001FiringLogXXXXX', 'ses_d1f30a5c7ffeFiringLogXXXXX', 1772442000400, 1772442000400,
	 '{"role":"user","time":{"created":1772442000400},"agent":"build","model":{"providerID":"potter","modelID":"glaze-2"},"summary":{"diffs":[]}}'),
	('msg_2e0cf61a5001FiringLogXXXXX', 'ses_d1f30a5c7ffeFiringLogXXXXX', 1772442001900, 1772442003300,
	 '{"parentID":"msg_2e0cf5bc9001FiringLogXXXXX","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/mara/kiln","root":"/home/mara/kiln"},"cost":0.0051,"tokens":{"total":2128,"input":1310,"output":38,"reasoning":12,"cache":{"write":512,"read":256}},"modelID":"glaze-2","providerID":"potter","time":{"created":1772442001900,"completed":1772442003300},"finish":"tool-calls"}'),
	('msg_2e0cf6975001FiringLogXXXXX', 'ses_d1f30a5c7ffeFiringLogXXXXX', 1772442003900, 1772442005300,
	 '{"parentID":"msg_2e0cf5bc9001FiringLogXXXXX","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/mara/kiln","root":"/home/mara/kiln"},"cost":0.0019,"tokens":{"total":2354,"input":95,"output":61,"reasoning":20,"cache":{"write":130,"read":2048}},"modelID":"glaze-2","providerID":"potter","time":{"created":1772442003900,"completed":1772442005300},"finish":"stop"}'),
	('msg_2e0cf7145001FiringLogXXXXX', 'ses_d1f30a5c7ffeFiringLogXXXXX', 1772442005900, 1772442005900,
	 '{"role":"user","time":{"created":1772442005900},"agent":"build","model":{"providerID":"potter","modelID":"glaze-2"},"summary":{"diffs":[]}}'),
	('msg_2e0cf7721001FiringLogXXXXX', 'ses_d1f30a5c7ffeFiringLogXXXXX', 1772442007400, 1772442008800,
	 '{"parentID":"msg_2e0cf7145001FiringLogXXXXX","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/mara/kiln","root":"/home/mara/kiln"},"cost":0.0042,"tokens":{"total":2718,"input":210,"output":140,"reasoning":64,"cache":{"write":0,"read":2304}},"modelID":"glaze-2","providerID":"potter","time":{"created":1772442007400,"completed":1772442008800},"finish":"stop"}'),
	('msg_2e1064a49001GlazeTableXXXX', 'ses_d1f3097b7ffeGlazeTableXXXX', 1772445600400, 1772445600400,
	 '{"role":"user","time":{"created":1772445600400},"agent":"build","model":{"providerID":"wheel","modelID":"slip-mini"},"summary":{"diffs":[]}}'),
	('msg_2e1065025001GlazeTableXXXX', 'ses_d1f3097b7ffeGlazeTableXXXX', 1772445601900, 1772445603300,
	 '{"parentID":"msg_2e1064a49001GlazeTableXXXX","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/mara/kiln","root":"/home/mara/kiln"},"cost":0.0007,"tokens":{"total":662,"input":640,"output":22,"reasoning":0,"cache":{"write":0,"read":0}},"modelID":"slip-mini","providerID":"wheel","time":{"created":1772445601900,"completed":1772445603300},"finish":"tool-calls"}'),
	('msg_2e10657f5001GlazeTableXXXX', 'ses_d1f3097b7ffeGlazeTableXXXX', 1772445603900, 1772445605300,
	 '{"parentID":"msg_2e1064a49001GlazeTableXXXX","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/mara/kiln","root":"/home/mara/kiln"},"cost":0.0006,"tokens":{"total":709,"input":700,"output":9,"reasoning":0,"cache":{"write":0,"read":0}},"modelID":"slip-mini","providerID":"wheel","time":{"created":1772445603900,"completed":1772445605300},"finish":"stop"}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_2e0cf5bc9002FiringLogXXXXX', 'msg_2e0cf5bc9001FiringLogXXXXX',
	 'ses_d1f30a5c7ffeFiringLogXXXXX', 1772442000400, 1772442000400,
	 '{"type":"text","text":"Why did the kiln stop at 980 degrees last night?"}'),
	('prt_2e0cf6209002FiringLogXXXXX', 'msg_2e0cf61a5001FiringLogXXXXX',
	 'ses_d1f30a5c7ffeFiringLogXXXXX', 1772442002000, 1772442002000,
	 '{"type":"step-start","snapshot":"c0ffee00"}'),
	('prt_2e0cf626d003FiringLogXXXXX', 'msg_2e0cf61a5001FiringLogXXXXX',
	 'ses_d1f30a5c7ffeFiringLogXXXXX', 1772442002100, 1772442002400,
	 '{"type":"reasoning","text":"The log of the last firing should say.","time":{"start":1772442002100,"end":1772442002400}}'),
	('prt_2e0cf63fd004FiringLogXXXXX', 'msg_2e0cf61a5001FiringLogXXXXX',
	 'ses_d1f30a5c7ffeFiringLogXXXXX', 1772442002500, 1772442002800,
	 '{"type":"text","text":"Let me read the firing log.","time":{"start":1772442002500,"end":1772442002800}}'),
	('prt_2e0cf658d005FiringLogXXXXX', 'msg_2e0cf61a5001FiringLogXXXXX',
	 'ses_d1f30a5c7ffeFiringLogXXXXX', 1772442002900, 1772442003100,
	 '{"type":"tool","tool":"read","callID":"call_firinglog_4","state":{"status":"completed","input":{"filePath":"/home/mara/kiln/logs/firing-0301.txt"},"output":"02:14 980C thermocouple open\n02:14 heater off\n","metadata":{"truncated":false},"title":"logs/firing-0301.txt","time":{"start":1772442002900,"end":1772442003100}}}'),
	('prt_2e0cf66b9006FiringLogXXXXX', 'msg_2e0cf61a5001FiringLogXXXXX',
	 'ses_d1f30a5c7ffeFiringLogXXXXX', 1772442003200, 1772442003200,
	 '{"type":"step-finish","reason":"tool-calls","snapshot":"c0ffee00","tokens":{"total":2128,"input":1310,"output":38,"reasoning":12,"cache":{"write":512,"read":256}},"cost":0.0051}'),
	('prt_2e0cf69d9002FiringLogXXXXX', 'msg_2e0cf6975001FiringLogXXXXX',
	 'ses_d1f30a5c7ffeFiringLogXXXXX', 1772442004000, 1772442004000,
	 '{"type":"step-start","snapshot":"c0ffee00"}'),
	('prt_2e0cf6bcd003FiringLogXXXXX', 'msg_2e0cf6975001FiringLogXXXXX',
	 'ses_d1f30a5c7ffeFiringLogXXXXX', 1772442004500, 1772442004800,
	 '{"type":"text","text":"The thermocouple lost contact at 02:14, and the controller switched the heater off.","time":{"start":1772442004500,"end":1772442004800}}'),
	('prt_2e0cf6e89004FiringLogXXXXX', 'msg_2e0cf6975001FiringLogXXXXX',
	 'ses_d1f30a5c7ffeFiringLogXXXXX', 1772442005200, 1772442005200,
	 '{"type":"step-finish","reason":"stop","snapshot":"c0ffee00","tokens":{"total":2354,"input":95,"output":61,"reasoning":20,"cache":{"write":130,"read":2048}},"cost":0.0019}'),
	('prt_2e0cf7145002FiringLogXXXXX', 'msg_2e0cf7145001FiringLogXXXXX',
	 'ses_d1f30a5c7ffeFiringLogXXXXX', 1772442005900, 1772442005900,
	 '{"type":"text","text":"Can we ride through a short loss of contact?"}'),
	('prt_2e0cf7785002FiringLogXXXXX', 'msg_2e0cf7721001FiringLogXXXXX',
	 'ses_d1f30a5c7ffeFiringLogXXXXX', 1772442007500, 1772442007500,
	 '{"type":"step-start","snapshot":"c0ffee00"}'),
	('prt_2e0cf77e9003FiringLogXXXXX', 'msg_2e0cf7721001FiringLogXXXXX',
	 'ses_d1f30a5c7ffeFiringLogXXXXX', 1772442007600, 1772442007900,
	 '{"type":"reasoning","text":"A ramp may be held for some seconds.","time":{"start":1772442007600,"end":1772442007900}}'),
	('prt_2e0cf7979004FiringLogXXXXX', 'msg_2e0cf7721001FiringLogXXXXX',
	 'ses_d1f30a5c7ffeFiringLogXXXXX', 1772442008000, 1772442008300,
	 '{"type":"text","text":"Yes: hold the last reading for ten seconds, then stop.","time":{"start":1772442008000,"end":1772442008300}}'),
	('prt_2e0cf7c35005FiringLogXXXXX', 'msg_2e0cf7721001FiringLogXXXXX',
	 'ses_d1f30a5c7ffeFiringLogXXXXX', 1772442008700, 1772442008700,
	 '{"type":"step-finish","reason":"stop","snapshot":"c0ffee00","tokens":{"total":2718,"input":210,"output":140,"reasoning":64,"cache":{"write":0,"read":2304}},"cost":0.0042}'),
	('prt_2e1064a49002GlazeTableXXXX', 'msg_2e1064a49001GlazeTableXXXX',
	 'ses_d1f3097b7ffeGlazeTableXXXX', 1772445600400, 1772445600400,
	 '{"type":"text","text":"Sort glazes.csv by cone, please."}'),
	('prt_2e1065089002GlazeTableXXXX', 'msg_2e1065025001GlazeTableXXXX',
	 'ses_d1f3097b7ffeGlazeTableXXXX', 1772445602000, 1772445602000,
	 '{"type":"step-start","snapshot":"c0ffee00"}'),
	('prt_2e106527d003GlazeTableXXXX', 'msg_2e1065025001GlazeTableXXXX',
	 'ses_d1f3097b7ffeGlazeTableXXXX', 1772445602500, 1772445602800,
	 '{"type":"text","text":"Sorting it now.","time":{"start":1772445602500,"end":1772445602800}}'),
	('prt_2e106540d004GlazeTableXXXX', 'msg_2e1065025001GlazeTableXXXX',
	 'ses_d1f3097b7ffeGlazeTableXXXX', 1772445602900, 1772445603100,
	 '{"type":"tool","tool":"bash","callID":"call_glazetable_3","state":{"status":"completed","input":{"command":"sort -t, -k2 glazes.csv","description":"Sort by the second column"},"output":"celadon,6\nshino,10\n","metadata":{"exit":0,"truncated":false},"title":"Sort by the second column","time":{"start":1772445602900,"end":1772445603100}}}'),
	('prt_2e1065539005GlazeTableXXXX', 'msg_2e1065025001GlazeTableXXXX',
	 'ses_d1f3097b7ffeGlazeTableXXXX', 1772445603200, 1772445603200,
	 '{"type":"step-finish","reason":"tool-calls","snapshot":"c0ffee00","tokens":{"total":662,"input":640,"output":22,"reasoning":0,"cache":{"write":0,"read":0}},"cost":0.0007}'),
	('prt_2e1065859002GlazeTableXXXX', 'msg_2e10657f5001GlazeTableXXXX',
	 'ses_d1f3097b7ffeGlazeTableXXXX', 1772445604000, 1772445604000,
	 '{"type":"step-start","snapshot":"c0ffee00"}'),
	('prt_2e1065a4d003GlazeTableXXXX', 'msg_2e10657f5001GlazeTableXXXX',
	 'ses_d1f3097b7ffeGlazeTableXXXX', 1772445604500, 1772445604800,
	 '{"type":"text","text":"Done: celadon comes first.","time":{"start":1772445604500,"end":1772445604800}}'),
	('prt_2e1065d09004GlazeTableXXXX', 'msg_2e10657f5001GlazeTableXXXX',
	 'ses_d1f3097b7ffeGlazeTableXXXX', 1772445605200, 1772445605200,
	 '{"type":"step-finish","reason":"stop","snapshot":"c0ffee00","tokens":{"total":709,"input":700,"output":9,"reasoning":0,"cache":{"write":0,"read":0}},"cost":0.0006}');

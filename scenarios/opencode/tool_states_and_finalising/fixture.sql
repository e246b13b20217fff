-- Only completed, error and unknown states finalise a tool op, and only when time.end is present. Pending and running
-- never do, even with an output and an end; no state at all neither. An unknown state with an end counts as completed
-- but keeps state.error as its message, and only then its output gets a tool_response reference.

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
	('ses_status', 'prj_demo', '', 'status', '/srv/app', 'Tools in every state', '1.15.0', 'build', 1000, 9000,
	 '{"id":"quill-3","providerID":"northwind"}');

INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES
	('msg_status', 'ses_status', 2000, 8000,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":15,"output":5,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":2000,"completed":8000}}');

INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES
	('prt_state_01', 'msg_status', 'ses_status', 2100, 2100, '{"type":"step-start"}'),
	('prt_state_02', 'msg_status', 'ses_status', 2200, 2200,
	 '{"type":"tool","callID":"call_state_02","tool":"docs_search","state":{"status":"pending","input":{"q":"wal"}}}'),
	('prt_state_03', 'msg_status', 'ses_status', 2300, 2300,
	 '{"type":"tool","callID":"call_state_03","tool":"docs_search","state":{"status":"running","input":{"q":"wal"},"output":"partial","time":{"start":2300,"end":2400}}}'),
	('prt_state_04', 'msg_status', 'ses_status', 2500, 2500,
	 '{"type":"tool","callID":"call_state_04","tool":"docs_search","state":{"status":"paused","input":{"q":"wal"},"output":"page 1","error":"asked to wait","time":{"start":2500,"end":2600}}}'),
	('prt_state_05', 'msg_status', 'ses_status', 2700, 2700,
	 '{"type":"tool","callID":"call_state_05","tool":"docs_search","state":{"status":"paused","input":{"q":"wal"},"output":"page 1","error":"asked to wait","time":{"start":2700}}}'),
	('prt_state_06', 'msg_status', 'ses_status', 2800, 2800,
	 '{"type":"tool","callID":"call_state_06","tool":"docs_search","state":{"status":"completed","input":{"q":"wal"},"output":"page 2","time":{"start":2800}}}'),
	('prt_state_07', 'msg_status', 'ses_status', 2900, 2900,
	 '{"type":"tool","callID":"call_state_07","tool":"docs_search","state":{"status":"error","input":{"q":"wal"},"error":"gone","time":{"start":2900}}}'),
	-- the end lies before the start and is clamped
	('prt_state_08', 'msg_status', 'ses_status', 3000, 3000,
	 '{"type":"tool","callID":"call_state_08","tool":"docs_search","state":{"status":"completed","input":{"q":"wal"},"output":"page 3","time":{"start":3000,"end":2900}}}'),
	-- status completed: state.error is not shown
	('prt_state_09', 'msg_status', 'ses_status', 3100, 3100,
	 '{"type":"tool","callID":"call_state_09","tool":"docs_search","state":{"status":"completed","input":{"q":"wal"},"output":"page 4","error":"left over","time":{"start":3100,"end":3200}}}'),
	('prt_state_10', 'msg_status', 'ses_status', 3300, 3300, '{"type":"tool","tool":"docs_search"}'),
	('prt_state_11', 'msg_status', 'ses_status', 7900, 7900,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":15,"output":5,"reasoning":0,"cache":{"read":0,"write":0}}}');

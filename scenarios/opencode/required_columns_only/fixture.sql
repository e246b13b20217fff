-- Every table with nothing but the columns the adapter cannot do without. Without message.time_created messages are
-- ordered by id and their times are 0, Extras is null because every text of the session is missing, and the LLM op
-- starts at 0.

CREATE TABLE session (
	id TEXT PRIMARY KEY,
	time_created INTEGER NOT NULL,
	time_updated INTEGER NOT NULL
);

CREATE TABLE message (
	id TEXT PRIMARY KEY,
	session_id TEXT NOT NULL,
	time_updated INTEGER NOT NULL,
	data TEXT NOT NULL
);

CREATE TABLE part (
	id TEXT PRIMARY KEY,
	message_id TEXT NOT NULL,
	session_id TEXT NOT NULL,
	time_updated INTEGER NOT NULL,
	data TEXT NOT NULL
);

CREATE TABLE session_message (
	id TEXT PRIMARY KEY,
	session_id TEXT NOT NULL,
	type TEXT NOT NULL,
	time_updated INTEGER NOT NULL,
	data TEXT NOT NULL
);

INSERT INTO session (id, time_created, time_updated) VALUES
	('ses_bare', 1000, 9000);

INSERT INTO message (id, session_id, time_updated, data) VALUES
	('msg_bare_b', 'ses_bare', 3900,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":30,"output":3,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":3000,"completed":3900}}'),
	('msg_bare_a', 'ses_bare', 5900,
	 '{"role":"assistant","providerID":"northwind","modelID":"quill-3","agent":"build","cost":0,"tokens":{"input":10,"output":1,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":5000,"completed":5900}}');

INSERT INTO part (id, message_id, session_id, time_updated, data) VALUES
	('prt_bare_1', 'msg_bare_a', 'ses_bare', 5100, '{"type":"step-start"}'),
	('prt_bare_2', 'msg_bare_a', 'ses_bare', 5800,
	 '{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":10,"output":1,"reasoning":0,"cache":{"read":0,"write":0}}}'),
	('prt_bare_3', 'msg_bare_b', 'ses_bare', 3100,
	 '{"type":"tool","callID":"call_bare_3","tool":"read","state":{"status":"completed","input":{"path":"a"},"output":"b","time":{"start":3200,"end":3300}}}');

INSERT INTO session_message (id, session_id, type, time_updated, data) VALUES
	('smg_bare', 'ses_bare', 'agent-switched', 9000, '{"agent":"plan"}');

INSERT INTO message VALUES ('msg_b_7', 'ses_b', 1700000000100, 1700000000100, '{"role":"assistant","modelID":"quill-3","providerID":"northwind","cost":0.01,"tokens":{"input":10,"output":2,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":1700000000100,"completed":1700000000150}}');
INSERT INTO part VALUES ('prt_b_71', 'msg_b_7', 'ses_b', 1700000000100, 1700000000100, '{"type":"step-start"}');
INSERT INTO part VALUES ('prt_b_72', 'msg_b_7', 'ses_b', 1700000000101, 1700000000101, '{"type":"text","text":"hi"}');
INSERT INTO part VALUES ('prt_b_73', 'msg_b_7', 'ses_b', 1700000000102, 1700000000102, '{"type":"step-finish","cost":0.01,"tokens":{"input":10,"output":2,"reasoning":0,"cache":{"read":0,"write":0}}}');

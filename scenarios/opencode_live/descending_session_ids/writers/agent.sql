BEGIN;
INSERT INTO session (id, project_id, parent_id, slug, directory, title, version, time_created, time_updated) VALUES
	('ses_e', 'prj_demo', NULL, 'e', '/srv/app', 'ses_e', '1.15.0', 1700000000000, 1700000000000);
INSERT INTO message VALUES ('msg_e_0', 'ses_e', 1700000000000, 1700000000000, '{"role":"user","time":{"created":1700000000000}}');
COMMIT;
BEGIN;
INSERT INTO message VALUES ('msg_e_1', 'ses_e', 1700000000001, 1700000000001, '{"role":"assistant","modelID":"quill-3","providerID":"northwind","cost":0.01,"tokens":{"input":10,"output":2,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":1700000000001,"completed":1700000000051}}');
INSERT INTO part VALUES ('prt_e_11', 'msg_e_1', 'ses_e', 1700000000001, 1700000000001, '{"type":"step-start"}');
INSERT INTO part VALUES ('prt_e_12', 'msg_e_1', 'ses_e', 1700000000002, 1700000000002, '{"type":"text","text":"hi"}');
INSERT INTO part VALUES ('prt_e_13', 'msg_e_1', 'ses_e', 1700000000003, 1700000000003, '{"type":"step-finish","cost":0.01,"tokens":{"input":10,"output":2,"reasoning":0,"cache":{"read":0,"write":0}}}');
COMMIT;
BEGIN;
INSERT INTO session (id, project_id, parent_id, slug, directory, title, version, time_created, time_updated) VALUES
	('ses_d', 'prj_demo', NULL, 'd', '/srv/app', 'ses_d', '1.15.0', 1700000000010, 1700000000010);
INSERT INTO message VALUES ('msg_d_0', 'ses_d', 1700000000010, 1700000000010, '{"role":"user","time":{"created":1700000000010}}');
COMMIT;
BEGIN;
INSERT INTO message VALUES ('msg_d_1', 'ses_d', 1700000000011, 1700000000011, '{"role":"assistant","modelID":"quill-3","providerID":"northwind","cost":0.01,"tokens":{"input":10,"output":2,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":1700000000011,"completed":1700000000061}}');
INSERT INTO part VALUES ('prt_d_11', 'msg_d_1', 'ses_d', 1700000000011, 1700000000011, '{"type":"step-start"}');
INSERT INTO part VALUES ('prt_d_12', 'msg_d_1', 'ses_d', 1700000000012, 1700000000012, '{"type":"text","text":"hi"}');
INSERT INTO part VALUES ('prt_d_13', 'msg_d_1', 'ses_d', 1700000000013, 1700000000013, '{"type":"step-finish","cost":0.01,"tokens":{"input":10,"output":2,"reasoning":0,"cache":{"read":0,"write":0}}}');
COMMIT;

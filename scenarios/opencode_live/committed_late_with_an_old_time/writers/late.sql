-- step: an old part ends
UPDATE part SET time_updated = 1699999120000, data = '{"type":"tool","tool":"read","state":{"status":"completed","input":{"path":"a"},"output":"done","time":{"start":1699999110000,"end":1699999120000}}}' WHERE id = 'prt_aa';
-- step: an old message comes
INSERT INTO message VALUES ('msg_a_0', 'ses_a', 1699999115000, 1699999115000, '{"role":"assistant","modelID":"quill-3","providerID":"northwind","cost":0.01,"tokens":{"input":10,"output":2,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":1699999115000,"completed":1699999115050}}');
-- step: an old message changes
UPDATE message SET data = json_set(data, '$.cost', 0.25), time_updated = 1699999130000 WHERE id = 'msg_a_1';

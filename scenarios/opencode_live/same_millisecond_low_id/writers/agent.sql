-- step: the tool of the other session ends in the millisecond of the last row
UPDATE part SET time_updated = 1700000000000, data = '{"type":"tool","tool":"read","state":{"status":"completed","input":{"path":"a"},"output":"done","time":{"start":1699999999500,"end":1700000000000}}}' WHERE id = 'prt_aa';
-- step: and once more
UPDATE part SET time_updated = 1700000000000, data = '{"type":"tool","tool":"read","state":{"status":"error","input":{"path":"a"},"error":"gone","time":{"start":1699999999500,"end":1700000000000}}}' WHERE id = 'prt_aa';

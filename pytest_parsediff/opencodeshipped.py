"""Small opencode stores with what is done to them, for conformance runs."""

# ruff: noqa: S608 - texts of our own
from __future__ import annotations

from typing import NamedTuple

from pytest_parsediff.opencodeschema import OPENCODE_SCHEMA


class ShippedStore(NamedTuple):
    """A store and one writer to it.

    Attributes:
        name: Names the scenario.
        sql: The ``fixture.sql``.
        writer: The script.
    """

    name: str
    sql: str
    writer: str


_MODEL = '{"id":"alder","providerID":"northwind"}'
_TURN = (
    '{"role":"assistant","agent":"build","modelID":"alder","providerID":"northwind",'
    '"cost":0.5,"tokens":{"input":40,"output":7,"reasoning":0,"cache":{"read":0,"write":0}},'
    '"time":{"created":1699999999000,"completed":1699999999002}}'
)
_ASKED = '{"role":"user","agent":"build","model":{"modelID":"alder","providerID":"northwind"}}'
_FINISH = (
    '{"type":"step-finish","reason":"stop","cost":0.5,'
    '"tokens":{"input":40,"output":7,"reasoning":0,"cache":{"read":0,"write":0}}}'
)
_SESSIONS = f"""\
INSERT INTO session(id, project_id, parent_id, slug, directory, title, version, agent,
    model, time_created, time_updated) VALUES
    ('ses_fff', 'prj', '', 'one', '/srv/app', 'First', '1.18.0', 'build', '{_MODEL}', 1699999999000, 1699999999000),
    ('ses_ffe', 'prj', 'ses_fff', 'two', '/srv/app', 'Child', '1.18.0', 'build', '{_MODEL}', 1699999999000, 1699999999000);
"""
_TURNS = f"""\
INSERT INTO message VALUES
    ('msg_000', 'ses_fff', 1699999999000, 1699999999000, '{_ASKED}'),
    ('msg_001', 'ses_fff', 1699999999001, 1699999999001, '{_TURN}'),
    ('msg_002', 'ses_ffe', 1699999999001, 1699999999001, '{_TURN}');
INSERT INTO part VALUES
    ('prt_000', 'msg_000', 'ses_fff', 1699999999000, 1699999999000, '{{"type":"text","text":"do it"}}'),
    ('prt_001', 'msg_001', 'ses_fff', 1699999999001, 1699999999001, '{{"type":"step-start"}}'),
    ('prt_002', 'msg_001', 'ses_fff', 1699999999001, 1699999999001, '{{"type":"text","text":"done \u2713"}}'),
    ('prt_003', 'msg_001', 'ses_fff', 1699999999001, 1699999999001, '{_FINISH}'),
    ('prt_004', 'msg_002', 'ses_ffe', 1699999999001, 1699999999001, '{{"type":"step-start"}}');
"""
_STREAMED = f"""\
-- step: a message begins
INSERT INTO message VALUES ('msg_003', 'ses_ffe', now_ms(), now_ms(), '{_TURN}');
-- step: its first part
INSERT INTO part VALUES ('prt_005', 'msg_003', 'ses_ffe', now_ms(), now_ms(), '{{"type":"step-start"}}');
-- step: its text
INSERT INTO part VALUES ('prt_006', 'msg_003', 'ses_ffe', now_ms(), now_ms(), '{{"type":"text","text":"so"}}');
-- step: more of its text
UPDATE part SET data = '{{"type":"text","text":"so far"}}', time_updated = now_ms() WHERE id = 'prt_006';
-- step: the step is finished, and usage added up
INSERT INTO part VALUES ('prt_007', 'msg_003', 'ses_ffe', now_ms(), now_ms(), '{_FINISH}');
UPDATE session SET tokens_input = 40, tokens_output = 7 WHERE id = 'ses_ffe';
-- step: checkpoint
PRAGMA wal_checkpoint(TRUNCATE);
"""
_WITHOUT_STAMP = """\
-- step: begin a session
INSERT INTO session(id, project_id, parent_id, slug, directory, title, version, agent,
    time_created, time_updated)
    VALUES ('ses_ffd', 'prj', '', 'three', '/srv/app', 'Third', '1.18.0', 'build', now_ms(), now_ms());
-- step: rename
UPDATE session SET title = 'Renamed' WHERE id = 'ses_fff';
-- step: archive
UPDATE session SET time_archived = now_ms() WHERE id = 'ses_ffe';
-- step: checkpoint
PRAGMA wal_checkpoint(PASSIVE);
"""
_REVERTED = f"""\
-- step: revert the last message
DELETE FROM part WHERE message_id = 'msg_001';
DELETE FROM message WHERE id = 'msg_001';
-- step: answer again
INSERT INTO message VALUES ('msg_004', 'ses_fff', now_ms(), now_ms(), '{_TURN}');
INSERT INTO part VALUES ('prt_008', 'msg_004', 'ses_fff', now_ms(), now_ms(), '{{"type":"step-start"}}');
"""

#: By format.
SHIPPED: dict[str, tuple[ShippedStore, ...]] = {
    "opencode": tuple(
        ShippedStore(name, f"{OPENCODE_SCHEMA}{_SESSIONS}{_TURNS}", writer)
        for name, writer in (
            ("streamed_turn", _STREAMED),
            ("changes_without_stamp", _WITHOUT_STAMP),
            ("revert_and_retry", _REVERTED),
        )
    )
}

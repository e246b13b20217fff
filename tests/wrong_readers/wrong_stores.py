"""Stores shaped like those of agents, a few rows each, and the programs that write them."""

from __future__ import annotations

import json

from wrong_case import Store

_TREE_TABLES = """\
CREATE TABLE session(
    id TEXT PRIMARY KEY, title TEXT, tokens INTEGER, time_updated INTEGER,
    time_compacting INTEGER);
CREATE TABLE message(
    id TEXT PRIMARY KEY, session_id TEXT, data TEXT, time_updated INTEGER);
CREATE TABLE part(
    id TEXT PRIMARY KEY, message_id TEXT, session_id TEXT, tokens INTEGER,
    time_updated INTEGER);
CREATE INDEX message_session ON message(session_id);
CREATE INDEX part_session ON part(session_id);
INSERT INTO session VALUES
    ('ses_9', 'first', 3, 1699999999000, NULL),
    ('ses_8', 'second', 4, 1700000000000, NULL);
INSERT INTO message VALUES
    ('msg_1', 'ses_9', 'hello', 1699999999000),
    ('msg_2', 'ses_8', 'again', 1700000000000);
INSERT INTO part VALUES
    ('prt_1', 'msg_1', 'ses_9', 1, 1699999999000),
    ('prt_2', 'msg_1', 'ses_9', 2, 1699999999000),
    ('prt_3', 'msg_2', 'ses_8', 4, 1700000000000);
"""

#: Sessions with messages and parts: rows change in place and are added, each change
#: stamped, several of them in one millisecond if the clock stands still. Most sessions
#: change once, so that nothing later makes up for what was missed.
TREES = Store(
    sql=_TREE_TABLES,
    writers=(
        """\
UPDATE part SET tokens = 10, time_updated = now_ms() WHERE id = 'prt_1';
BEGIN;
INSERT INTO session VALUES ('ses_7', 'third', 0, now_ms(), NULL);
INSERT INTO message VALUES ('msg_3', 'ses_7', 'more', now_ms());
INSERT INTO part VALUES ('prt_4', 'msg_3', 'ses_7', 5, now_ms());
COMMIT;
PRAGMA wal_checkpoint(PASSIVE);
UPDATE message SET data = 'again!', time_updated = now_ms() WHERE id = 'msg_2';
""",
        """\
INSERT INTO session VALUES ('ses_6', 'fourth', 0, now_ms(), NULL);
UPDATE session SET title = 'third!', time_updated = now_ms() WHERE id = 'ses_7';
""",
    ),
)

#: Sessions whose total is, in every committed state, the sum over their parts.
TOTALS = Store(
    sql=_TREE_TABLES,
    writers=(
        """\
BEGIN;
INSERT INTO part VALUES ('prt_4', 'msg_1', 'ses_9', 5, now_ms());
UPDATE session SET tokens = tokens + 5 WHERE id = 'ses_9';
COMMIT;
BEGIN;
UPDATE part SET tokens = 6 WHERE id = 'prt_3';
UPDATE session SET tokens = 6 WHERE id = 'ses_8';
COMMIT;
BEGIN;
DELETE FROM part WHERE id = 'prt_1';
UPDATE session SET tokens = tokens - 1 WHERE id = 'ses_9';
COMMIT;
""",
    ),
)

#: A session that is compacted: while it is, its messages are not what they will be.
COMPACTED = Store(
    sql=_TREE_TABLES,
    writers=(
        """\
INSERT INTO message VALUES ('msg_3', 'ses_9', 'more', now_ms());
UPDATE session SET time_compacting = now_ms() WHERE id = 'ses_9';
DELETE FROM message WHERE session_id = 'ses_9';
INSERT INTO message VALUES ('msg_4', 'ses_9', 'summary', now_ms());
UPDATE session SET time_compacting = NULL WHERE id = 'ses_9';
""",
    ),
)

_MESSAGES = """\
CREATE TABLE message(id TEXT PRIMARY KEY, session TEXT, data TEXT, updated INTEGER);
CREATE INDEX message_updated ON message(updated);
INSERT INTO message VALUES
    ('m0', 's0', 'zero', 1700000000000),
    ('m1', 's0', 'one', 1700000000000),
    ('m2', 's1', 'two', 1700000000000);
"""
_APPENDS_AND_CHANGES = (
    """\
UPDATE message SET data = 'zero!', updated = now_ms() WHERE id = 'm0';
INSERT INTO message VALUES ('m3', 's0', 'three', now_ms());
PRAGMA wal_checkpoint(PASSIVE);
UPDATE message SET data = 'zero!!', updated = now_ms() WHERE id = 'm0';
""",
    """\
INSERT INTO message VALUES ('m4', 's1', 'four', now_ms());
UPDATE message SET data = 'one!', updated = now_ms() WHERE id = 'm1';
""",
)

#: One table with an index on its stamp.
MESSAGES = Store(sql=_MESSAGES, writers=_APPENDS_AND_CHANGES)

#: Rows with JSON in them.
BODIES = Store(
    sql="""\
CREATE TABLE message(id TEXT PRIMARY KEY, session TEXT NOT NULL, data TEXT NOT NULL);
INSERT INTO message VALUES
    ('m0', 's0', '{"role": "user"}'),
    ('m1', 's0', '{"role": "assistant", "tokens": 3}'),
    ('m2', 's1', '{"role": "user"}');
""",
    writers=(
        """\
INSERT INTO message VALUES ('m3', 's1', '{"role": "assistant"}');
UPDATE message SET data = '{"role": "user", "text": "hi"}' WHERE id = 'm0';
""",
    ),
)

#: The same without checkpoints: the main file stays as it is.
UNCHECKPOINTED = Store(sql=_MESSAGES, writers=_APPENDS_AND_CHANGES[1:])

#: Rows of several milliseconds, a rollback journal, and a writer that keeps its lock.
LOCKED = Store(
    sql=_MESSAGES.replace("'one', 1700000000000", "'one', 1699999999000"),
    journal="delete",
    writers=(
        """\
-- step: take the lock and change a row
BEGIN EXCLUSIVE;
UPDATE message SET data = 'zero!', updated = now_ms() WHERE id = 'm0';
-- step: commit
COMMIT;
-- step: take the lock and add a row
BEGIN EXCLUSIVE;
INSERT INTO message VALUES ('m3', 's0', 'three', now_ms());
-- step: commit again
COMMIT;
""",
    ),
)

#: Rows are physically deleted, as a revert does it.
DELETED = Store(
    sql=_MESSAGES,
    writers=(
        """\
INSERT INTO message VALUES ('m3', 's0', 'three', now_ms());
DELETE FROM message WHERE id = 'm1';
UPDATE message SET data = 'zero!', updated = now_ms() WHERE id = 'm0';
DELETE FROM message WHERE id = 'm3';
""",
    ),
)

#: Session ids fall as time goes on.
DESCENDING = Store(
    sql="""\
CREATE TABLE session(id TEXT PRIMARY KEY, title TEXT);
INSERT INTO session VALUES ('ses_9', 'first'), ('ses_8', 'second');
""",
    writers=(
        """\
INSERT INTO session VALUES ('ses_7', 'third');
INSERT INTO session VALUES ('ses_6', 'fourth');
""",
    ),
)

#: A title comes later, and its update does not touch the stamp.
UNBUMPED = Store(
    sql="""\
CREATE TABLE session(id TEXT PRIMARY KEY, title TEXT, time_updated INTEGER);
INSERT INTO session VALUES
    ('ses_9', 'New session', 1700000000000), ('ses_8', 'second', 1700000000000);
""",
    writers=(
        """\
INSERT INTO session VALUES ('ses_7', 'New session', now_ms());
UPDATE session SET title = 'Fix the build' WHERE id = 'ses_9';
UPDATE session SET title = 'Write docs' WHERE id = 'ses_7';
""",
    ),
)

#: Each message in the old table and, after an upgrade, in the new one too.
TWO_STORAGES = Store(
    sql="""\
CREATE TABLE message(id INTEGER PRIMARY KEY, uid TEXT, tokens INTEGER);
CREATE TABLE session_message(id INTEGER PRIMARY KEY, uid TEXT, tokens INTEGER);
INSERT INTO message VALUES (1, 'm1', 10), (2, 'm2', 20);
INSERT INTO session_message VALUES (1, 'm1', 10), (2, 'm2', 20), (3, 'm3', 30);
""",
    writers=("INSERT INTO session_message VALUES (4, 'm4', 40);\n",),
)

#: An upgrade renames a column while the reader is there.
UPGRADED = Store(
    sql=_MESSAGES,
    writers=(
        """\
INSERT INTO message VALUES ('m3', 's0', 'three', now_ms());
ALTER TABLE message RENAME COLUMN data TO body;
INSERT INTO message VALUES ('m4', 's1', 'four', now_ms());
""",
    ),
)


def _step(verb: str, *lines: object, cuts: str = "") -> str:
    """Return a step that writes lines of JSON to the one file there is."""
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    cut = f"cuts = {cuts}\n" if cuts else ""
    return f'[[step]]\n{verb} = "session.jsonl"\ntext = {json.dumps(text)}\n{cut}'


_LINES = '{"text": "zero"}\n{"text": "one"}\n'

#: Whole lines are added.
LINES = Store(
    files={"session.jsonl": _LINES},
    writers=(
        _step("append", {"text": "two"})
        + _step("append", {"text": "three"}, {"text": "four"})
        + _step("append", {"text": "five"}),
    ),
)

#: Lines are added in parts, one of them cut inside a character.
PARTS = Store(
    files={"session.jsonl": _LINES},
    writers=(
        _step("append_part", {"text": "zw\u00f6lf"}, cuts="[7, 13]")
        + _step("append_part", {"text": "six"}, {"text": "seven"}, cuts="[20]"),
    ),
)

#: The file is replaced by one that says the same otherwise, and goes on.
REPLACED = Store(
    files={"session.jsonl": _LINES},
    writers=(
        _step("append", {"text": "two"})
        + _step("replace", *({"text": t} for t in ("ZERO", "ONE", "TWO", "THREE")))
        + _step("append", {"text": "four"}),
    ),
)

#: Each line holds the total so far.
RUNNING_TOTALS = Store(
    files={"session.jsonl": '{"total": 10}\n{"total": 15}\n'},
    writers=(_step("append", {"total": 40}) + _step("append", {"total": 41}),),
)

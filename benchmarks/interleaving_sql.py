"""The SQL that ``interleaving.py`` runs: a store, two writers and a reader.

The store has 36 KiB. Two writers make five transactions each, of two statements inside
``BEGIN IMMEDIATE``; a poll of the reader is ten indexed statements. Two polls are
interleaved with the writers, and one more runs when all is quiet.

Needs nothing but the standard library, so that every program can run the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

#: Polls while writers write.
POLLS = 2
#: Transactions of each writer.
TRANSACTIONS = 5
WRITERS = ("a", "b")
START_MS = 1_700_000_000_000
FIXTURE = f"""\
CREATE TABLE message(id TEXT PRIMARY KEY, session TEXT, data TEXT, updated INTEGER);
CREATE INDEX message_updated ON message(updated);
INSERT INTO message VALUES
    ('m0', 's0', 'v0', {START_MS}), ('m1', 's0', 'v0', {START_MS}), ('m2', 's1', 'v0', {START_MS});
CREATE TABLE part(id TEXT PRIMARY KEY, data TEXT);
INSERT INTO part VALUES ('p0', '{"x" * 3000}'), ('p1', '{"y" * 3000}'), ('p2', '{"z" * 3000}');
CREATE TABLE kept(id TEXT PRIMARY KEY, data TEXT);
"""
LATEST = "SELECT id, session, data, updated FROM message WHERE updated >= ? ORDER BY updated, id"
ONE = "SELECT data FROM message WHERE id = ?"
#: Of one poll.
STATEMENTS = 10


def transactions(writer: str, count: int = TRANSACTIONS) -> list[list[str]]:
    """Return the statements of each transaction of *writer*."""
    return [
        [
            "BEGIN IMMEDIATE",
            f"INSERT INTO message VALUES ('{writer}{n}', 's{n % 2}', 'v0', now_ms())",
            f"UPDATE message SET data = '{writer}{n}', updated = now_ms() WHERE id = 'm{n % 3}'",
            "COMMIT",
        ]
        for n in range(count)
    ]


def go_on() -> None:
    """Stop for nobody."""


def poll(
    database: Any,
    cursor: str | None,
    pause: Callable[[], None] = go_on,
    checkpoint: Callable[[str], Any] = str,
) -> Iterator[Any]:
    """Yield what has changed since *cursor*, and where to go on from.

    Args:
        database: A connection of any library.
        cursor: What the poll before yielded last; ``None`` from the beginning.
        pause: Called just before each statement.
        checkpoint: What to make of where to go on from.
    """
    watermark = int(cursor or 0)
    pause()
    rows = database.execute(LATEST, (watermark,)).fetchall()
    for number in range(STATEMENTS - 1):
        pause()
        database.execute(ONE, (f"m{number % 3}",)).fetchall()
    for key, session, data, updated in rows:
        yield {"id": key, "session": session, "data": data, "updated": updated}
        watermark = max(watermark, updated)
    yield checkpoint(str(watermark))


# --- a torn read, which every program should find -------------------------------------

TORN_FIXTURE = """\
CREATE TABLE parent(id TEXT PRIMARY KEY);
CREATE TABLE child(id TEXT PRIMARY KEY);
"""
#: What the reader executes, each statement on its own.
TORN_READS = ("SELECT count(*) FROM parent", "SELECT count(*) FROM child")
#: Transactions of the one writer: no committed state has a child and no parent.
TORN_WRITES = (
    ["INSERT INTO parent VALUES ('p')"],
    ["INSERT INTO child VALUES ('c')"],
)

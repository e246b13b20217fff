"""Readers that follow three tables by their stamps, and what goes wrong at the boundary.

A row that changes in the millisecond of the watermark does not stand behind it, so each
poll reads that millisecond, the *boundary*, once more. The rule was got wrong in public
in every way below, and tests that only ask whether a session was ever emitted passed.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from wrong_case import Reader
from wrong_stores import TREES

from pytest_parsediff.core.event import Checkpoint, Context, Emission, Source
from pytest_parsediff.laws.law import Law

#: Stamp and id of the last row read, and the largest id, per table.
Position: TypeAlias = dict[str, list[Any]]
_OWNER = {"session": "id", "message": "session_id", "part": "session_id"}


def connect(source: Source) -> sqlite3.Connection:
    """Return a read-only connection in autocommit mode."""
    uri = f"{source.path.as_uri()}?mode=ro"
    return sqlite3.connect(uri, uri=True, isolation_level=None)


@contextmanager
def snapshot(db: sqlite3.Connection) -> Iterator[None]:
    """Read everything inside from one snapshot."""
    db.execute("BEGIN")
    try:
        yield
    finally:
        db.execute("COMMIT")


class FollowsTrees(Reader):
    """Reads the boundary of all tables in each poll, in one snapshot with what follows."""

    name = "follows-trees"
    store = TREES
    polls = 3
    emits = "session"
    key = ("/kind", "/id")

    def open(self, source: Source, _context: Context) -> Polls:
        """Return a reader that counts its polls."""
        return Polls(self, source)

    def affected(
        self, db: sqlite3.Connection, position: Position, _poll: int
    ) -> tuple[list[str], Position]:
        """Return sessions with news, and the new position."""
        with snapshot(db):
            again = boundary(db, position)
            newer, ahead = forward(db, position)
        return again + newer, ahead


@dataclass(slots=True)
class Polls:
    """One open reader.

    Attributes:
        rule: How it finds sessions with news.
        source: The store.
        poll: Number of polls that began from a position.
    """

    rule: FollowsTrees
    source: Source
    poll: int = 0

    def scan(self, cursor: str | None) -> Iterator[Emission]:
        """Yield every session with news, whole, then a checkpoint."""
        self.poll += cursor is not None
        with closing(connect(self.source)) as db:
            position = json.loads(cursor or "{}")
            sessions, ahead = self.rule.affected(db, position, self.poll)
            for session in dict.fromkeys(sessions):
                yield from tree(db, session)
            yield Checkpoint(json.dumps(ahead))

    def close(self) -> None:
        """Nothing stays open between polls."""


def boundary(
    db: sqlite3.Connection, position: Position, tables: tuple[str, ...] = tuple(_OWNER)
) -> list[str]:
    """Return the sessions of all rows in the millisecond of the position."""
    return [
        owner
        for table in tables
        if table in position
        for (owner,) in db.execute(
            f"SELECT {_OWNER[table]} FROM {table} WHERE time_updated = ? ORDER BY id",
            (position[table][0],),
        ).fetchall()
    ]


def forward(db: sqlite3.Connection, position: Position) -> tuple[list[str], Position]:
    """Return the sessions of all rows behind the position, and the new one."""
    found, ahead = [], dict(position)
    for table, owner in _OWNER.items():
        stamp, last, largest = position.get(table, [0, "", ""])
        rows = db.execute(
            f"SELECT {owner}, time_updated, id FROM {table} WHERE time_updated > ?"
            " OR (time_updated = ? AND id > ?) ORDER BY time_updated, id",
            (stamp, stamp, last),
        ).fetchall()
        if rows:
            largest = max([largest, *(row[2] for row in rows)])
            ahead[table] = [rows[-1][1], rows[-1][2], largest]
        found += [row[0] for row in rows]
    return found, ahead


def tree(db: sqlite3.Connection, session: str) -> list[Emission]:
    """Return the events of one session, from one snapshot."""
    with snapshot(db):
        rows = [
            (kind, *row)
            for kind, sql in (
                ("session", "SELECT id, title FROM session WHERE id = ?"),
                ("message", "SELECT id, data FROM message WHERE session_id = ?"),
                ("part", "SELECT id, tokens FROM part WHERE session_id = ?"),
            )
            for row in db.execute(f"{sql} ORDER BY id", (session,))
        ]
    return [
        {"session": session, "kind": kind, "id": id_, "value": value}
        for kind, id_, value in rows
    ]


class NeverAgain(FollowsTrees):
    """Goes on behind the last (stamp, id), so a smaller id in that millisecond is lost."""

    name = "never-rescans"
    law = Law.CONVERGES
    fixed = FollowsTrees

    def affected(
        self, db: sqlite3.Connection, position: Position, _poll: int
    ) -> tuple[list[str], Position]:
        """Leave the boundary out."""
        with snapshot(db):
            return forward(db, position)


class AgainTooLate(FollowsTrees):
    """Reads the boundary after the position has moved: the millisecond left is not read."""

    name = "rescans-after-the-delta"
    law = Law.CONVERGES
    fixed = FollowsTrees

    def affected(
        self, db: sqlite3.Connection, position: Position, _poll: int
    ) -> tuple[list[str], Position]:
        """Read the new boundary."""
        with snapshot(db):
            newer, ahead = forward(db, position)
            again = boundary(db, ahead)
        return again + newer, ahead


class AgainInTheFirstPoll(FollowsTrees):
    """Reads the boundary in the first poll after a start, and never more.

    A test that makes all its changes around the first boundary passes.
    """

    name = "rescans-in-the-first-poll-only"
    law = Law.CONVERGES
    fixed = FollowsTrees
    times = 1

    def affected(
        self, db: sqlite3.Connection, position: Position, poll: int
    ) -> tuple[list[str], Position]:
        """Read the boundary a few times."""
        with snapshot(db):
            again = boundary(db, position) if poll <= self.times else []
            newer, ahead = forward(db, position)
        return again + newer, ahead


class AgainInTwoPolls(AgainInTheFirstPoll):
    """The same with the first two polls: one more round of the same test passes."""

    name = "rescans-in-the-first-two-polls-only"
    times = 2


class AgainInOneTable(FollowsTrees):
    """Reads the boundary of the session table only; messages and parts have their own."""

    name = "rescans-one-table-only"
    law = Law.CONVERGES
    fixed = FollowsTrees

    def affected(
        self, db: sqlite3.Connection, position: Position, _poll: int
    ) -> tuple[list[str], Position]:
        """Read one boundary."""
        with snapshot(db):
            again = boundary(db, position, ("session",))
            newer, ahead = forward(db, position)
        return again + newer, ahead


class AgainUnlessInserted(FollowsTrees):
    """Reads the boundary only where the expensive probe ran.

    A larger id is news enough, so the probe is left out then; the position moves, and a
    change in the millisecond it left is lost.
    """

    name = "rescans-unless-something-was-inserted"
    law = Law.CONVERGES
    fixed = FollowsTrees

    def affected(
        self, db: sqlite3.Connection, position: Position, _poll: int
    ) -> tuple[list[str], Position]:
        """Look for larger ids first."""
        with snapshot(db):
            is_probed = not any(
                db.execute(f"SELECT max(id) > ? FROM {table}", (largest,)).fetchone()[0]
                for table, (_, _, largest) in position.items()
            )
            again = boundary(db, position) if is_probed else []
            newer, ahead = forward(db, position)
        return again + newer, ahead


class AgainInItsOwnSnapshot(FollowsTrees):
    """Reads the boundary in a snapshot of its own, before the one that moves the position.

    A row that lands in the old millisecond between the two, together with a later one,
    is behind the boundary and before the position. So is the rule as it was published.
    """

    name = "rescans-in-a-snapshot-of-its-own"
    law = Law.CONVERGES
    fixed = FollowsTrees

    def affected(
        self, db: sqlite3.Connection, position: Position, _poll: int
    ) -> tuple[list[str], Position]:
        """Take two snapshots."""
        with snapshot(db):
            again = boundary(db, position)
        with snapshot(db):
            newer, ahead = forward(db, position)
        return again + newer, ahead

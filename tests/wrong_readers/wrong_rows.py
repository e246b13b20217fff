"""Readers of one table or two, and what is lost, kept or counted twice."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from wrong_case import Reader, Shows
from wrong_stores import (
    DELETED,
    DESCENDING,
    MESSAGES,
    TWO_STORAGES,
    UNBUMPED,
    UPGRADED,
)
from wrong_trees import connect, snapshot

from pytest_parsediff.core.event import Checkpoint, Context, Emission, Event, Source
from pytest_parsediff.laws.law import Law

_COLUMNS = "id, session, data, updated"


def event_of(row: tuple[Any, ...]) -> Event:
    """Return the event of one message."""
    return dict(zip(("id", "session", "data", "updated"), row, strict=True))


class FromTheWatermark(Reader):
    """Reads from the millisecond of its watermark on."""

    name = "from-the-watermark"
    store = MESSAGES
    laws = (*Reader.laws, Law.IDLE_CHEAP)
    query = f"SELECT {_COLUMNS} FROM message WHERE updated >= ? ORDER BY updated, id"

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield rows with news, then a checkpoint."""
        with closing(connect(source)) as db:
            rows = db.execute(self.query, (int(cursor or 0),)).fetchall()
        yield from map(event_of, rows)
        yield Checkpoint(str(max([int(cursor or 0), *(row[3] for row in rows)])))


class BehindTheWatermark(FromTheWatermark):
    """Reads what is newer than its watermark: the rest of that millisecond is lost."""

    name = "same-millisecond-loss"
    law = Law.CONVERGES
    fixed = FromTheWatermark
    query = f"SELECT {_COLUMNS} FROM message WHERE updated > ? ORDER BY updated, id"


class BehindTheLastId(FromTheWatermark):
    """Goes on behind the largest id: rows that change in place are not seen again."""

    name = "id-only-cursor"
    law = Law.CONVERGES
    fixed = FromTheWatermark

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield new rows, then a checkpoint."""
        query = f"SELECT {_COLUMNS} FROM message WHERE id > ? ORDER BY id"
        with closing(connect(source)) as db:
            rows = db.execute(query, (cursor or "",)).fetchall()
        yield from map(event_of, rows)
        yield Checkpoint(max([cursor or "", *(row[0] for row in rows)]))


class CheckpointFirst(FromTheWatermark):
    """Hands its cursor out before the rows it covers: a kill between them loses those."""

    name = "checkpoint-before-emit"
    law = Law.CRASH_SAFE
    fixed = FromTheWatermark

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield the checkpoint, then the rows."""
        emissions = list(super().scan(source, cursor))
        yield emissions.pop()
        yield from emissions


class RemembersAfter(Reader):
    """Keeps its watermark in a file of its own, written when all is handed out."""

    name = "remembers-afterwards"
    store = MESSAGES
    is_early = False
    source: Source
    file: Path

    def open(self, source: Source, context: Context) -> RemembersAfter:
        """Return a reader with its file."""
        reader = type(self)()
        reader.source, reader.file = source, context.state_dir / "watermark"
        return reader

    def scan(self, *_cursor: str | None) -> Iterator[Emission]:
        """Yield rows with news."""
        before = self.file.read_text() if self.file.exists() else "0"
        *events, last = FromTheWatermark().scan(self.source, before)
        assert isinstance(last, Checkpoint)
        if self.is_early:
            self.file.write_text(last.cursor)
        yield from events
        self.file.write_text(last.cursor)

    def close(self) -> None:
        """Nothing is open."""


class RemembersBefore(RemembersAfter):
    """Writes its watermark down before the rows are handed out.

    The same as a checkpoint that comes too early, in a reader that hands none out.
    """

    name = "state-saved-before-emit"
    law = Law.CRASH_SAFE
    fixed = RemembersAfter
    is_early = True


class WatermarkWithTheRows(FromTheWatermark):
    """Asks for the newest stamp in the snapshot that the rows come from."""

    name = "watermark-in-one-snapshot"
    laws = Reader.laws

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield rows with news, then the newest stamp there is."""
        with closing(connect(source)) as db:
            rows, newest = self.read(db, int(cursor or 0))
        yield from map(event_of, rows)
        yield Checkpoint(str(newest))

    def read(self, db: sqlite3.Connection, watermark: int) -> tuple[list[Any], int]:
        """Return the rows and the newest stamp."""
        with snapshot(db):
            rows = db.execute(self.query, (watermark,)).fetchall()
            (newest,) = db.execute("SELECT max(updated) FROM message").fetchone()
        return rows, newest


class WatermarkAfterTheRows(WatermarkWithTheRows):
    """Asks for the newest stamp after the rows: what came between has it, unread."""

    name = "watermark-in-a-second-snapshot"
    law = Law.CONVERGES
    fixed = WatermarkWithTheRows

    def read(self, db: sqlite3.Connection, watermark: int) -> tuple[list[Any], int]:
        """Return the rows and the newest stamp."""
        rows = db.execute(self.query, (watermark,)).fetchall()
        (newest,) = db.execute("SELECT max(updated) FROM message").fetchone()
        return rows, newest


class AllSessions(Reader):
    """Reads every session in every poll."""

    name = "all-sessions"
    store = DESCENDING
    query = "SELECT id, title, id FROM session WHERE ? IS NOT NULL ORDER BY id"

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield sessions with news, then a checkpoint."""
        with closing(connect(source)) as db:
            rows = db.execute(self.query, (cursor or "",)).fetchall()
        for id_, title, _ in rows:
            yield {"session": id_, "id": id_, "title": title}
        yield Checkpoint(str(max([cursor or "", *(str(row[2]) for row in rows)])))


class SessionsBehindTheLargest(AllSessions):
    """Looks for larger session ids, where ids fall as time goes on: it sees none."""

    name = "descending-session-ids"
    law = Law.CONVERGES
    fixed = AllSessions
    query = "SELECT id, title, id FROM session WHERE id > ? ORDER BY id"


class AllTitles(AllSessions):
    """The same for sessions with a stamp."""

    name = "all-titles"
    store = UNBUMPED


class TitlesByStamp(AllTitles):
    """Trusts a stamp that the writer leaves alone when it finds a title."""

    name = "title-without-a-bump"
    law = Law.CONVERGES
    fixed = AllTitles
    query = (
        "SELECT id, title, time_updated FROM session"
        " WHERE time_updated >= CAST(? AS INTEGER) ORDER BY id"
    )


class TellsOfDeletions(Reader):
    """Remembers the ids it has handed out, and says which of them are gone."""

    name = "tells-of-deletions"
    store = DELETED
    tombstone = "/gone"
    tells = True

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield all rows and what is gone, then a checkpoint."""
        known = json.loads(cursor or "{}")
        with closing(connect(source)) as db:
            rows = db.execute(f"SELECT {_COLUMNS} FROM message ORDER BY id").fetchall()
        now = {row[0]: row[1] for row in rows}
        yield from map(event_of, rows)
        for id_, session in known.items():
            if self.tells and id_ not in now:
                yield {"id": id_, "session": session, "gone": True}
        yield Checkpoint(json.dumps(now))


class KeepsTheDeleted(TellsOfDeletions):
    """Says nothing of rows that are gone, so its consumer keeps them for ever."""

    name = "deleted-rows-kept"
    law = Law.CONVERGES
    fixed = TellsOfDeletions
    tells = False


class OneStorage(Reader):
    """Reads the new table, and of the old one what an upgrade did not take over."""

    name = "one-storage"
    store = TWO_STORAGES
    delivery = "exactly-once"
    old = "SELECT id, uid, tokens FROM message WHERE uid NOT IN"
    old += " (SELECT uid FROM session_message) AND ? = 0"

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield usage not seen yet, then a checkpoint."""
        new = "SELECT id, uid, tokens FROM session_message WHERE id > ?"
        query = f"{self.old} UNION ALL {new} ORDER BY 1"
        with closing(connect(source)) as db:
            rows = db.execute(query, (int(cursor or 0),) * 2).fetchall()
        for _, uid, tokens in rows:
            yield {"session": "s", "id": uid, "tokens": tokens}
        yield Checkpoint(str(max([int(cursor or 0), *(row[0] for row in rows)])))


class BothStorages(OneStorage):
    """Reads both tables after an upgrade, so that usage is counted twice."""

    name = "two-storages-counted"
    law = Law.NO_DUPLICATES
    shows = Shows.QUIET
    fixed = OneStorage
    old = "SELECT id, uid, tokens FROM message WHERE ? = 0"


class OneTotal(Reader):
    """Tells the total of a session under the identity of the session."""

    name = "one-total"
    store = MESSAGES
    identity = "session"

    def scan(self, source: Source, _cursor: str | None) -> Iterator[Emission]:
        """Yield a total per session, then a checkpoint."""
        query = (
            "SELECT session, sum(length(data)), session || max(updated)"
            " FROM message GROUP BY session"
        )
        with closing(connect(source)) as db:
            rows = db.execute(query).fetchall()
        for session, total, moment in rows:
            id_ = session if self.identity == "session" else moment
            yield {"session": session, "id": id_, "total": total}
        yield Checkpoint("")


class ManyTotals(OneTotal):
    """Tells each new total under a new identity: whoever adds them up counts twice."""

    name = "totals-under-new-identities"
    law = Law.CONVERGES
    fixed = OneTotal
    identity = "moment"


class KnowsBothSchemas(FromTheWatermark):
    """Looks which columns there are before it asks for them, in one snapshot."""

    name = "knows-both-schemas"
    store = UPGRADED
    laws = Reader.laws

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield rows with news, then a checkpoint."""
        with closing(connect(source)) as db:
            rows = self.read(db, int(cursor or 0))
        yield from map(event_of, rows)
        yield Checkpoint(str(max([int(cursor or 0), *(row[3] for row in rows)])))

    def read(self, db: sqlite3.Connection, watermark: int) -> list[Any]:
        """Return the rows."""
        with snapshot(db):
            columns = [row[1] for row in db.execute("PRAGMA table_info(message)")]
            query = self.query.replace("data", "data" if "data" in columns else "body")
            return db.execute(query, (watermark,)).fetchall()


class EmptyAfterTheUpgrade(KnowsBothSchemas):
    """Takes a schema it does not know for a store with nothing new in it."""

    name = "silent-empty-on-drift"
    law = Law.CONVERGES
    fixed = KnowsBothSchemas

    def read(self, db: sqlite3.Connection, watermark: int) -> list[Any]:
        """Return the rows, or none."""
        with suppress(sqlite3.OperationalError):
            return db.execute(self.query, (watermark,)).fetchall()
        return []

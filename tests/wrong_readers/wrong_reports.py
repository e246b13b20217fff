"""Readers that meet something bad, and readers whose evidence says too little."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any, TypeAlias

from wrong_case import Reader, Shows
from wrong_rows import AllTitles
from wrong_stores import BODIES, LINES
from wrong_trees import connect

from pytest_parsediff.core.event import (
    Checkpoint,
    Emission,
    Event,
    Notice,
    Source,
)
from pytest_parsediff.laws.law import Law

#: An id, a session, JSON, and the storage class of each of them.
Row: TypeAlias = tuple[Any, Any, Any]
_BODIES = "SELECT id, session, data FROM message ORDER BY id"


class ReportsBadRows(Reader):
    """Says which row is bad, and hands out all others."""

    name = "reports-bad-rows"
    store = BODIES
    laws = (*Reader.laws, Law.TOLERANT)

    def scan(self, source: Source, _cursor: str | None) -> Iterator[Emission]:
        """Yield the rows, each with its JSON, then a checkpoint."""
        with closing(connect(source)) as db:
            db.text_factory = bytes
            rows = db.execute(_BODIES).fetchall()
        for row in rows:
            yield from self.take(row)
        yield Checkpoint("")

    def take(self, row: Row) -> Iterator[Emission]:
        """Yield the event of one row, or what is wrong with it."""
        try:
            yield event_of(row)
        except ValueError as error:
            yield Notice("bad-row", str(error), f"message/{row[0]!r}")


def event_of(row: Row) -> Event:
    """Return the event of one row.

    Raises:
        ValueError: A value is none that can be used.
    """
    texts = []
    for value in row:
        if not isinstance(value, bytes):
            raise ValueError(f"{value!r} is no text")  # noqa: TRY004 - bad data
        texts.append(value.decode())
    id_, session, data = texts
    return {"id": id_, "session": session, "body": json.loads(data)}


class StopsAtABadRow(ReportsBadRows):
    """Fails at the first bad row, so that one cell hides the whole store."""

    name = "bad-row-ends-the-scan"
    law = Law.TOLERANT
    shows = Shows.QUIET
    fixed = ReportsBadRows

    def take(self, row: Row) -> Iterator[Emission]:
        """Yield the event of one row."""
        yield event_of(row)


class LeavesBadRowsOut(ReportsBadRows):
    """Leaves bad rows out and says nothing: zero sessions, exit status 0."""

    name = "bad-row-left-out-silently"
    law = Law.TOLERANT
    shows = Shows.QUIET
    fixed = ReportsBadRows

    def take(self, row: Row) -> Iterator[Emission]:
        """Yield the event of one row, or nothing."""
        yield from (e for e in super().take(row) if not isinstance(e, Notice))


class ReportsBadLines(Reader):
    """Says which line is bad, and hands out all others."""

    name = "reports-bad-lines"
    library = None
    store = LINES
    key = ("/n",)
    laws = (*Reader.laws, Law.TOLERANT)
    stops = False

    def scan(self, source: Source, _cursor: str | None) -> Iterator[Emission]:
        """Yield an event per whole line, then a checkpoint."""
        data = source.path.read_bytes()
        *lines, tail = data.split(b"\n")
        for number, line in enumerate(lines, 1):
            try:
                event = json.loads(line)
                yield {"session": "s", "n": number, "text": str(event["text"])}
            except (ValueError, KeyError, TypeError) as error:
                yield Notice("bad-line", type(error).__name__, f"line {number}")
                if self.stops:
                    return
        if tail:
            yield Notice("partial-line", f"{len(tail)} bytes", "the end")
        yield Checkpoint("")


class StopsAtABadLine(ReportsBadLines):
    """Hands out nothing behind the first bad line, though all of it is good."""

    name = "bad-line-hides-the-rest"
    law = Law.TOLERANT
    shows = Shows.QUIET
    fixed = ReportsBadLines
    stops = True


class WholeEvidence(AllTitles):
    """Gives a digest per session over everything that its event is made of."""

    name = "evidence-of-the-whole-row"
    laws = (*Reader.laws, Law.GATE_SOUND)
    columns = "id, title, time_updated"

    def evidence(self, source: Source) -> dict[str, str]:
        """Return the digest of each session."""
        with closing(connect(source)) as db:
            rows = db.execute(f"SELECT id, {self.columns} FROM session").fetchall()
        return {
            row[0]: hashlib.sha256(repr(row).encode()).hexdigest()[:16] for row in rows
        }


class EvidenceOfTheStamp(WholeEvidence):
    """Takes a stamp for a digest: a title that comes without one looks like the parser.

    The session was touched and its evidence is equal, so the difference is blamed on
    whoever changed the parser last.
    """

    name = "evidence-of-the-stamp-only"
    law = Law.GATE_SOUND
    shows = Shows.QUIET
    fixed = WholeEvidence
    columns = "time_updated"

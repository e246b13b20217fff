"""What parses made of sources: sessions, their records, notices and evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pytest_parsediff.archive.staged import AppendBase
from pytest_parsediff.core.event import Notice
from pytest_parsediff.diff.observation import Observation
from pytest_parsediff.diff.records import ParsedSession, Record
from pytest_parsediff.live.cells import decode, encode
from pytest_parsediff.live.observe import Seen
from pytest_parsediff.live.rundb import RunDatabase

_ORDINAL_BITS = 32
_ORDINALS = (1 << _ORDINAL_BITS) - 1


class Moment(StrEnum):
    """When evidence about sessions was read."""

    LISTED = "listed"
    BEFORE = "before"
    INSIDE = "inside"
    AFTER = "after"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseResult:
    """One finished parse of one source, without its sessions.

    Attributes:
        before: The source before the parse; of a database only whether its evidence
            could be read.
        after: The same afterwards.
        error_code: Code of the error that ended the parse; empty if none did.
        error: What that error says, on one line.
        detail: Everything it says.
        is_incomplete: Whether a session that it lacks may be there all the same.
        cursor: Of the last checkpoint; ``None`` without one.
        event_count: Events that were emitted.
        base: What an incremental parse started from; ``None`` for a full one.
        has_file_moved: Whether a database was written during the parse, by whomever and
            wherever in it. No evidence about any session; but what was read in several
            statements may be torn, also where all rows are again what they were.
    """

    before: Seen
    after: Observation
    error_code: str = ""
    error: str = ""
    detail: str = ""
    is_incomplete: bool = False
    cursor: str | None = None
    event_count: int = 0
    base: AppendBase | None = None
    has_file_moved: bool = False


@dataclass(frozen=True, slots=True)
class Parse:
    """Where a finished parse stands in the run.

    Attributes:
        no: Its number.
        source: Number of its source.
        attempt: 0 for the first.
        result: What came of it.
    """

    no: int
    source: int
    attempt: int
    result: ParseResult


@dataclass(frozen=True, slots=True)
class Emitted:
    """One session as the last parse of one source emitted it.

    Attributes:
        no: Its number, which its records go by.
        parse: The parse.
        session: The session.
    """

    no: int
    parse: Parse
    session: ParsedSession


# --- writing: to be called inside RunDatabase.write() -----------------------------------


def add_session(rundb: RunDatabase, parse: int, adapter: str, session: str) -> int:
    """Note that *parse* emits *session*, and return the session's number."""
    ((no,),) = rundb.fetch(
        "INSERT INTO parsed (parse, adapter, session) VALUES (?, ?, ?) RETURNING no",
        (parse, adapter, session),
    )
    return int(no)


def describe_session(rundb: RunDatabase, no: int, session: ParsedSession) -> None:
    """Note everything about a session whose source has been parsed."""
    content = encode(session)
    rundb.fetch("UPDATE parsed SET content = ? WHERE no = ?", (content, no))


def add_records(rundb: RunDatabase, rows: Iterable[tuple[int, Record]]) -> None:
    """Add records, each with the number of its session."""
    rundb.many(
        "INSERT INTO record VALUES (?, ?, ?)",
        ((no << _ORDINAL_BITS | one.ordinal, one.key, one.line) for no, one in rows),
    )


def replace_records(
    rundb: RunDatabase, session_no: int, records: Iterable[Record]
) -> None:
    """Put *records* in the place of those of a session."""
    first = session_no << _ORDINAL_BITS
    rundb.fetch(
        "DELETE FROM record WHERE id BETWEEN ? AND ?", (first, first + _ORDINALS)
    )
    add_records(rundb, ((session_no, one) for one in records))


def add_notices(rundb: RunDatabase, parse: int, notices: Iterable[Notice]) -> None:
    """Keep what an adapter noticed."""
    rundb.many(
        "INSERT INTO notice VALUES (?, ?, ?, ?)",
        ((parse, one.code, one.message, one.where) for one in notices),
    )


def add_digests(
    rundb: RunDatabase, owner: int, moment: Moment, digests: Mapping[str, str]
) -> None:
    """Keep evidence: digest per session; of two for one session the last one holds."""
    rundb.many(
        "INSERT OR REPLACE INTO digest VALUES (?, ?, ?, ?)",
        ((owner, moment.value, session, text) for session, text in digests.items()),
    )


# --- reading ----------------------------------------------------------------------------


def read_parse(
    rundb: RunDatabase, source: int, attempt: int | None = None
) -> Parse | None:
    """Return the last finished parse of *source*, or that of one attempt."""
    rows = rundb.fetch(
        "SELECT no, source, attempt, result FROM parse"
        " WHERE source = ?1 AND is_done AND attempt = coalesce(?2, attempt)"
        " ORDER BY attempt DESC LIMIT 1",
        (source, attempt),
    )
    return _parse(*rows[0]) if rows else None


def read_emitted(rundb: RunDatabase, adapter: str, session: str) -> list[Emitted]:
    """Return what the last parses of all sources made of *session*, by source."""
    rows = rundb.fetch(
        "SELECT parsed.no, content, parse.no, source, attempt, result"
        " FROM parsed JOIN parse ON parse.no = parsed.parse"
        " WHERE adapter = ? AND session = ? AND is_done ORDER BY source, attempt",
        (adapter, session),
    )
    return [_emitted(*row) for row in rows if _is_last(rundb, row[3], row[4])]


def is_current(rundb: RunDatabase, emitted: Emitted) -> bool:
    """Return whether no later parse has taken the place of *emitted*."""
    return bool(rundb.fetch("SELECT 1 FROM parsed WHERE no = ?", (emitted.no,)))


def read_sessions(rundb: RunDatabase, parse: Parse) -> Iterator[Emitted]:
    """Yield the sessions of one parse, by id."""
    rows = rundb.each(
        "SELECT no, content FROM parsed WHERE parse = ? ORDER BY session", (parse.no,)
    )
    for no, content in rows:
        yield Emitted(no, parse, decode(content, ParsedSession))


def read_records(rundb: RunDatabase, session_no: int) -> Iterator[Record]:
    """Yield the records of a session by ordinal, given its number."""
    first = session_no << _ORDINAL_BITS
    rows = rundb.each(
        "SELECT id, key, line FROM record WHERE id BETWEEN ? AND ? ORDER BY id",
        (first, first + _ORDINALS),
    )
    for number, key, line in rows:
        yield Record(number & _ORDINALS, key, line)


def read_notices(rundb: RunDatabase, parse: int) -> list[Notice]:
    """Return what the adapter noticed in one parse, in order."""
    rows = rundb.fetch(
        "SELECT code, message, place FROM notice WHERE parse = ? ORDER BY rowid",
        (parse,),
    )
    return [Notice(*row) for row in rows]


def read_digest(
    rundb: RunDatabase, owner: int, moment: Moment, session: str
) -> str | None:
    """Return the evidence about *session*; ``None`` if it had none at that moment.

    Args:
        rundb: The run database.
        owner: Number of the source for ``listed``, else of the parse.
        moment: When it was read.
        session: Its id.
    """
    rows = rundb.fetch(
        "SELECT digest FROM digest WHERE owner = ? AND moment = ? AND session = ?",
        (owner, moment.value, session),
    )
    return rows[0][0] if rows else None


def read_digests(rundb: RunDatabase, owner: int, moment: Moment) -> dict[str, str]:
    """Return all evidence of one moment: digest per session."""
    return dict(
        rundb.fetch(
            "SELECT session, digest FROM digest WHERE owner = ? AND moment = ?",
            (owner, moment.value),
        )
    )


def _is_last(rundb: RunDatabase, source: int, attempt: int) -> bool:
    ((last,),) = rundb.fetch(
        "SELECT max(attempt) FROM parse WHERE source = ? AND is_done", (source,)
    )
    return bool(last == attempt)


def _parse(no: int, source: int, attempt: int, result: bytes) -> Parse:
    return Parse(no, source, attempt, decode(result, ParseResult))


def _emitted(no: int, content: bytes, *parse: Any) -> Emitted:
    session = decode(content, ParsedSession)
    return Emitted(no, _parse(*parse), session)

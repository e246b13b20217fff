"""Parse results made by hand, and looks into an archive from outside."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import apsw

from pytest_parsediff.archive.recording import Plan, Recording
from pytest_parsediff.archive.runs import Run
from pytest_parsediff.archive.schema import CONTENT_TABLES
from pytest_parsediff.archive.staged import (
    AppendBase,
    StagedSession,
    StagedSide,
    StagedSource,
)
from pytest_parsediff.diff.observation import Observation
from pytest_parsediff.diff.records import ParsedSession, Record


def digest(text: object) -> str:
    """Return a SHA-256 in hex."""
    return hashlib.sha256(repr(text).encode()).hexdigest()


def seen(
    text: str = "", *, mtime_ns: int | None = 1_000, **changes: Any
) -> Observation:
    """Return the observation of a file that holds *text*."""
    observation = Observation(
        size=len(text),
        mtime_ns=mtime_ns,
        ctime_ns=7,
        inode="1:2",
        content_hash=hashlib.sha256(text.encode()).hexdigest(),
        consumed=len(text),
    )
    return replace(observation, **changes)


@dataclass
class Staged:
    """A staged side that is filled by hand; see :func:`staged`."""

    found: dict[tuple[str, str], StagedSource] = field(default_factory=dict)
    inner: dict[tuple[str, str], list[StagedSession]] = field(default_factory=dict)
    lines: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def sources(self) -> Iterator[StagedSource]:
        """Yield what was added, sorted."""
        yield from (self.found[name] for name in sorted(self.found))

    def sessions(self, source: StagedSource, /) -> Iterator[StagedSession]:
        """Yield the sessions of *source*, sorted."""
        inner = self.inner[source.adapter, source.name]
        yield from sorted(inner, key=lambda one: one.parsed.session)

    def records(self, session: ParsedSession, /) -> Iterator[Record]:
        """Yield the records of *session*."""
        for ordinal, line in enumerate(self.lines[session.source, session.session]):
            yield Record(ordinal, f'["{line}"]', line.encode())

    def add(
        self,
        name: str,
        sessions: dict[str, list[str]],
        *,
        adapter: str = "one",
        **more: Any,
    ) -> Staged:
        """Add a source whose file holds all its lines."""
        text = "".join(line for lines in sessions.values() for line in lines)
        values = {"before": seen(text), "after": seen(text), "cursor": f"end:{name}"}
        source = StagedSource(adapter=adapter, name=name, **{**values, **more})
        self.found[adapter, name] = source
        self.inner[adapter, name] = [
            StagedSession(parsed_session(adapter, name, session, lines))
            for session, lines in sessions.items()
        ]
        for session, lines in sessions.items():
            self.lines[name, session] = lines
        return self

    def change(self, session: str, **changes: Any) -> Staged:
        """Change what was parsed of one session."""
        for sessions in self.inner.values():
            for at, one in enumerate(sessions):
                if one.parsed.session == session:
                    sessions[at] = replace(one, parsed=replace(one.parsed, **changes))
        return self

    def observe(
        self, session: str, before: Observation | None, after: Observation | None
    ) -> Staged:
        """Give one session evidence of its own."""
        for sessions in self.inner.values():
            for at, one in enumerate(sessions):
                if one.parsed.session == session:
                    sessions[at] = replace(one, before=before, after=after)
        return self

    def fail(self, name: str, *, adapter: str = "one", code: str = "PD401") -> Staged:
        """Let the parse of one source have failed."""
        self.found[adapter, name] = replace(
            self.found[adapter, name], code=code, message=f"{name} is broken"
        )
        return self


def parsed_session(
    adapter: str, source: str, session: str, lines: Sequence[str]
) -> ParsedSession:
    """Return a session that holds *lines*."""
    return ParsedSession(
        adapter=adapter,
        session=session,
        source=source,
        fingerprint=digest(list(lines)),
        form="rules",
        record_count=len(lines),
        aggregates={"length": sum(map(len, lines)) if lines else None},
    )


def staged(**sources: dict[str, list[str]]) -> Staged:
    """Return sources by name, each with lines by session."""
    result = Staged()
    for name, sessions in sources.items():
        result.add(name, sessions)
    return result


def base_of(text: str, cursor: str) -> AppendBase:
    """Return what an incremental parse of a file that began with *text* started from."""
    return AppendBase(cursor, len(text), hashlib.sha256(text.encode()).hexdigest())


def plan_of(side: Staged, **more: Any) -> Plan:
    """Return the plan that records all of *side*."""
    return Plan(sources=sorted(side.found), **more)


def record(path: Path, side: Staged, **more: Any) -> Run:
    """Record *side* from beginning to end."""
    return Recording.begin(path, plan_of(side, **more)).commit(side)


def race(path: Path, side: Staged, meanwhile: Callable[[], object], **more: Any) -> Run:
    """Record *side*, and let something happen between its begin and its commit."""
    recording = Recording.begin(path, plan_of(side, **more))
    meanwhile()
    return recording.commit(side)


def query(path: Path, statement: str, *values: Any) -> list[Any]:
    """Return the rows of one statement, by a connection of its own."""
    connection = apsw.Connection(str(path))
    try:
        return connection.execute(statement, values).fetchall()
    finally:
        connection.close()


def execute(path: Path, script: str) -> None:
    """Change a database by hand."""
    query(path, script)


def content(path: Path) -> dict[str, list[Any]]:
    """Return every row of every content table."""
    return {
        table: query(path, f"SELECT * FROM {table} ORDER BY 1, 2")
        for table in CONTENT_TABLES
    }


def statuses(path: Path, run_id: int, kind: str = "session") -> dict[str, str]:
    """Return what became of each session, or source, of a run."""
    rows = query(
        path,
        "SELECT name, status FROM sync_run_entities WHERE run_id = ? AND kind = ?",
        run_id,
        kind,
    )
    return dict(rows)


def column(path: Path, name: str) -> dict[str, Any]:
    """Return one column of all sessions."""
    return dict(query(path, f"SELECT session, {name} FROM sessions"))


def lines_of(path: Path, session: str) -> list[str]:
    """Return the lines that are stored of a session."""
    rows = query(
        path,
        """
        SELECT line FROM records JOIN sessions ON session_id = sessions.id
        WHERE session = ? ORDER BY ordinal""",
        session,
    )
    return [line for (line,) in rows]


def check_protocol(side: Staged) -> StagedSide:
    """Return *side* as what it is to recordings."""
    return side

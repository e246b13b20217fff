"""Turn what one source emits into sessions and records of the run database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import final

from pytest_parsediff.core.event import Checkpoint, Emission, Event, Evidence, Notice
from pytest_parsediff.diff.aggregates import AggregateSums
from pytest_parsediff.diff.fingerprint import Fingerprint
from pytest_parsediff.diff.records import ParsedSession, Record
from pytest_parsediff.live.claims import drop_sessions, note_progress
from pytest_parsediff.live.notices import Said
from pytest_parsediff.live.results import (
    Moment,
    add_digests,
    add_notices,
    add_records,
    add_session,
    describe_session,
    read_records,
    replace_records,
)
from pytest_parsediff.live.rundb import RunDatabase
from pytest_parsediff.live.sources import LiveAdapter, SourceRef

#: Items that are held before they are written: enough to share a transaction, and
#: fewer where lines are long.
_BATCH = 512
_FIRST_BATCH = 64
_BATCH_BYTES = 2**20


@dataclass(slots=True)
class _Session:
    """What is held of one session while its source is parsed.

    Attributes:
        no: Its number in the run database.
        fingerprint: Of its lines so far.
        sums: Declared aggregates so far.
        count: Records so far.
    """

    no: int
    fingerprint: Fingerprint
    sums: AggregateSums
    count: int = 0


@final
@dataclass(slots=True)
class Collector:
    """Takes the emissions of one source, in order.

    Held in memory is one batch of events, and per session its id, a hash state, its
    declared sums and two numbers, about a kilobyte: never a record that has been
    written. Only where the adapter's table has ``sort`` are the records of one session
    at a time loaded at the end.

    Attributes:
        rundb: Where everything goes.
        parse: Number of the parse.
        adapter: Whose events they are.
        ref: The source.
        paths: Text that replaces each absolute path in lines.
        said: What the adapter said of it.
        cursor: Of the last checkpoint; ``None`` before the first.
        event_count: Events so far.
    """

    rundb: RunDatabase
    parse: int
    adapter: LiveAdapter
    ref: SourceRef
    paths: Mapping[str, str]
    said: Said = field(default_factory=Said)
    cursor: str | None = None
    event_count: int = 0
    _sessions: dict[str, _Session] = field(default_factory=dict, init=False)
    _events: list[tuple[str, Event]] = field(default_factory=list, init=False)
    _notices: list[Notice] = field(default_factory=list, init=False)
    _digests: dict[str, str] = field(default_factory=dict, init=False)
    _most: int = field(default=_FIRST_BATCH, init=False)

    def take(self, item: Emission) -> None:
        """Take the next emission.

        Raises:
            CanonicalRuleError: PD414, a rule does not fit an event.
            NotAnEventError: PD405, an event is not JSON.
        """
        match item:
            case Checkpoint():
                self.cursor = item.cursor
            case Notice():
                self.said.take(item)
                self._notices.append(item)
            case Evidence():
                self._digests[item.session] = item.digest
            case _:
                self.event_count += 1
                session = self.adapter.session_of(item, self.ref)
                self._events.append((session, item))
        held = len(self._events) + len(self._notices) + len(self._digests)
        if held >= self._most:
            self.flush()

    def flush(self) -> None:
        """Write what is held of records, notices and evidence."""
        lines = self._canonical_lines()
        with self.rundb.write():
            for session, found in lines.items():
                state = self._state(session)
                records = [self._record(state, line) for line in found]
                add_records(self.rundb, ((state.no, one) for one in records))
            add_notices(self.rundb, self.parse, self._notices)
            add_digests(self.rundb, self.parse, Moment.INSIDE, self._digests)
            note_progress(self.rundb, self.parse)
        size = sum(len(line) for found in lines.values() for line in found)
        average = size // max(1, len(self._events))
        self._most = max(1, min(_BATCH, _BATCH_BYTES // max(1, average)))
        self._events.clear()
        self._notices.clear()
        self._digests.clear()

    def _canonical_lines(self) -> dict[str, list[bytes]]:
        """Return the lines of the batch by session, each in its order.

        All are made at once where each event gives the line in its place, which is
        much faster for sessions that take turns.
        """
        rules, paths = self.adapter.rules, self.paths
        if rules.ordered and not rules.dropped and not rules.sort:
            lines: dict[str, list[bytes]] = {}
            made = rules.apply([event for _, event in self._events], paths)
            for (session, _), line in zip(self._events, made, strict=True):
                lines.setdefault(session, []).append(line)
            return lines
        events: dict[str, list[Event]] = {}
        for session, event in self._events:
            events.setdefault(session, []).append(event)
        return {name: rules.apply(found, paths) for name, found in events.items()}

    def _state(self, session: str) -> _Session:
        """Return what is held of *session*; it is made when it is first seen."""
        state = self._sessions.get(session)
        if state is None:
            no = add_session(self.rundb, self.parse, self.adapter.name, session)
            comparison = self.adapter.comparison
            state = self._sessions[session] = _Session(
                no, comparison.new_fingerprint(), comparison.new_aggregates()
            )
        return state

    def _record(self, state: _Session, line: bytes) -> Record:
        comparison = self.adapter.comparison
        needs_event = comparison.key or comparison.multiset or comparison.aggregates
        event = comparison.read(line) if needs_event else {}
        state.fingerprint.add(line, event)
        state.sums.add(event)
        record = Record(state.count, comparison.key_of(event), line)
        state.count += 1
        return record

    def finish(self, *, has_failed: bool) -> None:
        """Write the rest and describe every session; in the caller's transaction.

        Args:
            has_failed: Whether the parse ended early: then nobody can tell which
                sessions are complete, and none is described.
        """
        if has_failed:
            drop_sessions(self.rundb, self.parse)
            return
        named = set(self.said.sessions)
        if self.adapter.is_one_session_per_source:
            named.add(self.ref.name)  # also where it is empty
        for session in sorted(named):
            self._state(session)
        for session, state in self._sessions.items():
            if self.adapter.rules.sort:
                self._sort(state)
            describe_session(self.rundb, state.no, self._describe(session, state))

    def _describe(self, session: str, state: _Session) -> ParsedSession:
        said = self.said
        return ParsedSession(
            adapter=self.adapter.name,
            session=session,
            source=self.ref.name,
            fingerprint=state.fingerprint.hexdigest(),
            form=self.adapter.comparison.form,
            record_count=state.count,
            aggregates=state.sums.result(),
            needs_retry=said.needs_retry.get(session, said.needs_retry.get("", "")),
            excluded=said.excluded.get(session, ""),
            error=said.errors.get(session, ""),
        )

    def _sort(self, state: _Session) -> None:
        """Put the records of a session in the order that ``sort`` asks for.

        Batches were sorted one by one. The order of equal keys is that of the adapter.
        """
        comparison = self.adapter.comparison
        lines = [one.line for one in read_records(self.rundb, state.no)]
        events = [dict(comparison.read(line)) for line in lines]
        plain = replace(self.adapter.rules, steps=(), dropped=(), redact=())
        records = [
            comparison.record(ordinal, line)
            for ordinal, line in enumerate(plain.apply(events, {}))
        ]
        replace_records(self.rundb, state.no, records)

"""Bring an archive to what was parsed: one write transaction, exactly the scope."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

from pytest_parsediff.archive.fencing import (
    Action,
    Decision,
    Payload,
    decide,
    has_moved,
    payload_of,
    why_no_base,
)
from pytest_parsediff.archive.ledger import Ledger
from pytest_parsediff.archive.runs import Entity, Kind, Stage, Status
from pytest_parsediff.archive.staged import StagedSide, StagedSource
from pytest_parsediff.archive.writer import ContentWriter
from pytest_parsediff.core.errors import StalePayloadError
from pytest_parsediff.diff.records import ParsedSession, Record, StoredSession

ReadRecords: TypeAlias = Callable[[], Iterator[Record]]

_NO_RECORDS: ReadRecords = partial(iter, ())
_WRITES = frozenset({Action.INSERT, Action.REWRITE, Action.APPEND})
_DONE = frozenset({Status.OK, Status.UNCHANGED, Status.SKIPPED_EXCLUDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """One write of everything that was claimed.

    Attributes:
        writer: Of content rows.
        ledger: Of the same connection, with an open transaction.
        run_id: The run.
        fence: Revision of the archive before anything was parsed.
        scope: Session ids; ``None`` for all.
    """

    writer: ContentWriter
    ledger: Ledger
    run_id: int
    fence: int
    scope: frozenset[str] | None

    def run(self, staged: StagedSide) -> None:
        """Write what *staged* holds of sessions that the preflight claimed."""
        for source in staged.sources():
            entities = list(self._sessions(staged, source))
            emitted = {entity.name for entity in entities}
            if source.is_complete:
                entities += self._others(source, emitted)
            self._settle_source(source, entities)

    def _sessions(self, staged: StagedSide, source: StagedSource) -> Iterator[Entity]:
        """Write each session of *source* that is in scope; yield what became of it."""
        lost = self._lost_base(source)
        for session in staged.sessions(source):
            parsed = session.parsed
            if not self._is_in_scope(parsed.session):
                continue
            entity = self.ledger.find(
                self.run_id, Kind.SESSION, parsed.adapter, parsed.session
            )
            assert entity is not None
            if entity.status is Status.CLAIMED:
                records = partial(staged.records, parsed)
                entity = self._write(entity, payload_of(source, session), records, lost)
            yield entity

    def _lost_base(self, source: StagedSource) -> str:
        """Return why an append no longer fits: somebody wrote since the preflight."""
        return why_no_base(self.writer.source(source.adapter, source.name), source)

    def _write(
        self, entity: Entity, payload: Payload, records: ReadRecords, lost: str
    ) -> Entity:
        parsed = payload.parsed
        stored = self.writer.session(parsed.adapter, parsed.session)
        decision = (
            Decision(Action.STALE, lost)
            if lost
            else decide(stored, payload, self.fence)
        )
        self.writer.write(decision.action, payload, records)
        return self._note(entity, decision)

    def _note(self, entity: Entity, decision: Decision) -> Entity:
        is_stale = decision.action is Action.STALE
        if is_stale:
            status = Status.SKIPPED_STALE
        else:
            status = Status.OK if decision.action in _WRITES else Status.UNCHANGED
        entity = replace(
            entity,
            stage=Stage.WRITE,
            status=status,
            action=str(decision.action),
            code=StalePayloadError.code if is_stale else "",
            message=decision.reason,
        )
        self.ledger.put(self.run_id, entity)
        return entity

    def _others(self, source: StagedSource, emitted: set[str]) -> Iterator[Entity]:
        """Settle stored sessions that a complete source did not emit.

        After a full parse they are left as they are: to drop them is not for a
        recording to decide. After an incremental one they had nothing new, and what is
        stored of them stands for the source as it is now.
        """
        if has_moved(source.before, source.after):
            return
        lost = self._lost_base(source)
        for stored in self.writer.sessions_of(source.adapter, source.name):
            if stored.session in emitted or not self._is_in_scope(stored.session):
                continue
            entity = _entity_of(stored)
            if source.base is None:
                self.ledger.put(self.run_id, entity)
                yield entity
            else:
                payload = _nothing_new(stored, source)
                yield self._write(entity, payload, _NO_RECORDS, lost)

    def _settle_source(self, source: StagedSource, entities: list[Entity]) -> None:
        """Move the cursor if every session is stored up to it, else forget it."""
        stored = self.writer.source(source.adapter, source.name)
        is_ours = stored is None or stored.revision <= self.fence
        is_whole = (
            self.scope is None
            and source.is_complete
            and not has_moved(source.before, source.after)
            and all(
                entity.status in _DONE | {Status.NOT_EMITTED} for entity in entities
            )
        )
        if is_whole and is_ours:
            self.writer.put_source(source)
        elif any(entity.action in _WRITES for entity in entities):
            self.writer.forget_cursor(source.adapter, source.name)

    def _is_in_scope(self, session: str) -> bool:
        return self.scope is None or session in self.scope


def _entity_of(stored: StoredSession) -> Entity:
    return Entity(
        adapter=stored.adapter,
        kind=Kind.SESSION,
        name=stored.session,
        source=stored.source,
        stage=Stage.WRITE,
        status=Status.NOT_EMITTED,
        message="stored, and no longer emitted; left as it is",
    )


def _nothing_new(stored: StoredSession, source: StagedSource) -> Payload:
    return Payload(
        parsed=ParsedSession(
            adapter=stored.adapter,
            session=stored.session,
            source=stored.source,
            form=stored.form,
        ),
        observation=source.before,
        data_version=stored.data_version,
        is_append=True,
    )

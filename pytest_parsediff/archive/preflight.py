"""See that everything was parsed, before anything is written."""

from __future__ import annotations

from dataclasses import dataclass, field

import apsw

from pytest_parsediff.archive.fencing import (
    is_moving,
    payload_of,
    why_no_base,
    why_not_appendable,
)
from pytest_parsediff.archive.ledger import Ledger, read_entities
from pytest_parsediff.archive.rows import encode
from pytest_parsediff.archive.runs import Entity, Kind, Stage, Status
from pytest_parsediff.archive.staged import StagedSession, StagedSide, StagedSource
from pytest_parsediff.archive.writer import ContentWriter
from pytest_parsediff.core.errors import (
    AppendBaseError,
    Failure,
    RecordingAbortedError,
    SourceMovedError,
    SourceParseError,
    TwoSourcesError,
    UnknownSessionError,
)

#: Code of sessions that the parser vetoes.
EXCLUDED = "PD514"


@dataclass(slots=True)
class Preflight:
    """One look at everything that was parsed; it writes to the ledger alone.

    Attributes:
        connection: With an open transaction.
        run_id: The run.
        fence: Revision of the archive before anything was parsed.
        scope: Session ids; ``None`` for all.
        parsed_status: Of sessions that can be recorded.
        failures: What could not be parsed.
        total: Sources and sessions that were looked at.
    """

    connection: apsw.Connection
    run_id: int
    fence: int
    scope: frozenset[str] | None
    parsed_status: Status = Status.CLAIMED
    failures: list[Failure] = field(default_factory=list)
    total: int = 0

    def run(self, staged: StagedSide) -> None:
        """Look at all of *staged*, and note what each source and session came to."""
        for source in staged.sources():
            self._look_at_source(source)
            if not source.code:
                for session in staged.sessions(source):
                    if self.scope is None or session.parsed.session in self.scope:
                        self._look_at_session(source, session)
        self._miss_sources()
        self._miss_sessions()

    def _look_at_source(self, source: StagedSource) -> None:
        code, message = source.code, source.message
        if not code:
            stored = self._writer.source(source.adapter, source.name)
            message = why_no_base(stored, source)
            is_fenced = stored is not None and stored.revision > self.fence
            if message and not is_fenced:  # else its sessions will be stale
                code = AppendBaseError.code
        self._note(
            Entity(
                adapter=source.adapter,
                kind=Kind.SOURCE,
                name=source.name,
                stage=Stage.PARSE,
                status=Status.FAILED if code else Status.OK,
                code=code,
                message=message if code else "",
            )
        )

    def _look_at_session(self, source: StagedSource, session: StagedSession) -> None:
        parsed = session.parsed
        other = self._ledger.find(
            self.run_id, Kind.SESSION, parsed.adapter, parsed.session
        )
        if other is not None and other.source != source.name:
            status, code = Status.FAILED, TwoSourcesError.code
            message = f"emitted by {other.source!r} and by {source.name!r}"
        else:
            status, code, message = self._judge(source, session)
        self._note(
            Entity(
                adapter=parsed.adapter,
                kind=Kind.SESSION,
                name=parsed.session,
                source=source.name,
                stage=Stage.PARSE,
                status=status,
                code=code,
                message=message,
            )
        )

    def _judge(
        self, source: StagedSource, session: StagedSession
    ) -> tuple[Status, str, str]:
        """Return status, code and message of one session."""
        parsed = session.parsed
        if parsed.error:
            return Status.FAILED, SourceParseError.code, parsed.error
        if is_moving(source, session):
            message = "the source was written while it was parsed"
            return Status.SKIPPED_MOVED, SourceMovedError.code, message
        if parsed.needs_retry:
            return Status.SKIPPED_RETRY, "", parsed.needs_retry
        if parsed.excluded:
            return Status.SKIPPED_EXCLUDED, EXCLUDED, parsed.excluded
        stored = self._writer.session(parsed.adapter, parsed.session)
        message = why_not_appendable(stored, payload_of(source, session))
        is_fenced = stored is not None and stored.revision > self.fence
        if message and not is_fenced:
            return Status.FAILED, AppendBaseError.code, message
        return self.parsed_status, "", ""

    def _miss_sources(self) -> None:
        """Fail sources that were to be parsed and were not, as when a worker died."""
        for entity in list(read_entities(self.connection, self.run_id)):
            if entity.status is Status.PENDING:
                self._note(
                    Entity(
                        adapter=entity.adapter,
                        kind=entity.kind,
                        name=entity.name,
                        stage=Stage.PARSE,
                        status=Status.FAILED,
                        code=RecordingAbortedError.code,
                        message="was not parsed",
                    )
                )

    def _miss_sessions(self) -> None:
        """Fail sessions in scope that are neither parsed nor stored."""
        for session in sorted(self.scope or ()):
            known = self.connection.execute(
                """
                SELECT 1 FROM sync_run_entities
                WHERE run_id = ? AND kind = ? AND name = CAST(? AS TEXT)
                UNION ALL SELECT 1 FROM sessions WHERE session = CAST(? AS TEXT)""",
                (self.run_id, str(Kind.SESSION), encode(session), encode(session)),
            ).fetchall()
            if not known:
                self._note(
                    Entity(
                        adapter="",
                        kind=Kind.SESSION,
                        name=session,
                        stage=Stage.PARSE,
                        status=Status.FAILED,
                        code=UnknownSessionError.code,
                        message="neither stored nor in any source",
                    )
                )

    def _note(self, entity: Entity) -> None:
        self.total += 1
        self._ledger.put(self.run_id, entity)
        if entity.status is Status.FAILED:
            name = f"{entity.adapter} {entity.name}".strip()
            self.failures.append(Failure(entity.code, name, entity.message))

    @property
    def _ledger(self) -> Ledger:
        return Ledger(self.connection)

    @property
    def _writer(self) -> ContentWriter:
        return ContentWriter(self.connection, self.run_id)

"""The verdict of one session, from its stored row to what its source says now."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import final

from pytest_parsediff.core.errors import TwoSourcesError, UnknownSessionError, clip
from pytest_parsediff.diff.classify import SessionFacts, classify
from pytest_parsediff.diff.compare import compare_sessions, is_confined_to_skew
from pytest_parsediff.diff.evidence import Evidence
from pytest_parsediff.diff.records import ParsedSession, StoredSession, StoredSide
from pytest_parsediff.diff.verdict import FieldDiff, Reason, Verdict, VerdictClass
from pytest_parsediff.live.entries import (
    Entry,
    SourceRow,
    read_entry,
    read_source,
    read_sources,
)
from pytest_parsediff.live.parse import ensure_parsed
from pytest_parsediff.live.results import (
    Emitted,
    Moment,
    Parse,
    is_current,
    read_digest,
    read_emitted,
    read_records,
)
from pytest_parsediff.live.run import LiveRun
from pytest_parsediff.live.rundb import RunDatabase
from pytest_parsediff.live.settings import LiveSettings
from pytest_parsediff.live.sources import LiveAdapter
from pytest_parsediff.live.stages import OnStage, Stage, StageName
from pytest_parsediff.live.weighing import weigh_session


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compared:
    """A stored row and what differs from it, all of one state of the archive.

    Attributes:
        stored: The row; ``None`` if there is none.
        fields: What differs.
        is_confined: Whether only what appending leaves behind differs.
        is_rewritten: Whether the row was written since the run began.
    """

    stored: StoredSession | None
    fields: tuple[FieldDiff, ...] = ()
    is_confined: bool = False
    is_rewritten: bool = False


@final
class Judge:
    """Judges sessions of one run, in one process.

    Args:
        rundb: The run database, inventory included.
        stored: What is compared with.
        settings: As they were for the inventory.
        on_stage: Called at each stage.

    Attributes:
        run: This process's part of the run.
        stored: What is compared with.
    """

    def __init__(
        self,
        rundb: RunDatabase,
        stored: StoredSide,
        settings: LiveSettings,
        *,
        on_stage: OnStage | None = None,
    ) -> None:
        self.run = LiveRun(rundb, settings, on_stage)
        self.stored = stored

    def judge(self, adapter: str, session: str) -> Verdict:
        """Return the verdict of one session of the inventory.

        Parses its source, unless a process of this run has done so. A source that was
        being written is parsed again, and the last verdict stands; what it was before
        the first parse stays what it is held against.

        Raises:
            UnknownSessionError: PD520, the inventory does not have it.
            TwoSourcesError: PD506, two sources have the session.
            RunDatabaseError: PD522, another process is stuck.
            ParsediffError: The stored side cannot be read.
            Unavailable: The adapter cannot run on this machine.
        """
        entry = read_entry(self.run.rundb, adapter, session)
        if entry is None:
            raise UnknownSessionError(f"the inventory has no session {clip(session)}")
        if entry.source is not None and entry.other_source is not None:
            raise self._claimed_twice(session, [entry.source, entry.other_source])
        verdict = self._settle(entry)
        self.run.tell(_stage(StageName.JUDGED, entry))
        return verdict

    def judge_source(self, source: int) -> Verdict:
        """Return the verdict of a source that failed before any session was known."""
        row = read_source(self.run.rundb, source)
        ref = row.ref
        entry = Entry(
            adapter=ref.adapter, session="", source=source, source_name=ref.name
        )
        return self._settle(entry)

    def _settle(self, entry: Entry) -> Verdict:
        """Judge until the source stands still, or has been given up on."""
        if entry.source is None:
            return self._judge_without_source(entry)
        parse = ensure_parsed(self.run, entry.source)
        verdict, parse = self._judge_once(entry, parse)
        while parse.attempt < self.run.settings.raced_retries and self._may_settle(
            verdict, parse
        ):
            parse = ensure_parsed(self.run, parse.source, parse.attempt + 1)
            verdict, parse = self._judge_once(entry, parse)
        return verdict

    def _may_settle(self, verdict: Verdict, parse: Parse) -> bool:
        """Return whether another parse may find the source at rest.

        Also asked of differences that stand: that something moved may prove nothing
        about this session, and yet reading again may show that it was only that.
        """
        match verdict.cls:
            case VerdictClass.RACED:
                return not verdict.is_stale
            case VerdictClass.CHANGED | VerdictClass.PARSE_ERROR:
                result = parse.result
                has_moved = result.before.observation != result.after
                if not has_moved and not result.has_file_moved:
                    return False
                session = verdict.session
                inside = read_digest(self.run.rundb, parse.no, Moment.INSIDE, session)
                is_snapshot_proved = verdict.reason is Reason.CONTENT_EQUAL and inside
                return not is_snapshot_proved
            case _:
                return False

    def _judge_without_source(self, entry: Entry) -> Verdict:
        """Say why nobody can look at a session whose source is none of the run."""
        roots = {
            row.ref.root
            for row in read_sources(self.run.rundb)
            if row.ref.adapter == entry.adapter
        }
        is_there = any(_lies_below(root, entry.source_name) for root in roots)
        return classify(
            SessionFacts(
                adapter=entry.adapter,
                session=entry.session,
                source=entry.source_name,
                stored=self.stored.get(entry.adapter, entry.session),
                is_source_missing=not is_there,
            )
        )

    def _judge_once(self, entry: Entry, parse: Parse) -> tuple[Verdict, Parse]:
        """Return the verdict after one parse, and the parse that it is about."""
        compared = None
        while compared is None:
            emitted = self._find(entry, parse)
            compared = self._compare(entry, emitted)
        parse = emitted.parse if emitted is not None else parse
        row = read_source(self.run.rundb, parse.source)
        facts = SessionFacts(
            adapter=entry.adapter,
            session=entry.session,
            source=row.ref.name,
            stored=compared.stored,
            parsed=emitted.session if emitted is not None else None,
            fields=compared.fields,
            evidence=self._weigh(entry, row, parse, compared),
            current_data_version=row.data_version,
            is_confined_to_skew=compared.is_confined,
            is_stored_rewritten=compared.is_rewritten,
            source_error=parse.result.error if parse.result.error_code else "",
            is_swept=compared.stored is not None and not parse.result.is_incomplete,
        )
        return classify(facts), parse

    def _weigh(
        self, entry: Entry, row: SourceRow, parse: Parse, compared: _Compared
    ) -> Evidence:
        return weigh_session(
            self.run,
            row,
            parse,
            entry.session,
            compared.stored,
            side_has_observations=self.stored.has_observations,
        )

    # --- what is parsed -----------------------------------------------------------------

    def _find(self, entry: Entry, parse: Parse) -> Emitted | None:
        """Return the session as it is emitted now, from whatever source.

        A stored session that its source no longer has is looked for in all others
        before it is missing.

        Raises:
            TwoSourcesError: PD506.
        """
        adapter = self.run.adapter(entry.adapter)
        found = read_emitted(self.run.rundb, entry.adapter, entry.session)
        if not found and entry.is_stored and self._may_be_elsewhere(adapter, parse):
            for row in read_sources(self.run.rundb):
                if row.ref.adapter == entry.adapter:
                    ensure_parsed(self.run, row.no)
            found = read_emitted(self.run.rundb, entry.adapter, entry.session)
        if len(found) > 1:
            numbers = [one.parse.source for one in found]
            raise self._claimed_twice(entry.session, numbers)
        return found[0] if found else None

    def _may_be_elsewhere(self, adapter: LiveAdapter, parse: Parse) -> bool:
        return not (adapter.is_one_session_per_source or parse.result.error_code)

    def _claimed_twice(self, session: str, numbers: list[int]) -> TwoSourcesError:
        names = [read_source(self.run.rundb, no).ref.name for no in numbers[:2]]
        return TwoSourcesError(
            f"session {clip(session)} is in {clip(names[0])} and in {clip(names[1])}"
        )

    # --- what is stored -----------------------------------------------------------------

    def _compare(self, entry: Entry, emitted: Emitted | None) -> _Compared | None:
        """Hold the session against its row, and look at the row once more.

        Returns:
            ``None`` if another process has parsed the source again meanwhile.
        """
        adapter = self.run.adapter(entry.adapter)
        fields: tuple[FieldDiff, ...] = ()
        with self.run.rundb.snapshot(), self.stored.snapshot():
            if emitted is not None and not is_current(self.run.rundb, emitted):
                return None
            stored = self.stored.get(entry.adapter, entry.session)
            self.run.tell(_stage(StageName.STORED_READ, entry))
            if stored is not None and emitted is not None:
                fields = self._diff(stored, emitted, adapter)
        self.run.tell(_stage(StageName.COMPARED, entry))
        return _Compared(
            stored=stored,
            fields=fields,
            is_confined=is_confined_to_skew(fields, adapter.comparison),
            is_rewritten=self._is_rewritten(entry, stored),
        )

    def _diff(
        self, stored: StoredSession, emitted: Emitted, adapter: LiveAdapter
    ) -> tuple[FieldDiff, ...]:
        parsed: ParsedSession = emitted.session
        if stored.is_trashed or parsed.needs_retry or parsed.excluded or parsed.error:
            return ()
        return compare_sessions(
            stored,
            parsed,
            lambda: self.stored.records(stored.adapter, stored.session),
            lambda: read_records(self.run.rundb, emitted.no),
            adapter.comparison,
        )

    def _is_rewritten(self, entry: Entry, stored: StoredSession | None) -> bool:
        """Return whether somebody wrote the stored row since the run began."""
        if stored is None:
            return False
        again = self.stored.get(entry.adapter, entry.session)
        revisions = {stored.revision, again.revision if again is not None else None}
        if entry.is_stored:
            revisions.add(entry.revision)
        return len(revisions) > 1


def _lies_below(root: Path, name: str) -> bool:
    return bool(name) and ((root / name).exists() or root.name == name)


def _stage(name: StageName, entry: Entry) -> Stage:
    return Stage(
        name=name,
        adapter=entry.adapter,
        source=entry.source_name,
        session=entry.session,
    )

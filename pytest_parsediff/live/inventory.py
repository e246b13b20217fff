"""Which sessions a run is about: what is stored, and what the sources have now.

Taken once, by the controller, and handed to every worker as the path of the run
database: a live source would be another one for each of them.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from pytest_parsediff.adapters.capabilities import find_capabilities, find_sessions
from pytest_parsediff.adapters.protocol import Capabilities
from pytest_parsediff.core.errors import ParsediffError, UnknownSessionError, clip
from pytest_parsediff.core.event import SessionInfo
from pytest_parsediff.diff.records import StoredSide
from pytest_parsediff.diff.sample import Candidate, choose
from pytest_parsediff.live.entries import (
    Entry,
    SourceRow,
    add_entries,
    add_sources,
    read_entries,
)
from pytest_parsediff.live.observe import observe_stat
from pytest_parsediff.live.parse import ensure_parsed
from pytest_parsediff.live.results import Moment, add_digests, read_sessions
from pytest_parsediff.live.run import LiveRun
from pytest_parsediff.live.rundb import RunDatabase
from pytest_parsediff.live.settings import LiveSettings
from pytest_parsediff.live.sources import SourceKind, Sources, find_sources, kind_of
from pytest_parsediff.live.stages import OnStage, Stage, StageName
from pytest_parsediff.live.watch import watch

__all__ = ["Entry", "Inventory", "take"]


@dataclass(frozen=True, slots=True)
class Inventory:
    """The sessions of one run.

    Attributes:
        rundb: Where they are noted.
    """

    rundb: RunDatabase

    @classmethod
    def open(cls, path: Path) -> Inventory:
        """Return the inventory that a controller took.

        Raises:
            RunDatabaseError: PD522, there is none.
        """
        return cls(RunDatabase(path))

    @property
    def path(self) -> Path:
        """What is handed to other processes."""
        return self.rundb.path

    def entries(self) -> list[Entry]:
        """Return the sessions to examine, by adapter and id."""
        return list(read_entries(self.rundb, is_selected=True))

    def close(self) -> None:
        """Release the handle; may be called twice."""
        self.rundb.close()


def take(
    settings: LiveSettings,
    stored: StoredSide | None,
    path: Path,
    *,
    on_stage: OnStage | None = None,
) -> Inventory:
    """Find out what there is, and note it in a new run database.

    A source whose adapter lists no sessions, though its events name them, is parsed
    here; any other one when the first of its sessions is judged.

    Args:
        settings: Sources, and which sessions are asked for.
        stored: What is compared with; ``None`` for a recording.
        path: Where the run database is made; its folder is the run's.
        on_stage: Called at each stage.

    Raises:
        OptionError: PD116. SourceError: PD505, a source is missing or unreadable.
        UnknownSessionError: PD520, a session that was asked for is nowhere.
        ParsediffError: An adapter that cannot be resolved, or a stored side that
            cannot be read. An adapter that fails on a source is no error here: the
            sessions of that source are parse errors.
    """
    run, sources = prepare(settings, path, on_stage)
    try:
        found = _Found({name: {} for name in run.adapters})
        for row, can in sources:
            _note_evidence(run, row)
            found.numbers[row.ref.adapter].setdefault(row.ref.name, row.no)
            for info in _list_sessions(run, row, can):
                found.add(row, info)
        if stored is not None:
            found.add_stored(stored)
        add_entries(run.rundb, _select(found, settings))
        run.tell(Stage(name=StageName.INVENTORIED))
    except BaseException:
        run.rundb.close()
        raise
    return Inventory(run.rundb)


def prepare(
    settings: LiveSettings, path: Path, on_stage: OnStage | None = None
) -> tuple[LiveRun, list[tuple[SourceRow, Capabilities]]]:
    """Make the run database at *path*, and note the sources in it; parse nothing.

    Returns:
        The run of this process, and each source with what its adapter can do.

    Raises:
        ParsediffError: As :func:`take`.
    """
    found = find_sources(settings)
    rundb = RunDatabase.create(path)
    try:
        run = LiveRun(rundb, settings, on_stage, found.adapters)
        sources = _describe_sources(run, found)
        add_sources(rundb, (row for row, _ in sources))
    except BaseException:
        rundb.close()
        raise
    return run, sources


def _describe_sources(
    run: LiveRun, sources: Sources
) -> list[tuple[SourceRow, Capabilities]]:
    """Return each source with what its adapter can do, which is asked once."""
    able: dict[str, Capabilities] = {}
    rows = []
    for number, ref in enumerate(sources.refs, 1):
        can = able.get(ref.adapter)
        if can is None:
            adapter = run.adapter(ref.adapter)
            with run.context() as context:
                can = find_capabilities(
                    adapter.resolved, ref.source, context, run.limits(adapter)
                )
            able[ref.adapter] = can
        row = SourceRow(
            no=number,
            ref=ref,
            kind=kind_of(ref, has_evidence=can.evidence),
            has_evidence=can.evidence,
            data_version=can.data_version,
            observed=observe_stat(ref.path),
        )
        rows.append((row, can))
    return rows


def _note_evidence(run: LiveRun, row: SourceRow) -> None:
    """Keep what sessions were when the run began: a later move is one of this run."""
    if row.kind is SourceKind.DATABASE and row.has_evidence:
        digests = watch(run, row).digests
        with run.rundb.write():
            add_digests(run.rundb, row.no, Moment.LISTED, digests)


def _list_sessions(
    run: LiveRun, row: SourceRow, can: Capabilities
) -> Iterable[SessionInfo]:
    """Return the sessions of a source, as cheaply as its adapter allows."""
    adapter = run.adapter(row.ref.adapter)
    changed_ns, size = row.observed.mtime_ns, row.observed.size
    if adapter.is_one_session_per_source:
        return [SessionInfo(row.ref.name, changed_ns, size)]
    if can.sessions:
        try:
            with run.context() as context:
                listed = find_sessions(
                    adapter.resolved, row.ref.source, context, run.limits(adapter)
                )
        except ParsediffError:
            listed = None  # the parse says what is wrong
        if listed is not None:
            return listed
    parse = ensure_parsed(run, row.no)
    return [
        SessionInfo(one.session.session, changed_ns, size)
        for one in read_sessions(run.rundb, parse)
    ]


@dataclass(slots=True)
class _Found:
    """Sessions so far; about 300 bytes each.

    Attributes:
        numbers: Number of each source by adapter and name.
        entries: By adapter and id.
        infos: What is known of those that were found.
    """

    numbers: dict[str, dict[str, int]]
    entries: dict[tuple[str, str], Entry] = field(default_factory=dict)
    infos: dict[tuple[str, str], SessionInfo] = field(default_factory=dict)

    def add(self, row: SourceRow, info: SessionInfo) -> None:
        """Note that *row* has a session, perhaps as the second source."""
        key = row.ref.adapter, info.session
        known = self.entries.get(key)
        if known is not None:
            self.entries[key] = replace(known, other_source=row.no)
        else:
            self.infos[key] = info
            self.entries[key] = Entry(
                adapter=row.ref.adapter,
                session=info.session,
                is_found=True,
                source=row.no,
                source_name=row.ref.name,
            )

    def add_stored(self, stored: StoredSide) -> None:
        """Note what is stored of the adapters of this run.

        A session that no source lists belongs to the source that its row names, or to
        the only one there is.
        """
        numbers = self.numbers
        with stored.snapshot():
            for one in stored.sessions():
                if one.adapter not in numbers:
                    continue
                known = self.entries.get((one.adapter, one.session))
                names = numbers[one.adapter]
                if known is None:
                    known = Entry(
                        adapter=one.adapter,
                        session=one.session,
                        source=_source_of(one.source, names),
                        source_name=one.source,
                    )
                self.entries[one.adapter, one.session] = replace(
                    known, is_stored=True, revision=one.revision
                )

    def candidates(self) -> Iterator[Candidate]:
        """Yield what a limit and a sample choose from."""
        for adapter, session in self.entries:
            info = self.infos.get((adapter, session))
            yield Candidate(
                adapter,
                session,
                info.updated_ns if info else None,
                info.size if info else None,
            )


def _source_of(name: str, numbers: dict[str, int]) -> int | None:
    """Return the number of the source that a stored row came from."""
    if name in numbers:
        return numbers[name]
    return next(iter(numbers.values())) if not name and len(numbers) == 1 else None


def _select(found: _Found, settings: LiveSettings) -> Iterator[Entry]:
    """Yield all sessions, each with whether it is to be examined."""
    asked = set(settings.sessions)
    for session in settings.sessions:
        _require_known(session, {name for _, name in found.entries})
    candidates = [one for one in found.candidates() if not asked or one.name in asked]
    choice = choose(
        candidates,
        limit=settings.limit,
        sample=settings.sample,
        seed=settings.seed,
    )
    chosen = {(one.adapter, one.name) for one in choice.chosen}
    for key, entry in sorted(found.entries.items()):
        yield replace(entry, is_selected=key in chosen)


def _require_known(session: str, known: set[str]) -> None:
    if session in known:
        return
    near = difflib.get_close_matches(session, known, n=1, cutoff=0.5)
    guess = f"; the nearest is {near[0]!r}" if near else ""
    raise UnknownSessionError(f"no session {clip(session)} is stored or found{guess}")

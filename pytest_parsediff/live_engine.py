"""One process's part of a live run: both sides open, sessions judged on demand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from pytest_parsediff.archive.known import KnownAdapter
from pytest_parsediff.archive.queryside import QuerySide
from pytest_parsediff.archive.reader import ArchiveReader
from pytest_parsediff.core.config import StoredConfig
from pytest_parsediff.diff.records import StoredSide
from pytest_parsediff.diff.verdict import Verdict
from pytest_parsediff.live.entries import Entry, read_entries
from pytest_parsediff.live.inventory import take
from pytest_parsediff.live.judge import Judge
from pytest_parsediff.live.parse import ensure_parsed
from pytest_parsediff.live.rundb import RunDatabase
from pytest_parsediff.live.settings import LiveSettings
from pytest_parsediff.live.sources import parse_source, resolve_adapter
from pytest_parsediff.live.stages import OnStage
from pytest_parsediff.live.sweep import sweep


@dataclass(slots=True)
class Engine:
    """Judges the sessions of one run, in one process.

    Attributes:
        rundb: The run database, inventory included.
        stored: What is compared with.
        settings: What the run is told to do.
        on_stage: Called at each stage; ``None`` if nobody looks.
    """

    rundb: RunDatabase
    stored: StoredSide
    settings: LiveSettings
    on_stage: OnStage | None = None
    _judge: Judge | None = field(default=None, init=False)

    @property
    def judge_of_run(self) -> Judge:
        """The judge of this process, made on first use."""
        if self._judge is None:
            self._judge = Judge(
                self.rundb, self.stored, self.settings, on_stage=self.on_stage
            )
        return self._judge

    def entries(self) -> Iterator[Entry]:
        """Yield the sessions to examine, by adapter and id."""
        return read_entries(self.rundb, is_selected=True)

    def knows(self, session: str) -> bool:
        """Return whether any session of that id was stored or found."""
        return any(
            entry.session == session
            for is_selected in (True, False)
            for entry in read_entries(self.rundb, is_selected=is_selected)
        )

    def judge(self, adapter: str, session: str) -> Verdict:
        """Return the verdict of one session; see :meth:`Judge.judge`."""
        return self.judge_of_run.judge(adapter, session)

    def sweep(self) -> list[Verdict]:
        """Return the verdicts of what no item judges.

        Sources that are not parsed yet are parsed first, so that the answer is the
        same whichever items have been judged so far, here and in other processes.
        """
        for number in self._sources():
            ensure_parsed(self.judge_of_run.run, number)
        return sweep(self.judge_of_run)

    def _sources(self) -> list[int]:
        """Return the sources of selected sessions; all that have none, unless cut."""
        query = "SELECT DISTINCT source FROM entry WHERE is_selected AND source > 0"
        settings = self.settings
        if not (settings.sessions or settings.limit or settings.sample):
            query += (
                " UNION SELECT no FROM source WHERE no NOT IN"
                " (SELECT source FROM entry WHERE source > 0)"
            )
        return [number for (number,) in self.rundb.fetch(f"{query} ORDER BY 1")]

    def close(self) -> None:
        """Release every handle; may be called twice."""
        self.rundb.close()
        self.stored.close()


#: Where stored sessions are: an archive, or queries and the folder of their file.
Side: TypeAlias = Path | tuple[StoredConfig, Path]


def open_stored(side: Side, settings: LiveSettings) -> StoredSide:
    """Return the stored side.

    Raises:
        ParsediffError: PD501 to PD504, the database cannot be read; PD517, a query
            cannot be used.
    """
    if isinstance(side, Path):
        return ArchiveReader(side)
    names = dict.fromkeys(
        parse_source(text, settings.folder)[0] for text in settings.sources
    )
    return QuerySide(*side, {name: known_adapter(name, settings) for name in names})


def known_adapter(name: str, settings: LiveSettings) -> KnownAdapter:
    """Return how events of an adapter become records of a stored side."""
    adapter = resolve_adapter(name, settings)
    version = adapter.resolved.config.data_version or 0
    return KnownAdapter(adapter.rules, adapter.comparison, version)


def take_inventory(
    settings: LiveSettings, side: Side, path: Path, on_stage: OnStage | None = None
) -> None:
    """Note in a new run database at *path* what there is.

    Raises:
        ParsediffError: See :func:`~.live.inventory.take` and :func:`open_stored`.
    """
    stored = open_stored(side, settings)
    try:
        take(settings, stored, path, on_stage=on_stage).close()
    finally:
        stored.close()


def open_engine(
    settings: LiveSettings, side: Side, path: Path, on_stage: OnStage | None = None
) -> Engine:
    """Return this process's part of the run whose database is at *path*.

    Raises:
        ParsediffError: See :func:`open_stored`; or PD522, there is no such database.
    """
    rundb = RunDatabase(path)
    try:
        stored = open_stored(side, settings)
    except BaseException:
        rundb.close()
        raise
    return Engine(rundb, stored, settings, on_stage)

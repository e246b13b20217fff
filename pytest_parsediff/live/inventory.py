"""Which sessions a run is about: what is stored, and what the sources have now.

Taken once, by the controller, and handed to every worker as the path of the run
database: a live source would be another one for each of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pytest_parsediff.diff.records import StoredSide
from pytest_parsediff.live.entries import Entry, read_entries
from pytest_parsediff.live.rundb import RunDatabase
from pytest_parsediff.live.settings import LiveSettings
from pytest_parsediff.live.stages import OnStage

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
    raise NotImplementedError

"""The verdict of one session, from its stored row to what its source says now."""

from __future__ import annotations

from pytest_parsediff.diff.records import StoredSide
from pytest_parsediff.diff.verdict import Verdict
from pytest_parsediff.live.rundb import RunDatabase
from pytest_parsediff.live.settings import LiveSettings
from pytest_parsediff.live.stages import OnStage


class Judge:
    """Judges sessions of one run, in one process.

    Args:
        rundb: The run database, inventory included.
        stored: What is compared with.
        settings: As they were for the inventory.
        on_stage: Called at each stage.
    """

    def __init__(
        self,
        rundb: RunDatabase,
        stored: StoredSide,
        settings: LiveSettings,
        *,
        on_stage: OnStage | None = None,
    ) -> None:
        self._rundb = rundb
        self._stored = stored
        self._settings = settings
        self._on_stage = on_stage

    def judge(self, adapter: str, session: str) -> Verdict:
        """Return the verdict of one session of the inventory.

        Parses its source, unless a process of this run has done so.

        Raises:
            TwoSourcesError: PD506, two sources emit the session.
            RunDatabaseError: PD522, another process is stuck.
        """
        raise NotImplementedError

"""What every part of a live run needs, in one process."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pytest_parsediff.adapters.limits import Limits
from pytest_parsediff.core.event import Context
from pytest_parsediff.core.workspace import Workspace
from pytest_parsediff.environment import Environment
from pytest_parsediff.live.rundb import RunDatabase
from pytest_parsediff.live.settings import LiveSettings
from pytest_parsediff.live.sources import LiveAdapter, resolve_adapter
from pytest_parsediff.live.stages import OnStage, Stage

_TIMEOUT_S = 3600.0


@dataclass(slots=True)
class LiveRun:
    """One process's part of a run.

    Attributes:
        rundb: The run database, in the run's folder.
        settings: What the run is told to do.
        on_stage: Called at each stage; ``None`` if nobody looks.
        adapters: Those that have been resolved, by name.
    """

    rundb: RunDatabase
    settings: LiveSettings
    on_stage: OnStage | None = None
    adapters: dict[str, LiveAdapter] = field(default_factory=dict)
    _workspace: Workspace = field(init=False)

    def __post_init__(self) -> None:
        """Give each process folders of its own."""
        self._workspace = Workspace(self.rundb.folder, f"live-{os.getpid()}")

    def adapter(self, name: str) -> LiveAdapter:
        """Return the adapter called *name*, resolved once.

        Raises:
            ParsediffError: As :func:`~.sources.resolve_adapter`.
        """
        if name not in self.adapters:
            self.adapters[name] = resolve_adapter(name, self.settings)
        return self.adapters[name]

    def limits(self, adapter: LiveAdapter) -> Limits:
        """Return the limits of one scan.

        Those of the run, else of the adapter's table, else an hour and no bound on
        what is emitted: real stores are larger than scenarios, and nothing of them is
        held in memory.
        """
        config = adapter.resolved.config
        return Limits(
            self.settings.timeout_s or config.timeout_s or _TIMEOUT_S,
            config.max_output_mb or math.inf,
        )

    @contextmanager
    def context(self) -> Iterator[Context]:
        """Give one scan its folders, and remove them at the end.

        Meanwhile the adapter's home is such a folder: it reads the source that it is
        given, and nothing else of whoever runs it.
        """
        desk = self._workspace.new_desk()
        try:
            with Environment(desk.homes()):
                yield Context(time.monotonic, desk.state, desk.tmp)
        finally:
            desk.remove()

    def tell(self, stage: Stage) -> None:
        """Call whoever wants to know that *stage* is done."""
        if self.on_stage is not None:
            self.on_stage(stage)

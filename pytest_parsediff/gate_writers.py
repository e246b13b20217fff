"""Writers of a scenario that act at one moment of its parse-diff."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from pytest_parsediff.core.place import Placed
from pytest_parsediff.core.scenario import Scenario
from pytest_parsediff.interleave.clock import HarnessClock
from pytest_parsediff.interleave.filebench import capture_tree
from pytest_parsediff.interleave.writers.connection import Batch
from pytest_parsediff.interleave.writers.filesteps import FileStep
from pytest_parsediff.interleave.writers.process import ProcessWriter
from pytest_parsediff.laws.touched import Touched, files_touched, rows_touched
from pytest_parsediff.live.stages import Stage, StageName
from pytest_parsediff.stress.raced import DEFAULT_AT
from pytest_parsediff.stress.scripts import Script, read_writers

#: Before anything of the run happened, and after the archive was made.
RECORDED = "recorded"
#: Moments between the first look at a source and the verdict on its sessions.
WHILE_READ = frozenset({"inventoried", "observed", "parsed"})


@dataclass(frozen=True, slots=True)
class GateWriters:
    """Lets each writer act once, as a whole, when its moment comes.

    A writer of a database runs in a process of its own, so that it cannot take away the
    locks of an adapter that reads through another SQLite library in this one.

    Attributes:
        placed: The store.
        due: Scripts by moment, in the order of the configuration; taken out when they
            run.
        watches: Whether somebody wants to know what they touch.
        touched: What they touched so far, by moment.
    """

    placed: Placed
    due: dict[str, list[Script]] = field(default_factory=dict)
    watches: bool = False
    touched: dict[str, list[Touched]] = field(default_factory=dict)

    @classmethod
    def read(
        cls, scenario: Scenario, placed: Placed, *, watches: bool = False
    ) -> GateWriters:
        """Read the writers of *scenario*, whose store is *placed*.

        Raises:
            ParsediffError: PD103, PD410, PD611 or PD619, a writer cannot be used.
        """
        configs = scenario.config.writer or []
        image = None
        if configs and scenario.is_sql:
            image = placed.source.path.read_bytes()
        due = defaultdict(list)
        scripted = read_writers(scenario, image)
        for config, one in zip(configs, scripted, strict=True):
            due[config.at or DEFAULT_AT].append(one.steps)
        return cls(placed, dict(due), watches)

    def __call__(self, stage: Stage) -> None:
        """Act if this is the moment, and the first one of its name."""
        if stage.name is not StageName.EMITTED:
            self.act(stage.name.value)

    def act(self, moment: str) -> None:
        """Run everything that is due at *moment*.

        Raises:
            ParsediffError: A step cannot be done.
        """
        for steps in self.due.pop(moment, ()):
            touched = self._run(steps)
            if touched is not None:
                self.touched.setdefault(moment, []).append(touched)

    def _run(self, steps: Script) -> Touched | None:
        """Run *steps*; return what they touched, if somebody wants to know."""
        clock = HarnessClock(time.time_ns() // 1_000_000)
        files = [step for step in steps if isinstance(step, FileStep)]
        if files:
            return self._change_files(files, clock)
        writer = ProcessWriter(self.placed.source.path, clock)
        try:
            before = writer.image() if self.watches else b""
            for step in steps:
                if not isinstance(step, FileStep):
                    writer.run(Batch(step.statements))
            return rows_touched([before, writer.image()]) if self.watches else None
        finally:
            writer.close()

    def _change_files(
        self, steps: Sequence[FileStep], clock: HarnessClock
    ) -> Touched | None:
        root = self.placed.source.root
        before = capture_tree(root) if self.watches else b""
        for step in steps:
            step.run(root, clock)
        return files_touched([before, capture_tree(root)]) if self.watches else None

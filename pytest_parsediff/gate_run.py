"""The verdicts of a scenario: its store against what is stored of it.

The stored side is an archive that ``stored.sql`` fills; what that leaves out, and
everything where there is no such script, is recorded from the scenario's own store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from pytest_parsediff.archive.storedsql import build_stored, fill_missing
from pytest_parsediff.core.canonical import Encoder, encode_lines, join_lines
from pytest_parsediff.core.errors import (
    ParsediffError,
    UnstableProjectionError,
    VerdictGoldenError,
    Where,
)
from pytest_parsediff.core.place import StorePlacer
from pytest_parsediff.core.scenario import VERDICTS, Scenario
from pytest_parsediff.core.toml import read_text
from pytest_parsediff.core.wording import counted
from pytest_parsediff.core.workspace import Desk
from pytest_parsediff.diff.declared import declared_in
from pytest_parsediff.diff.expectation import Expectation, check
from pytest_parsediff.diff.injected import MayTouch, declared_raced, find_stale
from pytest_parsediff.diff.verdict import Verdict
from pytest_parsediff.gate_writers import RECORDED, WHILE_READ, GateWriters
from pytest_parsediff.golden.stage import Selected, Staged, StageFile, digest
from pytest_parsediff.golden.status import GoldenStatus, check_golden, read_golden
from pytest_parsediff.laws.touched import Touched
from pytest_parsediff.live.settings import LiveSettings
from pytest_parsediff.live.staging import stage
from pytest_parsediff.live_engine import known_adapter, open_engine, take_inventory
from pytest_parsediff.run import Outcome, Runner

STORED_SQL = "stored.sql"


@dataclass(frozen=True, slots=True)
class Judged:
    """What a parse-diff of a scenario showed.

    Attributes:
        verdicts: Of all sessions.
        touched: What writers touched, by moment; empty where nobody watched.
    """

    verdicts: list[Verdict]
    touched: Mapping[str, Sequence[Touched]]

    @property
    def while_read(self) -> list[MayTouch]:
        """What they touched between the first look at the source and the verdict."""
        return [
            one.may_be
            for moment, all_of in self.touched.items()
            if moment in WHILE_READ
            for one in all_of
        ]

    @property
    def otherwise(self) -> dict[str, list[MayTouch]]:
        """What they touched at other moments."""
        return {
            moment: [one.may_be for one in all_of]
            for moment, all_of in self.touched.items()
            if moment not in WHILE_READ
        }


@dataclass(frozen=True, slots=True)
class ScenarioGate:
    """Judges the sessions of scenarios, in one process.

    Attributes:
        runner: What runs the scenarios of this process.
    """

    runner: Runner
    _placer: StorePlacer = field(default_factory=StorePlacer)

    def check(
        self, outcome: Outcome, marked: Callable[[], list[Expectation]]
    ) -> Outcome:
        """Return *outcome* with an error if its verdicts are not those expected.

        Args:
            outcome: Of the scenario, which is sound otherwise.
            marked: Returns what markers declare of its sessions.
        """
        try:
            error = self._find_error(outcome.scenario, marked())
        except ParsediffError as found:
            error = found
        return msgspec.structs.replace(outcome, error=error)

    def _find_error(
        self, scenario: Scenario, marked: Sequence[Expectation]
    ) -> ParsediffError | None:
        expectations = [*declared_in(scenario), *marked]
        judged = self.judge(scenario, watches=bool(declared_raced(expectations)))
        verdicts = judged.verdicts
        unmet = [
            *find_stale(expectations, judged.while_read, judged.otherwise),
            *check(verdicts, expectations, must_declare_raced=True),
        ]
        path = scenario.folder / VERDICTS
        golden = read_golden(path)
        for one in unmet:
            is_declared = one.expectation is not None
            if is_declared or (golden is None and expectations):
                return one.error
        if golden is None and expectations:
            return None
        lines = verdict_lines(verdicts)
        found = check_golden(golden, lines, path)
        if found.passed or found.status is GoldenStatus.UNREADABLE:
            return found.error
        what = "there is no golden of" if found.status is GoldenStatus.MISSING else ""
        message = f"{what or 'these are not'} the verdicts of {counted(len(lines), 'session')}"
        detail = _difference(found.expected, lines)
        return VerdictGoldenError(message, Where(path), detail=detail)

    def stage(self, outcome: Outcome, node_id: str, stages: StageFile) -> Outcome:
        """Stage the verdicts, and return *outcome* with an error if that cannot be.

        Args:
            outcome: Of the scenario, which is sound otherwise.
            node_id: What the update calls this projection.
            stages: Of this process.
        """
        try:
            staged = self._project(outcome.scenario, node_id)
        except ParsediffError as error:
            return msgspec.structs.replace(outcome, error=error)
        stages.add(Selected(node_ids=[node_id]))
        stages.add(staged)
        return outcome

    def _project(self, scenario: Scenario, node_id: str) -> Staged:
        """Return the verdicts, which two runs must agree on, as a golden to be."""
        first, again = (
            join_lines(verdict_lines(self.judge(scenario).verdicts)) for _ in "12"
        )
        if first != again:
            message = "two runs over one store give different verdicts"
            raise UnstableProjectionError(message, Where(scenario.anchor))
        path = scenario.folder / VERDICTS
        golden = read_golden(path)
        return Staged(
            node_id=node_id,
            golden=str(path),
            fence=None if golden is None else digest(golden),
            content=first,
        )

    def judge(self, scenario: Scenario, *, watches: bool = False) -> Judged:
        """Return the verdicts of all sessions, by adapter and id.

        Args:
            scenario: Whose store is judged.
            watches: Whether what the writers touch is to be found out.

        Raises:
            ParsediffError: The store or the archive cannot be built or read.
            Unavailable: The scenario cannot run on this machine.
        """
        desk = self.runner.workspace.new_desk()
        try:
            placed = self._placer.place(scenario, desk.store)
            try:
                settings = self._settings(scenario, placed.source.path)
                writers = GateWriters.read(scenario, placed, watches=watches)
                verdicts = _judge(scenario, settings, desk, writers)
                return Judged(verdicts, writers.touched)
            finally:
                placed.close()
        finally:
            desk.remove()

    def _settings(self, scenario: Scenario, source: Path) -> LiveSettings:
        name = self.runner.adapter_name(scenario)
        timeout_s = scenario.config.timeout_s
        return LiveSettings(
            sources=(f"{name}={source}",),
            configured=scenario.adapters,
            registered=self.runner.registered,
            folder=self.runner.folder,
            timeout_s=timeout_s or None,
        )


def _judge(
    scenario: Scenario, settings: LiveSettings, desk: Desk, writers: GateWriters
) -> list[Verdict]:
    archive = desk.base / "archive.db"
    script = scenario.folder / STORED_SQL
    name = settings.sources[0].partition("=")[0]
    build_stored(
        read_text(script).encode() if script.exists() else b"",
        script,
        archive,
        adapters={name: known_adapter(name, settings)},
    )
    staged = stage(settings, desk.base / "recorded.db")
    try:
        fill_missing(archive, staged)
    finally:
        staged.close()
    writers.act(RECORDED)
    rundb = desk.base / "run.db"
    take_inventory(settings, archive, rundb, writers)
    engine = open_engine(settings, archive, rundb, writers)
    try:
        judged = [
            engine.judge(entry.adapter, entry.session)
            for entry in list(engine.entries())
        ]
        return [*judged, *engine.sweep()]
    finally:
        engine.close()


def verdict_lines(verdicts: Iterable[Verdict]) -> list[bytes]:
    """Return what a golden of verdicts holds: nothing that depends on the machine."""
    events = [
        {
            "session": one.session,
            "class": one.cls.value,
            "reason": one.reason.value if one.reason else None,
            "fields": sorted(one.real_fields),
        }
        for one in sorted(verdicts, key=lambda one: (one.session, one.source))
    ]
    return encode_lines(events, Encoder.SORTED)


def _difference(expected: Sequence[bytes], actual: Sequence[bytes]) -> str:
    """Return the lines that only one side has."""
    gone = [f"-{line.decode()}" for line in expected if line not in actual]
    new = [f"+{line.decode()}" for line in actual if line not in expected]
    return "\n".join([*gone, *new][:50])

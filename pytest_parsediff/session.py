"""The plugin object of a run with scenarios: what the hooks hand over to.

One lives in every process. The controller (the only process without pytest-xdist, or
the one that distributes) makes the run folder, gathers reports and is alone in
writing goldens, after every other process has ended.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_parsediff.collect import ScenarioDirectory
from pytest_parsediff.core.errors import (
    NoScenariosError,
    ParsediffError,
    UpdateOnCIError,
    Where,
)
from pytest_parsediff.core.scenario import Folder, Scenario, walk
from pytest_parsediff.options import Settings, is_ci
from pytest_parsediff.reading import ScenarioReader
from pytest_parsediff.report import attach, facts_of, restore
from pytest_parsediff.scenario_item import ScenarioItem
from pytest_parsediff.stress_collect import StressItem
from pytest_parsediff.stress_flags import is_stress_asked
from pytest_parsediff.tally import Tally

if TYPE_CHECKING:
    from pytest_parsediff.longrepr import FailureRepr
    from pytest_parsediff.run import Outcome, Runner
    from pytest_parsediff.stress_session import StressSession

PLUGIN_NAME = "parsediff-scenarios"


class ScenarioPlugin:
    """Collects, runs and reports scenarios in one process.

    Attributes:
        config: pytest's configuration.
        settings: What the user asked for.
        collect_errors: How many scenarios could not be collected.
        is_collected: Whether collection is over; no conftest is loaded after that.
        tally: Reports of this run; filled in the controller only.
        reader: Reads scenarios with the defaults that hold for them.
    """

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self.config = config
        self.settings = settings
        self.collect_errors = 0
        self.is_collected = False
        self.tally = Tally()
        self.reader = ScenarioReader(config.rootpath)
        self._runner: Runner | None = None
        self._run_folder: Path | None = None
        worker = getattr(config, "workerinput", None)
        self.is_controller = worker is None
        self.worker = "main" if worker is None else str(worker["workerid"])
        if worker is not None:
            self._run_folder = Path(worker["parsediff_run_folder"])
        self._refuse_snapshot_update_on_ci()
        self._stress: StressSession | None = None
        if is_stress_asked(config):
            self.stress.refuse_updates(settings.update)

    @property
    def stress(self) -> StressSession:
        """What blocks of plans have in common, made on first use."""
        if self._stress is None:
            from pytest_parsediff.stress_session import StressSession  # noqa: PLC0415

            self._stress = StressSession(self.config, lambda: self.runner)
        return self._stress

    def _refuse_snapshot_update_on_ci(self) -> None:
        """Refuse syrupy's update flags too, where they would write scenarios."""
        by_syrupy = self.config.getoption(
            "update_snapshots", False
        ) or self.config.getoption("update_new_snapshots_only", False)
        distributed = self.config.getoption("dist", "no") != "no"
        if by_syrupy and is_ci() and self.is_controller and distributed:
            raise _update_on_ci()

    # --- collection -------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        """Add the scenario roots when nobody named paths."""
        config = session.config
        if config.args_source is config.ArgsSource.ARGS:
            return
        roots = [root for root in self.settings.roots if root.is_dir()]
        if not any(next(walk(root), None) for root in roots):
            names = ", ".join(str(root) for root in self.settings.roots)
            message = f"no scenario below {names}"
            raise pytest.UsageError(str(NoScenariosError(message)))
        config.args += [str(root) for root in roots if not _is_reached(root, config)]

    @pytest.hookimpl(tryfirst=True)
    def pytest_collect_directory(
        self, path: Path, parent: pytest.Collector
    ) -> pytest.Collector | None:
        """Take over the scenario roots."""
        if path in self.settings.roots:
            return ScenarioDirectory.make(parent, self, path, path)
        return None

    @property
    def updating(self) -> bool:
        """Whether goldens are being rewritten."""
        return self.settings.update is not None

    def read(self, folder: Folder, root: Path) -> Scenario:
        """Return the scenario in *folder*; its id belongs to no other folder.

        Raises:
            ParsediffError: PD1xx, or PD306 for a second folder with the same id.
        """
        try:
            return self.reader.read(folder, root)
        except ParsediffError:
            self.collect_errors += 1
            raise

    def adapter_of(self, scenario: Scenario) -> str | None:
        """Return the name of the adapter that reads *scenario*, if one is named."""
        return scenario.config.adapter or self.settings.adapter

    @pytest.hookimpl(wrapper=True)
    def pytest_collection_finish(self, session: pytest.Session) -> Iterator[None]:
        """Hide scenarios from syrupy, and note what an update must account for."""
        yield
        self.is_collected = True
        items = [item for item in session.items if isinstance(item, ScenarioItem)]
        from pytest_parsediff.syrupy_summary import hide  # noqa: PLC0415

        hide(self.config, [item.nodeid for item in items])
        if self.settings.update is None or not items:
            return
        if is_ci() and self.settings.update.writes:
            raise _update_on_ci()
        if not session.config.option.collectonly:
            from pytest_parsediff.golden.stage import Selected  # noqa: PLC0415

            self._stage().add(Selected(node_ids=[item.nodeid for item in items]))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Iterator[None]:
        """Run the other scenarios although some could not be collected."""
        option = session.config.option
        before = option.continue_on_collection_errors
        if session.testsfailed and session.testsfailed == self.collect_errors:
            option.continue_on_collection_errors = True
        try:
            return (yield)
        finally:
            option.continue_on_collection_errors = before

    # --- running ----------------------------------------------------------------------

    def run(self, item: ScenarioItem) -> Outcome:
        """Run one scenario; stage its projection when goldens are updated."""
        from pytest_parsediff.run import Mode  # noqa: PLC0415 - the engine

        mode = Mode.UPDATE if self.updating else Mode.VERIFY
        outcome = self.runner.run(item.scenario, mode)
        if outcome.error is None and _has_verdicts(item):
            outcome = self._judge(item, outcome)
        if self.updating and outcome.error is None:
            self._stage().add(outcome.staged(item.nodeid))
        elif outcome.check is not None and not outcome.check.passed:
            from pytest_parsediff.syrupy_summary import register  # noqa: PLC0415

            register(self.config, item, outcome.jsonl)
        return outcome

    def _judge(self, item: ScenarioItem, outcome: Outcome) -> Outcome:
        """Hold the verdicts of a scenario against their golden, or stage them."""
        from pytest_parsediff.gate_run import ScenarioGate  # noqa: PLC0415
        from pytest_parsediff.live_marks import declared_by  # noqa: PLC0415

        gate = ScenarioGate(self.runner)
        if not self.updating:
            return gate.check(outcome, lambda: declared_by(item))
        return gate.stage(outcome, f"{item.nodeid} (verdicts)", self._stage())

    @property
    def runner(self) -> Runner:
        """The engine of this process, made on first use."""
        if self._runner is None:
            from pytest_parsediff.core.workspace import Workspace  # noqa: PLC0415
            from pytest_parsediff.run import Runner  # noqa: PLC0415

            registered: dict[str, object] = {}
            for found in self.config.hook.pytest_parsediff_adapters(config=self.config):
                registered |= {**found, **registered}
            self._runner = Runner(
                Workspace(self.run_folder(), self.worker),
                self.config.rootpath,
                registered,
                self.settings.adapter,
            )
        return self._runner

    def run_folder(self) -> Path:
        """Return the folder of this run, made on first use by the controller."""
        if self._run_folder is None:
            from pytest_parsediff.core.workspace import make_run_folder  # noqa: PLC0415

            self._run_folder = make_run_folder(self.settings.tmp)
        return self._run_folder

    def failure_of(self, item: ScenarioItem, outcome: Outcome) -> FailureRepr:
        """Return what pytest prints for a failing scenario."""
        from pytest_parsediff.failure import Crash, describe  # noqa: PLC0415
        from pytest_parsediff.longrepr import FailureRepr  # noqa: PLC0415

        lines = describe(outcome, self._typed_from_here(item.nodeid))
        message = outcome.error.summary if outcome.error else ""
        return FailureRepr(lines, Crash(str(item.path), 1, message))

    def _typed_from_here(self, node_id: str) -> str:
        """Return *node_id* as it is typed in the folder where pytest was started."""
        path, separator, name = str(node_id).partition("::")
        here = self.config.invocation_params.dir
        return os.path.relpath(self.config.rootpath / path, here) + separator + name

    # --- reporting --------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Let results travel on the report, so that they cross process borders."""
        report = yield
        if isinstance(item, ScenarioItem):
            outcome = None
            if call.when == "call":  # what is reported need not be kept any longer
                outcome, item.outcome = item.outcome, None
            attach(report, item.scenario.id, outcome)
            if report.skipped and item.unavailable is not None:
                report.longrepr = (str(item.path), 1, f"Skipped: {item.unavailable}")
        elif isinstance(item, StressItem):
            self.stress.attach(report, item)
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather results in the controller."""
        if self.is_controller and hasattr(report, "parsediff"):
            restore(report, facts_of(report))
            self.tally.add(report)
        elif self.is_controller and hasattr(report, "parsediff_stress"):
            self.stress.add(report)

    @pytest.hookimpl
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Count scenarios that could not be collected: they block an update."""
        if self.is_controller and report.failed:
            path = self.config.rootpath / report.nodeid.partition("::")[0]
            if any(path.is_relative_to(root) for root in self.settings.roots):
                cause = report.longreprtext.strip().partition("\n")[0]
                self.tally.failed[report.nodeid] = cause

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell an xdist worker where the run folder is."""
        node.workerinput["parsediff_run_folder"] = str(self.run_folder())

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Iterator[None]:
        """Write goldens, in the controller, before syrupy makes its summary."""
        mode, folder = self.settings.update, self._run_folder
        collected_only = session.config.option.collectonly
        if self.is_controller and mode and folder and not collected_only:
            from pytest_parsediff.commit import commit_update  # noqa: PLC0415

            commit_update(session, mode, folder, self.tally)
        if self._stress is not None:
            self._stress.finish(is_controller=self.is_controller)
        try:
            return (yield)
        finally:
            self.close()

    def close(self) -> None:
        """Remove the run folder, if this process made it and nothing was kept."""
        from pytest_parsediff.core.workspace import Workspace  # noqa: PLC0415

        if self.is_controller and self._run_folder is not None:
            Workspace(self._run_folder).close()

    def pytest_report_header(self) -> str:
        """Say what will be run, and with which SQLite."""
        from pytest_parsediff.core.store import sqlite_version  # noqa: PLC0415

        roots = ", ".join(str(Where(root)) for root in self.settings.roots)
        adapter = f", adapter {self.settings.adapter}" if self.settings.adapter else ""
        return f"parsediff: {roots}{adapter} (SQLite {sqlite_version()})"

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> None:
        """Print what a line of dots cannot say."""
        from pytest_parsediff.terminal import write_summary  # noqa: PLC0415

        if self.is_controller:
            write_summary(terminalreporter, self.tally)
            if self._stress is not None:
                self._stress.write_summary(terminalreporter)

    def _stage(self) -> Any:
        from pytest_parsediff.golden.stage import StageFile  # noqa: PLC0415

        return StageFile(self.run_folder() / f"stage-{self.worker}.jsonl")


def _is_reached(root: Path, config: pytest.Config) -> bool:
    """Return whether *root* must not be added to the arguments.

    Before pytest 9 an argument inside another one takes the place of the outer.
    """
    given = [Path(os.path.abspath(arg)) for arg in config.args]
    is_inside = any(root.is_relative_to(folder) for folder in given)
    return root in given or (is_inside and pytest.version_tuple < (9,))


def _update_on_ci() -> pytest.UsageError:
    message = "--snapshot-update writes goldens of scenarios, and CI is set"
    return pytest.UsageError(str(UpdateOnCIError(message)))


#: Markers that declare what becomes of sessions, as ``live_marks.py`` reads them.
_DECLARING = frozenset({"raced", "expected_change"})


def _has_verdicts(item: ScenarioItem) -> bool:
    """Return whether the scenario of *item* is about verdicts too."""
    scenario = item.scenario
    if scenario.config.sessions:
        return True
    if any(mark.name in _DECLARING for mark in item.own_markers):
        return True
    folder, names = scenario.folder, ("stored.sql", "expected.verdicts.jsonl")
    return any(os.path.exists(f"{folder}{os.sep}{name}") for name in names)

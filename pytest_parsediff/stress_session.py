"""Stress in a session of pytest: settings, the runner, tokens that failed before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_parsediff.core.errors import (
    InconclusiveError,
    ParsediffError,
    Unavailable,
    UpdateScopeError,
)
from pytest_parsediff.core.scenario import Scenario
from pytest_parsediff.report import restore, shown
from pytest_parsediff.stress_collect import StressItem, stress_table
from pytest_parsediff.stress_options import read_stress_options
from pytest_parsediff.stress_progress import PlanProgress
from pytest_parsediff.stress_tally import StressTally

if TYPE_CHECKING:
    from pytest_parsediff.diff.expectation import Expectation
    from pytest_parsediff.golden.update import UpdateMode
    from pytest_parsediff.run import Runner
    from pytest_parsediff.stress.outcome import StressOutcome
    from pytest_parsediff.stress.runner import Stresser
    from pytest_parsediff.stress.stand import StressSettings

CACHE_KEY = "parsediff/tokens"


class StressSession:
    """What blocks of plans of one process have in common.

    Attributes:
        options: What was asked.
        tally: Reports of this run; filled in the controller only.
    """

    def __init__(self, config: pytest.Config, runner: Callable[[], Runner]) -> None:
        self.options = read_stress_options(config)
        self.tally = StressTally()
        self._runner = runner
        self._stresser: Stresser | None = None
        self._progress = PlanProgress(config)
        self._cache: Any = getattr(config, "cache", None)
        cached = self._cache.get(CACHE_KEY, {}) if self._cache else {}
        self._tokens: dict[str, list[str]] = cached

    def refuse_updates(self, mode: UpdateMode | None) -> None:
        """Refuse to stress and to rewrite goldens in one run.

        Raises:
            pytest.UsageError: PD330.
        """
        if mode is not None:
            message = "goldens are those of the quiet run; stress writes none"
            raise pytest.UsageError(str(UpdateScopeError(message)))

    # --- items --------------------------------------------------------------------------

    def settings(self, scenario: Scenario) -> StressSettings:
        """Return what holds for *scenario*; a replay is one item."""
        settings = self.options.settings(stress_table(scenario))
        return replace(settings, plans=1) if self.options.replay else settings

    def run(self, item: StressItem) -> StressOutcome:
        """Run the block of *item*, or the token that is to be replayed.

        Raises:
            Unavailable: It cannot run here; or it showed nothing, and nobody asked
                for stress.
        """
        stresser = self._open()
        settings = self.settings(item.scenario)
        try:
            declared = _declared(item)
        except ParsediffError as error:
            from pytest_parsediff.stress.outcome import StressOutcome  # noqa: PLC0415

            return StressOutcome(scenario=item.scenario, error=error)
        token = self.options.replay
        with self._progress.of(item) as stresser.on_progress:
            if token:
                return stresser.replay(item.scenario, settings, token, declared)
            outcome = stresser.run_block(
                item.scenario,
                settings,
                item.number,
                self._tokens.get(item.scenario.id, ()),
                declared,
            )
        if isinstance(outcome.error, InconclusiveError) and not self.options.is_strict:
            raise Unavailable(f"inconclusive: {outcome.error.message}")
        return outcome

    def failure_of(self, item: StressItem, outcome: StressOutcome) -> object:
        """Return what pytest prints for a failing block."""
        from pytest_parsediff.failure import Crash  # noqa: PLC0415
        from pytest_parsediff.longrepr import FailureRepr  # noqa: PLC0415
        from pytest_parsediff.stress_failure import describe_stress  # noqa: PLC0415

        message = outcome.error.summary if outcome.error else ""
        options = self.options
        lines = describe_stress(
            outcome, item.nodeid, options.flags, options.block_flags
        )
        return FailureRepr(lines, Crash(str(item.path), 1, message))

    def _open(self) -> Stresser:
        if self._stresser is None:
            from pytest_parsediff.stress.runner import Stresser  # noqa: PLC0415

            runner = self._runner()
            self._stresser = Stresser(
                workspace=runner.workspace,
                resolve=runner.resolve,
                time_s=self.options.time_s,
            )
        return self._stresser

    # --- reports ------------------------------------------------------------------------

    def attach(self, report: pytest.TestReport, item: StressItem) -> None:
        """Put what the controller needs on *report*, as plain JSON values."""
        facts: dict[str, Any] = {"id": item.scenario.id, "number": item.number}
        if report.when == "call":
            outcome, item.outcome = item.outcome, None
            if outcome is not None:
                facts |= {
                    "proof": outcome.proof,
                    "plans": outcome.plans,
                    "seconds": outcome.seconds,
                    "token": outcome.token,
                    "stopped": outcome.stopped,
                    "note": outcome.note,
                }
                if outcome.listing is not None:
                    facts["listing"] = asdict(outcome.listing)
        if report.failed:
            facts |= shown(report.longrepr)
        if report.skipped and item.unavailable is not None:
            report.longrepr = (str(item.path), 1, f"Skipped: {item.unavailable}")
        vars(report)["parsediff_stress"] = facts

    def add(self, report: pytest.TestReport) -> None:
        """Count a report, in the controller."""
        facts: dict[str, Any] = getattr(report, "parsediff_stress", {})
        restore(report, facts)
        self.tally.add(report, facts)

    def finish(self, *, is_controller: bool) -> None:
        """Take the last stand down; remember tokens, in the controller."""
        if self._stresser is not None:
            self._stresser.close()
        if is_controller and self._cache is not None and not self.options.replay:
            tokens = self.tally.remember(self._tokens)
            if tokens != self._tokens:
                self._cache.set(CACHE_KEY, tokens)

    def write_summary(self, reporter: pytest.TerminalReporter) -> None:
        """Print what was proved, and what was going on when the run was interrupted."""
        self.tally.write(reporter, self._progress.unfinished)


def _declared(item: StressItem) -> list[Expectation]:
    """Return what the scenario of *item*, and markers, declare of sessions.

    Raises:
        BadValueError: PD103, a declaration is none; the item of the scenario says so
            too.
    """
    if not item.scenario.config.sessions and not item.own_markers:
        return []
    from pytest_parsediff.diff.declared import declared_in  # noqa: PLC0415 - the gate
    from pytest_parsediff.live_marks import declared_by  # noqa: PLC0415 - the gate

    return [*declared_in(item.scenario), *declared_by(item)]

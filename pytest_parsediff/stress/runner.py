"""Run plans of scenarios: a block of them, or one again."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from pytest_parsediff.core.errors import (
    BadTokenError,
    ForeignTokenError,
    ParsediffError,
    Unavailable,
)
from pytest_parsediff.core.place import StorePlacer
from pytest_parsediff.core.scenario import Scenario
from pytest_parsediff.core.workspace import Workspace
from pytest_parsediff.diff.expectation import Expectation
from pytest_parsediff.environment import Environment
from pytest_parsediff.interleave.plan import Plan
from pytest_parsediff.interleave.strategy import BLOCK, Numbered, Plans, Strategy
from pytest_parsediff.interleave.token import decode
from pytest_parsediff.laws.explore import Finding
from pytest_parsediff.stress.concluding import (
    conclude,
    fail_by_plan,
    fail_by_races,
    fail_quietly,
    fail_with,
)
from pytest_parsediff.stress.outcome import StressOutcome
from pytest_parsediff.stress.quietly import is_quiet
from pytest_parsediff.stress.stand import StressSettings
from pytest_parsediff.stress.standing import Progress, Resolve, Standing, stand_up


@dataclass(slots=True, kw_only=True)
class Stresser:
    """Runs plans; the stand of the last scenario stays up for its next block.

    Attributes:
        workspace: Where throwaway folders are made.
        resolve: Finds adapters.
        time_s: Longest time for one block, in seconds; ``None`` sets no bound.
        on_progress: Called after each plan.
    """

    workspace: Workspace
    resolve: Resolve
    time_s: float | None = None
    on_progress: Progress | None = None
    _placer: StorePlacer = field(default_factory=StorePlacer, init=False)
    _standing: Standing | None = field(default=None, init=False)

    def run_block(
        self,
        scenario: Scenario,
        settings: StressSettings,
        number: int,
        remembered: Sequence[str] = (),
        declared: Sequence[Expectation] = (),
    ) -> StressOutcome:
        """Run the plans of one block, those that failed before first.

        Args:
            scenario: Whose plans.
            settings: Which plans, and what they are held to.
            number: Of the block, 0-based.
            remembered: Tokens that failed in an earlier run; one that means nothing
                any more is left out. The first block takes them.
            declared: What is declared of sessions.

        Raises:
            Unavailable: The scenario cannot run on this machine.
        """
        try:
            standing = self._stand_up(scenario, settings, declared)
            with Environment(standing.desk.homes()):
                return self._run_block(standing, number, remembered)
        except ParsediffError as error:
            return fail_with(scenario, error)

    def replay(
        self,
        scenario: Scenario,
        settings: StressSettings,
        token: str,
        declared: Sequence[Expectation] = (),
    ) -> StressOutcome:
        """Run the plan of *token* once, and hold it to the same as in its block.

        That a declared race is stale is never said: one plan need not make it.

        Raises:
            Unavailable: The scenario cannot run on this machine.
        """
        try:
            standing = self._stand_up(scenario, settings, declared)
            plan = decode(token, standing.stand.fingerprint)
            with Environment(standing.desk.homes()):
                return _replay(standing, plan)
        except ParsediffError as error:
            return fail_with(scenario, error)

    def close(self) -> None:
        """Take the last stand down."""
        if self._standing is not None:
            self._standing.desk.remove()
            self._standing = None

    def _stand_up(
        self,
        scenario: Scenario,
        settings: StressSettings,
        declared: Sequence[Expectation],
    ) -> Standing:
        """Return the stand of *scenario*, the one that stands if it is that one.

        Raises:
            ParsediffError: Store, adapter or writers cannot be used.
        """
        if self._standing is not None and self._standing.is_for(scenario, declared):
            self._standing.settings = settings
            self._standing.explorer.on_progress = self.on_progress
            return self._standing
        self.close()
        desk = self.workspace.new_desk()
        try:
            self._standing = stand_up(
                scenario,
                settings,
                declared,
                resolve=self.resolve,
                placer=self._placer,
                desk=desk,
                on_progress=self.on_progress,
            )
        except BaseException:
            desk.remove()
            raise
        return self._standing

    def _run_block(
        self, standing: Standing, number: int, remembered: Sequence[str]
    ) -> StressOutcome:
        failed = fail_quietly(standing, holds_laws=number == 0)
        if failed is not None:
            return failed
        plans = standing.plans
        _refuse_nothing(plans, standing.settings, number)
        until = None if self.time_s is None else time.monotonic() + self.time_s
        standing.watch.begin()
        first = _remembered(standing, remembered) if number == 0 else iter(())
        explored = standing.explorer.explore(
            chain(first, plans.block(number)), plans.shape, until=until
        )
        if explored.finding is not None:
            return fail_by_plan(standing, explored.finding, explored)
        return conclude(standing, explored, number)


def _replay(standing: Standing, plan: Plan) -> StressOutcome:
    failed = fail_quietly(standing, holds_laws=is_quiet(plan))
    if failed is not None:
        return failed
    watch = standing.watch
    watch.begin()
    replayed = standing.explorer.replay(plan)
    if isinstance(replayed, Finding):
        return fail_by_plan(standing, replayed)
    outcome = StressOutcome(
        scenario=standing.scenario,
        proof="1 plan (replayed)",
        plans=1,
        writers=standing.writers,
    )
    found = watch.contradiction()
    return outcome if found is None else fail_by_races(standing, found, outcome)


def _remembered(standing: Standing, tokens: Sequence[str]) -> Iterator[Numbered]:
    for token in tokens:
        try:
            plan = decode(token, standing.stand.fingerprint)
        except (BadTokenError, ForeignTokenError):
            continue  # the scenario has changed since
        yield Numbered(-1, plan, is_sweep=False)


def _refuse_nothing(plans: Plans, settings: StressSettings, number: int) -> None:
    """Pass over a block without plans, and a space that was asked for as a whole.

    Raises:
        Unavailable: There is nothing to run, or too much.
    """
    if plans.strategy is Strategy.EXHAUSTIVE and settings.is_whole:
        size = plans.space_size
        if size > plans.total:
            raise Unavailable(f"all of it is {size:,} plans, more than {plans.total:,}")
    if number and number * BLOCK >= len(plans):
        what = "the only plan is" if len(plans) == 1 else f"all {len(plans)} plans are"
        raise Unavailable(f"{what} in the blocks before")

"""Run plans of scenarios: a block of them, or one again."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from pytest_parsediff.core.errors import (
    BadTokenError,
    ForeignTokenError,
    InconclusiveError,
    LawBrokenError,
    NotDeterministicError,
    ParsediffError,
    Unavailable,
)
from pytest_parsediff.core.place import StorePlacer
from pytest_parsediff.core.scenario import Scenario
from pytest_parsediff.core.workspace import Workspace
from pytest_parsediff.diff.expectation import Expectation
from pytest_parsediff.interleave.plan import Plan
from pytest_parsediff.interleave.strategy import BLOCK, Numbered, Plans, Strategy
from pytest_parsediff.interleave.token import decode
from pytest_parsediff.laws.explore import Explored, Finding
from pytest_parsediff.laws.proof import state_proof, why_inconclusive
from pytest_parsediff.run import Environment
from pytest_parsediff.stress.outcome import Listing, Shown, StressOutcome, place_of
from pytest_parsediff.stress.quietly import (
    QUIET,
    find_quiet_violation,
    hint_of,
    is_of_quiet_run,
    is_quiet,
)
from pytest_parsediff.stress.raced import Contradiction, find_contradiction
from pytest_parsediff.stress.stand import StressSettings
from pytest_parsediff.stress.standing import Progress, Resolve, Standing, stand_up

#: What plans are called that are listed, and not drawn.
_LISTED = {Strategy.CRASH: "crash", Strategy.EXHAUSTIVE: "exhaustive"}


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
            return _failed(scenario, error)

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
            return _failed(scenario, error)

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
        failed = _fail_quietly(standing, holds_laws=number == 0)
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
            return _broken(standing, explored.finding, explored)
        return _conclude(standing, explored, number)


def _replay(standing: Standing, plan: Plan) -> StressOutcome:
    failed = _fail_quietly(standing, holds_laws=is_quiet(plan))
    if failed is not None:
        return failed
    watch = standing.watch
    watch.begin()
    replayed = standing.explorer.replay(plan)
    if isinstance(replayed, Finding):
        return _broken(standing, replayed)
    outcome = StressOutcome(
        scenario=standing.scenario,
        proof="1 plan (replayed)",
        plans=1,
        writers=standing.writers,
    )
    found = watch.contradiction()
    return outcome if found is None else _contradicted(standing, found, outcome)


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


# --- outcomes -----------------------------------------------------------------------------


def _conclude(standing: Standing, explored: Explored, number: int) -> StressOutcome:
    """Return what comes of a block none of whose plans breaks a law.

    Whether a declared race is stale is asked in the first block only, which has the
    sweep.
    """
    plans = standing.plans
    listing = Listing(
        kind=_LISTED.get(plans.strategy, "sweep"),
        done=explored.swept,
        whole=standing.count_listed(),
        asked=plans.total,
    )
    proof = state_proof(explored, plans.shape, whole=listing.whole, listed=listing.kind)
    outcome = StressOutcome(
        scenario=standing.scenario,
        proof=proof,
        plans=explored.plans,
        seconds=explored.seconds,
        observations=len(explored.observations),
        errors=tuple(sorted(explored.errors.items())),
        stopped=explored.stopped,
        writers=standing.writers,
        note=standing.note,
        listing=None if plans.strategy is Strategy.PCT else listing,
    )
    reason = why_inconclusive(standing.quiet, explored)
    if reason:
        error = InconclusiveError(f"{reason} ({proof})", place_of(standing.scenario))
        return replace(outcome, error=error)
    found = find_contradiction(
        standing.watch, standing.explorer, plans.shape, asks_stale=number == 0
    )
    return outcome if found is None else _contradicted(standing, found, outcome)


def _broken(
    standing: Standing, finding: Finding, explored: Explored | None = None
) -> StressOutcome:
    scenario, violation = standing.scenario, finding.violation
    message = f"{scenario.id}: law {violation.law} is broken: {violation.message}"
    return StressOutcome(
        scenario=scenario,
        plans=explored.plans if explored else 1,
        seconds=explored.seconds if explored else 0.0,
        finding=finding,
        token=standing.token_of(finding.plan),
        writers=standing.writers,
        error=LawBrokenError(message, place_of(scenario)),
    )


def _contradicted(
    standing: Standing, found: Contradiction, outcome: StressOutcome
) -> StressOutcome:
    """Return *outcome* as one of declared races that are not what steps did."""
    found.error.where = place_of(standing.scenario)
    if found.run is None:
        return replace(outcome, error=found.error)
    return replace(
        outcome,
        shown=Shown(found.origin, found.run),
        token=standing.token_of(found.run.plan),
        error=found.error,
    )


def _fail_quietly(standing: Standing, *, holds_laws: bool) -> StressOutcome | None:
    """Return what comes of a reader that fails where nobody writes, if it does.

    Args:
        standing: Whose reader.
        holds_laws: Whether laws with runs of their own are tried.

    Raises:
        ParsediffError: PD4xx, the adapter fails.
    """
    scenario, quiet = standing.scenario, standing.quiet
    where = place_of(scenario)
    shown: Shown | None = Shown(QUIET, quiet.run)
    if quiet.difference:
        message = f"two runs without writers differ: {quiet.difference}"
        error: ParsediffError = NotDeterministicError(message, where)
    else:
        laws = standing.settings.laws if holds_laws else ()
        violation = find_quiet_violation(standing.stand.rig, laws)
        if violation is None:
            return None
        message = f"{scenario.id}: law {violation.law} is broken: {violation.message}"
        detail = "\n".join(violation.details)
        error = LawBrokenError(message, where, hint_of(violation.law), detail)
        shown = shown if is_of_quiet_run(violation.law) else None
    return StressOutcome(
        scenario=scenario,
        shown=shown,
        token=standing.token_of(quiet.run.plan),
        writers=standing.writers,
        error=error,
    )


def _failed(scenario: Scenario, error: ParsediffError) -> StressOutcome:
    if error.where is None:
        error.where = place_of(scenario)
    return StressOutcome(scenario=scenario, error=error)

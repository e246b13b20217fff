"""Run plans of scenarios: a block of them, or one again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TypeAlias

from pytest_parsediff.adapters.resolve import Resolved
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
from pytest_parsediff.core.rules import Rules
from pytest_parsediff.core.scenario import Scenario
from pytest_parsediff.core.splitmix import SplitMix64
from pytest_parsediff.core.workspace import Desk, Workspace
from pytest_parsediff.diff.expectation import Expectation
from pytest_parsediff.interleave.strategy import BLOCK, Numbered, Plans, Strategy
from pytest_parsediff.interleave.token import decode, encode
from pytest_parsediff.laws.explore import Explored, Explorer, Finding, Quiet
from pytest_parsediff.laws.law import Law, Violation
from pytest_parsediff.laws.proof import state_proof, why_inconclusive
from pytest_parsediff.laws.static import STATIC, why_not
from pytest_parsediff.run import Environment
from pytest_parsediff.stress.made import WRITERS
from pytest_parsediff.stress.outcome import Listing, StressOutcome, place_of
from pytest_parsediff.stress.raced import RacedWatch, all_at_once, watch_over
from pytest_parsediff.stress.stand import (
    MakeWriter,
    Stand,
    StressSettings,
    build_stand,
)

#: What plans are called that are listed, and not drawn.
_LISTED = {Strategy.CRASH: "crash", Strategy.EXHAUSTIVE: "exhaustive"}
#: Returns the adapter of a scenario, and how its events become canonical.
Resolve: TypeAlias = Callable[[Scenario], tuple[Resolved, Rules]]
#: Called after each plan with what came of the block so far.
Progress: TypeAlias = Callable[[Explored], None]


@dataclass(slots=True, kw_only=True)
class _Standing:
    """A scenario on its stand, measured."""

    scenario: Scenario
    settings: StressSettings
    desk: Desk
    stand: Stand
    explorer: Explorer
    quiet: Quiet
    watch: RacedWatch
    _counted: dict[tuple[int, Strategy], int | None] = field(default_factory=dict)

    def count_listed(self) -> int | None:
        """Return how many plans are listed, counted once for all blocks."""
        key = self.settings.plans, self.settings.strategy
        if key not in self._counted:
            self._counted[key] = self.plans.count_listed()
        return self._counted[key]

    @property
    def plans(self) -> Plans:
        return Plans(
            shape=self.quiet.shape,
            strategy=self.settings.strategy,
            seed=self.settings.seed,
            scenario=self.scenario.id,
            total=self.settings.plans,
        )


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
    _standing: _Standing | None = field(default=None, init=False)

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
        self, scenario: Scenario, settings: StressSettings, token: str
    ) -> StressOutcome:
        """Run the plan of *token* once.

        Raises:
            Unavailable: The scenario cannot run on this machine.
        """
        try:
            standing = self._stand_up(scenario, settings)
            plan = decode(token, standing.stand.fingerprint)
            with Environment(standing.desk.homes()):
                replayed = standing.explorer.replay(plan)
        except ParsediffError as error:
            return _failed(scenario, error)
        writers = standing.stand.rig.bench.names
        if isinstance(replayed, Finding):
            return _broken(scenario, replayed, token, writers)
        return StressOutcome(
            scenario=scenario, proof="1 plan (replayed)", plans=1, writers=writers
        )

    def close(self) -> None:
        """Take the last stand down."""
        if self._standing is not None:
            self._standing.desk.remove()
            self._standing = None

    def _stand_up(
        self,
        scenario: Scenario,
        settings: StressSettings,
        declared: Sequence[Expectation] = (),
    ) -> _Standing:
        """Return the stand of *scenario*, the one that stands if it is that one.

        Raises:
            NotDeterministicError: PD614, two quiet runs differ.
            ParsediffError: Store, adapter or writers cannot be used.
        """
        standing = self._standing
        if (
            standing is not None
            and standing.scenario is scenario
            and standing.watch.declared == declared
        ):
            standing.settings = settings
            return standing
        self.close()
        desk = self.workspace.new_desk()
        watch = watch_over(scenario, declared)
        try:
            resolved, rules = self.resolve(scenario)
            with Environment(desk.homes()):
                stand = build_stand(
                    scenario,
                    resolved,
                    rules,
                    self._placer,
                    desk,
                    make_writer=_maker(scenario, settings),
                )
                explorer = Explorer(
                    rig=stand.rig,
                    laws=settings.laws,
                    polls=settings.polls,
                    may_crash=Law.CRASH_SAFE in settings.laws,
                    measures=settings.strategy is Strategy.EXHAUSTIVE,
                    watches=(watch.see,) if watch.is_needed else (),
                    on_progress=self.on_progress,
                )
                quiet = explorer.quiet()
        except BaseException:
            desk.remove()
            raise
        if quiet.difference:
            desk.remove()
            message = f"two runs without writers differ: {quiet.difference}"
            raise NotDeterministicError(message)
        self._standing = _Standing(
            scenario=scenario,
            settings=settings,
            desk=desk,
            stand=stand,
            explorer=explorer,
            quiet=quiet,
            watch=watch,
        )
        return self._standing

    def _run_block(
        self, standing: _Standing, number: int, remembered: Sequence[str]
    ) -> StressOutcome:
        plans = standing.plans
        if number == 0:
            violation = self._check_quietly(standing)
            if violation is not None:
                return _broken_quietly(standing.scenario, violation)
        _refuse_nothing(plans, standing.settings, number)
        until = None if self.time_s is None else time.monotonic() + self.time_s
        standing.watch.begin()
        first = self._remembered(standing, remembered) if number == 0 else iter(())
        explored = standing.explorer.explore(
            chain(first, plans.block(number)), plans.shape, until=until
        )
        scenario, writers = standing.scenario, standing.stand.rig.bench.names
        if explored.finding is not None:
            token = encode(explored.finding.plan, standing.stand.fingerprint)
            return _broken(scenario, explored.finding, token, writers, explored)
        listing = Listing(
            kind=_LISTED.get(plans.strategy, "sweep"),
            done=explored.swept,
            whole=standing.count_listed(),
            asked=plans.total,
        )
        proof = state_proof(
            explored, plans.shape, whole=listing.whole, listed=listing.kind
        )
        reason = why_inconclusive(standing.quiet, explored)
        error: ParsediffError | None = None
        if reason:
            error = InconclusiveError(f"{reason} ({proof})")
        elif standing.watch.is_needed:
            error = self._find_undeclared(standing, number)
        if error is not None:
            error.where = place_of(scenario)
        return StressOutcome(
            scenario=scenario,
            proof=proof,
            plans=explored.plans,
            seconds=explored.seconds,
            observations=len(explored.observations),
            errors=tuple(sorted(explored.errors.items())),
            stopped=explored.stopped,
            writers=writers,
            error=error,
            note="; ".join(
                filter(None, (standing.stand.note, *standing.quiet.escapes))
            ),
            listing=None if plans.strategy is Strategy.PCT else listing,
        )

    def _find_undeclared(
        self, standing: _Standing, number: int
    ) -> ParsediffError | None:
        """Return how declared races and what the steps did differ.

        Whether a declaration is stale is asked in the first block only, which has the
        sweep; and of the plan that has every step, in case that was left out.
        """
        watch = standing.watch
        error = watch.problem()
        if error is None and number == 0 and watch.stale() is not None:
            standing.explorer.replay(all_at_once(standing.quiet.shape))
            error = watch.stale()
        return error

    def _check_quietly(self, standing: _Standing) -> Violation | None:
        """Return the first law with runs of its own that the adapter breaks.

        One that a scenario names and that does not concern the adapter is left out.
        """
        rig = standing.stand.rig
        for law in standing.settings.laws:
            if law in STATIC and not why_not(law, rig):
                violation = STATIC[law](rig)
                if violation is not None:
                    return violation
        return None

    def _remembered(
        self, standing: _Standing, tokens: Sequence[str]
    ) -> Iterator[Numbered]:
        for token in tokens:
            try:
                plan = decode(token, standing.stand.fingerprint)
            except (BadTokenError, ForeignTokenError):
                continue  # the scenario has changed since
            yield Numbered(-1, plan, is_sweep=False)


def _maker(scenario: Scenario, settings: StressSettings) -> MakeWriter | None:
    """Return what makes a writer for *scenario*, if one is to be made."""
    if not settings.writer:
        return None
    random = SplitMix64.seeded("writer", scenario.id, settings.seed)
    return lambda image: WRITERS[settings.writer](image, random)


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
        raise Unavailable(f"all {len(plans)} plans are in the blocks before")


def _broken(
    scenario: Scenario,
    finding: Finding,
    token: str,
    writers: tuple[str, ...],
    explored: Explored | None = None,
) -> StressOutcome:
    violation = finding.violation
    message = f"{scenario.id}: law {violation.law} is broken: {violation.message}"
    return StressOutcome(
        scenario=scenario,
        plans=explored.plans if explored else 1,
        seconds=explored.seconds if explored else 0.0,
        finding=finding,
        token=token,
        writers=writers,
        error=LawBrokenError(message, place_of(scenario)),
    )


def _broken_quietly(scenario: Scenario, violation: Violation) -> StressOutcome:
    """Return what comes of a law that is broken without any plan."""
    message = f"{scenario.id}: law {violation.law} is broken: {violation.message}"
    detail = "\n".join(violation.details)
    error = LawBrokenError(message, place_of(scenario), detail=detail)
    return StressOutcome(scenario=scenario, error=error)


def _failed(scenario: Scenario, error: ParsediffError) -> StressOutcome:
    if error.where is None:
        error.where = place_of(scenario)
    return StressOutcome(scenario=scenario, error=error)

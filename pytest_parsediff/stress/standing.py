"""A scenario on its stand, measured, for as long as blocks of its plans are run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from pytest_parsediff.adapters.resolve import Resolved
from pytest_parsediff.core.place import StorePlacer
from pytest_parsediff.core.rules import Rules
from pytest_parsediff.core.scenario import Scenario
from pytest_parsediff.core.splitmix import SplitMix64
from pytest_parsediff.core.workspace import Desk
from pytest_parsediff.diff.expectation import Expectation
from pytest_parsediff.environment import Environment
from pytest_parsediff.interleave.plan import Plan
from pytest_parsediff.interleave.strategy import Plans, Strategy
from pytest_parsediff.interleave.token import encode
from pytest_parsediff.laws.explore import Explored, Explorer, Quiet
from pytest_parsediff.laws.law import Law
from pytest_parsediff.stress.made import WRITERS
from pytest_parsediff.stress.raced import RacedWatch, watch_over
from pytest_parsediff.stress.stand import (
    MakeWriter,
    Stand,
    StressSettings,
    build_stand,
)

#: Returns the adapter of a scenario, and how its events become canonical.
Resolve: TypeAlias = Callable[[Scenario], tuple[Resolved, Rules]]
#: Called after each plan with what came of the block so far.
Progress: TypeAlias = Callable[[Explored], None]


@dataclass(slots=True, kw_only=True)
class Standing:
    """A scenario on its stand, measured.

    Attributes:
        scenario: Which one.
        settings: What holds for its plans.
        desk: Where everything is.
        stand: Its store, writers and adapter.
        explorer: Runs its plans.
        quiet: What a run without writers showed.
        watch: Holds declared races against what the plans do.
    """

    scenario: Scenario
    settings: StressSettings
    desk: Desk
    stand: Stand
    explorer: Explorer
    quiet: Quiet
    watch: RacedWatch
    _counted: dict[tuple[int, Strategy], int | None] = field(default_factory=dict)

    def is_for(self, scenario: Scenario, declared: Sequence[Expectation]) -> bool:
        """Return whether it can run the next block of *scenario*."""
        return self.scenario is scenario and self.watch.declared == declared

    def count_listed(self) -> int | None:
        """Return how many plans are listed, counted once for all blocks."""
        key = self.settings.plans, self.settings.strategy
        if key not in self._counted:
            self._counted[key] = self.plans.count_listed()
        return self._counted[key]

    @property
    def plans(self) -> Plans:
        """The plans of all blocks."""
        return Plans(
            shape=self.quiet.shape,
            strategy=self.settings.strategy,
            seed=self.settings.seed,
            scenario=self.scenario.id,
            total=self.settings.plans,
        )

    @property
    def writers(self) -> tuple[str, ...]:
        """Names of the writers, for timelines."""
        return self.stand.rig.bench.names

    @property
    def note(self) -> str:
        """What could not be followed; empty if all was."""
        return "; ".join(filter(None, (self.stand.note, *self.quiet.escapes)))

    def token_of(self, plan: Plan) -> str:
        """Return what replays *plan*."""
        return encode(plan, self.stand.fingerprint)


def stand_up(  # noqa: PLR0913 - what a stand is made of
    scenario: Scenario,
    settings: StressSettings,
    declared: Sequence[Expectation],
    *,
    resolve: Resolve,
    placer: StorePlacer,
    desk: Desk,
    on_progress: Progress | None = None,
) -> Standing:
    """Return *scenario* on a stand in the folders of *desk*, measured.

    Raises:
        ParsediffError: Store, adapter or writers cannot be used.
    """
    watch = watch_over(scenario, declared)
    resolved, rules = resolve(scenario)
    with Environment(desk.homes()):
        stand = build_stand(
            scenario,
            resolved,
            rules,
            placer,
            desk,
            make_writer=_maker(scenario, settings),
        )
        explorer = Explorer(
            rig=stand.rig,
            laws=settings.laws,
            polls=settings.polls,
            may_crash=Law.CRASH_SAFE in settings.laws,
            measures=settings.strategy is Strategy.EXHAUSTIVE,
            watches=watch.checks,
            on_progress=on_progress,
        )
        quiet = explorer.quiet()
    return Standing(
        scenario=scenario,
        settings=settings,
        desk=desk,
        stand=stand,
        explorer=explorer,
        quiet=quiet,
        watch=watch,
    )


def _maker(scenario: Scenario, settings: StressSettings) -> MakeWriter | None:
    """Return what makes a writer for *scenario*, if one is to be made."""
    if not settings.writer:
        return None
    random = SplitMix64.seeded("writer", scenario.id, settings.seed)
    return lambda image: WRITERS[settings.writer](image, random)

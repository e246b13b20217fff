"""Which plans are run, and in which order: a function of shape, seed and number alone."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from pytest_parsediff.core.splitmix import SplitMix64
from pytest_parsediff.interleave.exhaustive import CLOCK, Space
from pytest_parsediff.interleave.pct import draw
from pytest_parsediff.interleave.plan import Plan
from pytest_parsediff.interleave.shape import Shape
from pytest_parsediff.interleave.sweep import kills, sweep

#: Plans in one test item; a scenario with N plans has N / 100 items, rounded up.
BLOCK = 100


class Strategy(StrEnum):
    """How plans are chosen."""

    AUTO = "auto"
    SWEEP = "sweep"
    PCT = "pct"
    CRASH = "crash"
    EXHAUSTIVE = "exhaustive"


@dataclass(frozen=True, slots=True)
class Numbered:
    """A plan with its place in the order.

    Attributes:
        number: 0-based.
        plan: The plan.
        is_sweep: Whether it is one of a list that has an end, and not drawn.
    """

    number: int
    plan: Plan
    is_sweep: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Plans:
    """The plans of one scenario.

    Attributes:
        shape: Measured by the quiet run.
        strategy: How they are chosen.
        seed: What random ones depend on.
        scenario: Id of the scenario; equal seeds give other plans elsewhere.
        total: How many are run; what has an end may have fewer.
    """

    shape: Shape
    strategy: Strategy = Strategy.AUTO
    seed: int = 0
    scenario: str = ""
    total: int = 200
    _sweep: list[Plan] = field(default_factory=list, init=False)
    _walk: _Walk = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_walk", _Walk(self._space))
        if self.strategy in (Strategy.AUTO, Strategy.SWEEP, Strategy.CRASH):
            self._sweep.extend(itertools.islice(self._listed(), self.total))

    def _listed(self) -> Iterator[Plan]:
        """Return all plans that are not drawn, but those of a whole space."""
        is_crash = self.strategy is Strategy.CRASH
        return kills(self.shape) if is_crash else sweep(self.shape)

    def __len__(self) -> int:
        """The number of plans that will be run."""
        match self.strategy:
            case Strategy.SWEEP | Strategy.CRASH:
                return len(self._sweep)
            case Strategy.EXHAUSTIVE:
                return min(self.total, self.space_size)
            case Strategy.AUTO if not self.shape.steps():
                return len(self._sweep)  # nothing is left to be drawn
            case Strategy.AUTO | Strategy.PCT:
                return self.total

    @property
    def space_size(self) -> int:
        """How many plans the exhaustive strategy has, whatever the total."""
        return self._space.count()

    @property
    def _space(self) -> Space:
        """All placements; under every clock, unless no step is known to ask it."""
        shape = self.shape
        is_known = all(step in shape.uses for step in shape.steps())
        asks = any(CLOCK in used for used in shape.uses.values())
        return Space(shape, ticks=asks or not is_known)

    @property
    def sweep_size(self) -> int:
        """How many of them are listed, and not drawn."""
        is_space = self.strategy is Strategy.EXHAUSTIVE
        return len(self) if is_space else len(self._sweep)

    @property
    def is_complete(self) -> bool:
        """Whether nothing that is listed is cut off by the total."""
        match self.strategy:
            case Strategy.EXHAUSTIVE:
                return self.space_size <= self.total
            case Strategy.PCT:
                return False
            case Strategy.AUTO | Strategy.SWEEP | Strategy.CRASH:
                following = itertools.islice(self._listed(), self.total, self.total + 1)
                return next(following, None) is None

    def count_listed(self, *, most_steps: int = 200_000) -> int | None:
        """Return how many plans are listed, whatever the total; ``None`` for very many.

        Args:
            most_steps: In all of these plans together; more take too long to count.
        """
        if self.strategy is Strategy.EXHAUSTIVE:
            return self.space_size
        if self.strategy is Strategy.PCT:
            return 0
        if self.is_complete:
            return len(self._sweep)
        per_plan = max(1, len(self.shape.steps()))
        most = max(most_steps // per_plan, self.total)
        found = sum(1 for _ in itertools.islice(self._listed(), most + 1))
        return found if found <= most else None

    def block(self, number: int) -> Iterator[Numbered]:
        """Yield the plans of one test item, of which each but the last has 100."""
        return self.between(number * BLOCK, (number + 1) * BLOCK)

    def between(self, start: int, stop: int) -> Iterator[Numbered]:
        """Yield the plans with the numbers from *start* up to, without, *stop*."""
        stop = min(stop, len(self))
        if self.strategy is Strategy.EXHAUSTIVE:
            for number, plan in enumerate(self._walk.between(start, stop), start):
                yield Numbered(number, plan, is_sweep=True)
            return
        for number in range(start, stop):
            if number < len(self._sweep):
                yield Numbered(number, self._sweep[number], is_sweep=True)
            else:
                yield Numbered(number, self._draw(number), is_sweep=False)

    def _draw(self, number: int) -> Plan:
        return draw(self.shape, SplitMix64.seeded(self.scenario, self.seed, number))


class _Walk:
    """A way through a space that goes on where it was: blocks come one after another."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._plans: Iterator[Plan] = iter(())
        self._next: int | None = None

    def between(self, start: int, stop: int) -> Iterator[Plan]:
        """Yield the plans from number *start* up to, without, *stop*."""
        if self._next != start:
            self._plans = itertools.islice(self._space, start, None)
        self._next = None  # until this part was taken to its end
        yield from itertools.islice(self._plans, stop - start)
        self._next = stop


def blocks_of(total: int) -> int:
    """Return how many test items *total* plans make."""
    return -(-total // BLOCK)

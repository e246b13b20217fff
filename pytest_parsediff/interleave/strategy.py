"""Which plans are run, and in which order: a function of shape, seed and number alone."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from pytest_parsediff.core.splitmix import SplitMix64
from pytest_parsediff.interleave.exhaustive import Space
from pytest_parsediff.interleave.pct import draw
from pytest_parsediff.interleave.plan import Plan
from pytest_parsediff.interleave.shape import Shape
from pytest_parsediff.interleave.sweep import sweep

#: Plans in one test item; a scenario with N plans has N / 100 items, rounded up.
BLOCK = 100


class Strategy(StrEnum):
    """How plans are chosen."""

    AUTO = "auto"
    SWEEP = "sweep"
    PCT = "pct"
    EXHAUSTIVE = "exhaustive"


@dataclass(frozen=True, slots=True)
class Numbered:
    """A plan with its place in the order.

    Attributes:
        number: 0-based.
        plan: The plan.
        is_sweep: Whether the sweep made it.
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
        total: How many are run; the exhaustive strategy may have fewer.
    """

    shape: Shape
    strategy: Strategy = Strategy.AUTO
    seed: int = 0
    scenario: str = ""
    total: int = 200
    _sweep: list[Plan] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        if self.strategy in (Strategy.AUTO, Strategy.SWEEP):
            self._sweep.extend(itertools.islice(sweep(self.shape), self.total))

    def __len__(self) -> int:
        """The number of plans that will be run."""
        match self.strategy:
            case Strategy.SWEEP:
                return len(self._sweep)
            case Strategy.EXHAUSTIVE:
                return min(self.total, Space(self.shape).count())
            case Strategy.AUTO | Strategy.PCT:
                return self.total

    @property
    def sweep_size(self) -> int:
        """How many of them belong to the sweep."""
        return len(self._sweep)

    @property
    def is_complete(self) -> bool:
        """Whether nothing of the sweep, or of the space, is cut off by the total."""
        match self.strategy:
            case Strategy.EXHAUSTIVE:
                return Space(self.shape).count() <= self.total
            case Strategy.PCT:
                return False
            case Strategy.AUTO | Strategy.SWEEP:
                following = itertools.islice(
                    sweep(self.shape), self.total, self.total + 1
                )
                return next(following, None) is None

    def block(self, number: int) -> Iterator[Numbered]:
        """Yield the plans of one test item, of which each but the last has 100."""
        return self.between(number * BLOCK, (number + 1) * BLOCK)

    def between(self, start: int, stop: int) -> Iterator[Numbered]:
        """Yield the plans with the numbers from *start* up to, without, *stop*."""
        stop = min(stop, len(self))
        if self.strategy is Strategy.EXHAUSTIVE:
            space = itertools.islice(Space(self.shape), start, stop)
            for number, plan in enumerate(space, start):
                yield Numbered(number, plan, is_sweep=False)
            return
        for number in range(start, stop):
            if number < len(self._sweep):
                yield Numbered(number, self._sweep[number], is_sweep=True)
            else:
                yield Numbered(number, self._draw(number), is_sweep=False)

    def _draw(self, number: int) -> Plan:
        return draw(self.shape, SplitMix64.seeded(self.scenario, self.seed, number))


def blocks_of(total: int) -> int:
    """Return how many test items *total* plans make."""
    return -(-total // BLOCK)

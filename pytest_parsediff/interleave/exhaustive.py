"""Every placement of every step, with those left out that cannot differ.

Two reductions, both sound for what a reader learns through SQL in WAL mode:

* *read sets*: a step may move past a snapshot that reads nothing the step writes, so of
  such placements only the earliest is kept (static sleep sets; Godefroid, *Partial-order
  methods for the verification of concurrent systems*, 1996);
* *commutation*: steps of different writers at one gap run in one fixed order, which
  needs disjoint rows and equal timestamps; it can be switched off.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from pytest_parsediff.interleave.plan import Gap, Placed, Plan
from pytest_parsediff.interleave.shape import Shape
from pytest_parsediff.interleave.sweep import TICKS

#: How many steps of each writer come next at a gap, or how many have come.
_Counts = tuple[int, ...]
_Step = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Space:
    """All plans of a shape that can show something of their own.

    Attributes:
        shape: With ``reads`` and ``writes`` where they are known.
        commute: Whether steps of different writers at one gap commute.
        ticks: Whether each tick pattern is tried; else the clock stands still.
    """

    shape: Shape
    commute: bool = True
    ticks: bool = False
    _gaps: list[Gap] = field(init=False)

    def __post_init__(self) -> None:
        end = Gap(self.shape.polls, 0)
        object.__setattr__(self, "_gaps", [*self.shape.all_gaps(), end])

    def count(self) -> int:
        """Return the number of plans, computed without making them."""
        ways: dict[_Counts, int] = {(0,) * len(self.shape.writers): 1}
        for place in range(len(self._gaps)):
            following: dict[_Counts, int] = {}
            for done, count in ways.items():
                for chosen in self._choices(place, done):
                    after = _add(done, chosen)
                    more = self._orders(chosen) * count
                    following[after] = following.get(after, 0) + more
            ways = following
        placements = ways.get(self.shape.writers, 0)
        return placements * len(self._crashes()) * len(self._patterns())

    def __iter__(self) -> Iterator[Plan]:
        """Yield the plans, earliest placements first."""
        for crash in self._crashes():
            for pattern in self._patterns():
                for placed in self._place():
                    steps = tuple(
                        Placed(writer, index, pattern[number % len(pattern)], gap)
                        for number, ((writer, index), gap) in enumerate(placed)
                    )
                    yield Plan(steps, crash, self.shape.polls)

    def _crashes(self) -> list[int | None]:
        points = range(1, self.shape.emissions + 1) if self.shape.may_crash else ()
        return [None, *points]

    def _patterns(self) -> tuple[tuple[int, ...], ...]:
        return TICKS if self.ticks else TICKS[:1]

    def _place(self) -> Iterator[tuple[tuple[_Step, Gap], ...]]:
        """Yield every placement; a stack of its own has room for thousands of gaps."""
        levels = [self._options(0, (0,) * len(self.shape.writers))]
        chosen: list[tuple[tuple[_Step, Gap], ...]] = []
        while levels:
            option = next(levels[-1], None)
            if option is None:
                levels.pop()
                if chosen:
                    chosen.pop()
                continue
            here, done = option
            if len(levels) < len(self._gaps):
                chosen.append(here)
                levels.append(self._options(len(levels), done))
            elif done == self.shape.writers:
                yield tuple(itertools.chain(*chosen, here))

    def _options(
        self, place: int, done: _Counts
    ) -> Iterator[tuple[tuple[tuple[_Step, Gap], ...], _Counts]]:
        """Yield what may come at a gap, and what has come by then."""
        gap = self._gaps[place]
        for chosen in self._choices(place, done):
            for order in self._merges(done, chosen):
                yield tuple((step, gap) for step in order), _add(done, chosen)

    def _choices(self, place: int, done: _Counts) -> Iterator[_Counts]:
        """Yield how many steps of each writer may come at a gap, most first.

        Coming at this gap instead of the one before can show only if what is read
        between the two meets what the first of the steps writes. At the last gap
        everything that is left comes, if it may.
        """
        ranges = []
        for writer, total in enumerate(self.shape.writers):
            left = total - done[writer]
            may_come = left and self._differs(place, (writer, done[writer]))
            ranges.append(range(left if may_come else 0, -1, -1))
        return itertools.product(*ranges)

    def _differs(self, place: int, step: _Step) -> bool:
        if place == 0:
            return True
        writes = self.shape.writes.get(step)
        reads = self.shape.reads.get(self._gaps[place - 1])
        return writes is None or reads is None or bool(writes & reads)

    def _orders(self, chosen: _Counts) -> int:
        if self.commute:
            return 1
        total = math.factorial(sum(chosen))
        return total // math.prod(math.factorial(count) for count in chosen)

    def _merges(self, done: _Counts, chosen: _Counts) -> Iterator[tuple[_Step, ...]]:
        """Yield the orders in which the chosen steps come at one gap."""
        queues = tuple(
            tuple((writer, done[writer] + number) for number in range(count))
            for writer, count in enumerate(chosen)
        )
        if self.commute:
            yield tuple(itertools.chain.from_iterable(queues))
        else:
            yield from _interleave(queues)


def _interleave(queues: tuple[tuple[_Step, ...], ...]) -> Iterator[tuple[_Step, ...]]:
    if not any(queues):
        yield ()
    for writer, queue in enumerate(queues):
        if queue:
            rest = (*queues[:writer], queue[1:], *queues[writer + 1 :])
            for tail in _interleave(rest):
                yield (queue[0], *tail)


def _add(done: _Counts, chosen: _Counts) -> _Counts:
    return tuple(a + b for a, b in zip(done, chosen, strict=True))

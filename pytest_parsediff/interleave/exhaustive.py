"""Every placement of every step, with those left out that cannot differ.

Two reductions, both sound for what a reader learns through SQL in WAL mode:

* *read sets*: a step may move past a snapshot that reads nothing the step writes, and
  past other writers' steps that it commutes with, so of such placements only the earliest
  is kept (static sleep sets; Godefroid, *Partial-order methods for the verification of
  concurrent systems*, 1996);
* *commutation*: steps of different writers at one gap that neither write what the other
  reads or writes, nor tell the time by a clock that moves, run in one fixed order. Of
  all orders that differ by exchanging such neighbours the first one is kept.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from pytest_parsediff.interleave.plan import Gap, Placed, Plan
from pytest_parsediff.interleave.shape import Shape
from pytest_parsediff.interleave.sweep import TICKS

#: What a step uses that asks for the time.
CLOCK = "now_ms()"
#: How many steps of each writer come next at a gap, or how many have come.
_Counts = tuple[int, ...]
_Step = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Space:
    """All plans of a shape that can show something of their own.

    Attributes:
        shape: With ``reads`` and ``writes`` where they are known.
        commute: Whether steps of different writers at one gap commute; ``None`` where
            what they use says so, and nowhere if that is not known.
        ticks: Whether each tick pattern is tried; else the clock stands still.
    """

    shape: Shape
    commute: bool | None = None
    ticks: bool = False
    _gaps: list[Gap] = field(init=False)
    _known: dict[tuple[frozenset[str] | None, _Counts, _Counts], int] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

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
                    more = self._orders(place, done, chosen) * count
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
            for order in self._merges(place, done, chosen):
                yield tuple((step, gap) for step in order), _add(done, chosen)

    def _choices(self, place: int, done: _Counts) -> Iterator[_Counts]:
        """Yield how many steps of each writer may come at a gap, most first.

        The first step of all that come there must show something by coming there.
        """
        left = _less(self.shape.writers, done)
        may_lead = [
            bool(count) and self._differs(place, (writer, done[writer]))
            for writer, count in enumerate(left)
        ]
        if not any(may_lead):
            yield (0,) * len(left)
            return
        for chosen in itertools.product(*(range(n, -1, -1) for n in left)):
            leads = [may for may, count in zip(may_lead, chosen, strict=True) if count]
            if not leads or (all(leads) if self.commute else any(leads)):
                yield chosen

    def _differs(self, place: int, step: _Step) -> bool:
        """Return whether coming at this gap instead of the one before can show.

        It can if what is read between the two meets what the step writes.
        """
        if place == 0:
            return True
        writes = self.shape.writes.get(step)
        reads = self.shape.reads.get(self._gaps[place - 1])
        return writes is None or reads is None or bool(writes & reads)

    def _orders(self, place: int, done: _Counts, chosen: _Counts) -> int:
        """Return in how many orders the chosen steps may come at one gap."""
        if self.commute or sum(map(bool, chosen)) <= 1:
            return 1
        reads = self.shape.reads.get(self._gaps[place - 1]) if place else None
        key = reads, done, chosen
        if key not in self._known:
            ways: dict[tuple[_Counts, int], int] = {((0,) * len(chosen), -1): 1}
            for _ in range(sum(chosen)):
                following: dict[tuple[_Counts, int], int] = {}
                for (taken, last), count in ways.items():
                    for writer in self._next(place, done, chosen, taken, last):
                        after = _add(taken, _one(writer, len(chosen))), writer
                        following[after] = following.get(after, 0) + count
                ways = following
            self._known[key] = sum(ways.values())
        return self._known[key]

    def _merges(
        self, place: int, done: _Counts, chosen: _Counts
    ) -> Iterator[tuple[_Step, ...]]:
        """Yield the orders in which the chosen steps come at one gap."""
        if not any(chosen):
            yield ()
        elif self.commute or sum(map(bool, chosen)) == 1:
            yield tuple(
                (writer, done[writer] + number)
                for writer, count in enumerate(chosen)
                for number in range(count)
            )
        else:
            yield from self._orders_after(place, done, chosen, (0,) * len(chosen), -1)

    def _orders_after(
        self, place: int, done: _Counts, chosen: _Counts, taken: _Counts, last: int
    ) -> Iterator[tuple[_Step, ...]]:
        if taken == chosen:
            yield ()
        for writer in self._next(place, done, chosen, taken, last):
            step = writer, done[writer] + taken[writer]
            after = _add(taken, _one(writer, len(chosen)))
            for rest in self._orders_after(place, done, chosen, after, writer):
                yield (step, *rest)

    def _next(
        self, place: int, done: _Counts, chosen: _Counts, taken: _Counts, last: int
    ) -> Iterator[int]:
        """Yield the writers whose step may come after one of *last*, -1 for none.

        Not one that could as well have come at the gap before, or just before the step
        of *last*: that is another plan.
        """
        for writer, count in enumerate(chosen):
            step = writer, done[writer] + taken[writer]
            if taken[writer] == count or not self._must_wait(place, done, taken, step):
                continue
            if writer < last:
                before = last, done[last] + taken[last] - 1
                if self._commutes(before, step):
                    continue
            yield writer

    def _must_wait(
        self, place: int, done: _Counts, taken: _Counts, step: _Step
    ) -> bool:
        """Return whether *step* may not move to the gap before, past those taken."""
        if taken[step[0]] or self._differs(place, step):
            return True
        return not all(
            self._commutes((writer, done[writer] + number), step)
            for writer, count in enumerate(taken)
            for number in range(count)
        )

    def _commutes(self, one: _Step, other: _Step) -> bool:
        shape = self.shape
        if self.commute is not None or not {one, other} <= shape.uses.keys():
            return bool(self.commute)
        used, also = shape.uses[one], shape.uses[other]
        if self.ticks and CLOCK in used | also:
            return False
        nothing: frozenset[str] = frozenset()
        return not (
            shape.writes.get(one, nothing) & also
            or shape.writes.get(other, nothing) & used
        )


def _one(writer: int, writers: int) -> _Counts:
    return tuple(int(number == writer) for number in range(writers))


def _less(one: _Counts, other: _Counts) -> _Counts:
    return tuple(a - b for a, b in zip(one, other, strict=True))


def _add(done: _Counts, chosen: _Counts) -> _Counts:
    return tuple(a + b for a, b in zip(done, chosen, strict=True))

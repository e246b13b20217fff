"""The bound-1 sweep: every single place where writers can come between, in turn.

Most interleaving bugs need one preemption (Musuvathi and Qadeer, *Iterative context
bounding*, PLDI 2007), so before anything random every gap is tried with every block of
steps, under every tick pattern, and with every crash point.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_parsediff.interleave.plan import Gap, Placed, Plan
from pytest_parsediff.interleave.shape import Shape

#: How the clock moves between steps, milliseconds per step, repeated: all rows in one
#: millisecond; each in its own; two by two, so that neighbours share one and others do
#: not. Bugs at a watermark need the first, torn reads need a later one.
TICKS: tuple[tuple[int, ...], ...] = ((0,), (1,), (0, 1))
#: At most this many plans place a single step apart from its writer's others.
_MAX_SINGLE = 2_000


def sweep(shape: Shape) -> Iterator[Plan]:
    """Yield every plan with one block of steps, simplest first, none twice.

    First all writers at each gap, then each writer alone at each gap while the others
    have finished before, then each single step at each gap between what its writer did
    before and after, and the first of these again for every crash point.
    """
    seen: set[Plan] = set()
    for plan in _all(shape):
        if plan not in seen:
            seen.add(plan)
            yield plan


def _all(shape: Shape) -> Iterator[Plan]:
    steps = shape.steps()
    if not steps:
        yield Plan((), None, shape.polls)
        for crash in _crashes(shape):
            yield Plan((), crash, shape.polls)
        return
    gaps = list(shape.all_gaps())
    for ticks in TICKS:
        for gap in gaps:
            yield _plan([(step, gap) for step in steps], ticks, shape)
    for crash in _crashes(shape):
        for gap in gaps:
            yield _plan([(step, gap) for step in steps], TICKS[0], shape, crash)
    yield from _each_writer(shape, steps, gaps)
    yield from _each_step(shape, steps, gaps)
    for crash in _crashes(shape):
        for ticks in TICKS[1:]:
            for gap in gaps:
                yield _plan([(step, gap) for step in steps], ticks, shape, crash)


def _each_writer(
    shape: Shape, steps: list[tuple[int, int]], gaps: list[Gap]
) -> Iterator[Plan]:
    """Yield plans in which one writer comes at a gap and the others came before."""
    if len(shape.writers) == 1:
        return
    start = Gap(0, 0)
    for ticks in TICKS:
        for writer in range(len(shape.writers)):
            for gap in gaps[1:]:
                placed = [(s, gap if s[0] == writer else start) for s in steps]
                yield _plan(placed, ticks, shape)


def _each_step(
    shape: Shape, steps: list[tuple[int, int]], gaps: list[Gap]
) -> Iterator[Plan]:
    """Yield plans in which one step comes at a gap, as if everybody else took turns.

    What comes before it in writer order has happened before the first poll, what comes
    after it happens after the last one.
    """
    end = Gap(shape.polls, 0)
    budget = _MAX_SINGLE
    for ticks in TICKS:
        if len(steps) * len(gaps) > budget:
            return
        for number in range(len(steps)):
            for gap in gaps:
                placed = [
                    (s, Gap(0, 0) if i < number else gap if i == number else end)
                    for i, s in enumerate(steps)
                ]
                yield _plan(placed, ticks, shape)
                budget -= 1


def _crashes(shape: Shape) -> range:
    """Return the crash points: after each emission."""
    return range(1, shape.emissions + 1) if shape.may_crash else range(0)


def _plan(
    placed: Sequence[tuple[tuple[int, int], Gap]],
    ticks: tuple[int, ...],
    shape: Shape,
    crash: int | None = None,
) -> Plan:
    """Return the plan with each step at its gap, in the order of the gaps."""
    ordered = sorted(placed, key=lambda one: one[1])
    steps = tuple(
        Placed(writer, index, ticks[number % len(ticks)], gap)
        for number, ((writer, index), gap) in enumerate(ordered)
    )
    return Plan(steps, crash, shape.polls)

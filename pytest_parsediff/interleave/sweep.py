"""The bound-1 sweep: every single place where writers can come between, in turn.

Most interleaving bugs need one preemption (Musuvathi and Qadeer, *Iterative context
bounding*, PLDI 2007), so before anything random every gap is tried with every block of
steps, under every tick pattern, and with every crash point.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from pytest_parsediff.interleave.plan import Gap, Placed, Plan
from pytest_parsediff.interleave.shape import Shape

#: How the clock moves between steps, milliseconds per step, repeated: all rows in one
#: millisecond; each in its own; two by two, so that neighbours share one and others do
#: not. Bugs at a watermark need the first, torn reads need a later one.
TICKS: tuple[tuple[int, ...], ...] = ((0,), (1,), (0, 1))
#: Each step in a millisecond of its own, but where the reader was between two: a bug at
#: a watermark needs a step in the very millisecond that was read last.
_STILL: tuple[int, ...] = ()
#: At most this many plans place a single step apart from its writer's others, and as
#: many kill the reader while steps come late: of longer stores a part is taken, spread
#: evenly over all steps, crash points and gaps.
_MAX_SINGLE = 2_000
#: So many placed steps altogether, which bounds time and memory for long traces.
_MAX_PLACED = 1_000_000
#: Stepping by this part of a number and wrapping around visits numbers far from one
#: another first, whenever one stops (Knuth, *The Art of Computer Programming*, 6.4).
_GOLDEN = 0.6180339887498949

Numbered: TypeAlias = tuple[int, int]


def sweep(shape: Shape) -> Iterator[Plan]:
    """Yield every plan with one block of steps, none twice.

    First all writers at each gap. Then, taking turns, so that whoever stops early has
    seen something of each:

    * every crash point, with all steps done before or coming after;
    * each writer alone at each gap, when the others have finished before;
    * each single step at each gap, between what was done before and comes after;
    * the first steps, however many, at each gap, and the others in the end;
    * the last steps, however many, at each gap, when the others have happened before;
    * every crash point with all writers at each gap.
    """
    seen: set[Plan] = set()
    for plan in _all(shape):
        if plan not in seen:
            seen.add(plan)
            yield plan


def kills(shape: Shape) -> Iterator[Plan]:
    """Yield a plan for every crash point with all steps at every gap, none left out.

    First each point with the steps before everything, and in the end, then gap by gap.
    """
    steps = shape.steps()
    ends = [Gap(0, 0), Gap(shape.polls, 0)] if steps else [Gap(0, 0)]
    inner = [gap for gap in shape.all_gaps() if gap not in ends] if steps else []
    for gap in (*ends, *inner):
        for crash in _crashes(shape):
            yield _plan([(step, gap) for step in steps], TICKS[2], shape, crash)


def _all(shape: Shape) -> Iterator[Plan]:
    steps = shape.steps()
    if not steps:
        yield Plan((), None, shape.polls)
        for crash in _crashes(shape):
            yield Plan((), crash, shape.polls)
        return
    gaps = list(shape.all_gaps())
    ends = [Gap(0, 0), Gap(shape.polls, 0)]
    for ticks in TICKS:
        for gap in gaps:
            yield _plan([(step, gap) for step in steps], ticks, shape)
    yield from _in_turns(
        _each_crash(shape, steps, ends),
        _each_writer(shape, steps, gaps),
        _each_step(shape, steps, gaps),
        _each_beginning(shape, steps, gaps),
        _each_ending(shape, steps, gaps),
        _each_crash(shape, steps, gaps),
    )


def _in_turns(*kinds: Iterator[Plan]) -> Iterator[Plan]:
    """Yield the plans of all *kinds*, one of each as long as it has any."""
    left = list(kinds)
    while left:
        for kind in list(left):
            plan = next(kind, None)
            if plan is None:
                left.remove(kind)
            else:
                yield plan


def _each_writer(
    shape: Shape, steps: list[Numbered], gaps: list[Gap]
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


def _each_step(shape: Shape, steps: list[Numbered], gaps: list[Gap]) -> Iterator[Plan]:
    """Yield plans in which one step comes at a gap, as if everybody else took turns.

    What comes before it in writer order has happened before the first poll, what comes
    after it happens after the last one.
    """
    start, end = Gap(0, 0), Gap(shape.polls, 0)
    for ticks, (number, gap) in _bounded(len(steps), gaps, shape):
        placed = [
            (s, start if i < number else gap if i == number else end)
            for i, s in enumerate(steps)
        ]
        yield _plan(placed, ticks, shape)


def _each_beginning(
    shape: Shape, steps: list[Numbered], gaps: list[Gap]
) -> Iterator[Plan]:
    """Yield plans in which the first steps come at a gap, and all others in the end."""
    end = Gap(shape.polls, 0)
    for ticks, (number, gap) in _bounded(len(steps), gaps, shape, TICKS[2:]):
        placed = [(s, gap if i <= number else end) for i, s in enumerate(steps)]
        yield _plan(placed, ticks, shape)


def _each_ending(
    shape: Shape, steps: list[Numbered], gaps: list[Gap]
) -> Iterator[Plan]:
    """Yield plans in which the last steps come at a gap, and all others before."""
    start = Gap(0, 0)
    for ticks, (number, gap) in _bounded(len(steps), gaps[1:], shape, (_STILL,)):
        placed = [(s, gap if i >= number else start) for i, s in enumerate(steps)]
        yield _plan(placed, ticks, shape)


def _each_crash(shape: Shape, steps: list[Numbered], gaps: list[Gap]) -> Iterator[Plan]:
    """Yield plans in which the reader is killed and all writers come at one gap."""
    for ticks, (number, gap) in _bounded(len(_crashes(shape)), gaps, shape):
        yield _plan([(step, gap) for step in steps], ticks, shape, number + 1)


def _bounded(
    count: int,
    gaps: list[Gap],
    shape: Shape,
    patterns: tuple[tuple[int, ...], ...] = TICKS,
) -> Iterator[tuple[tuple[int, ...], tuple[int, Gap]]]:
    """Yield tick patterns with pairs of a number below *count* and a gap.

    All pairs under all patterns where they are few enough, else an even part of them.
    """
    most = min(_MAX_SINGLE, _MAX_PLACED // sum(shape.writers))
    is_few = count * len(gaps) * len(patterns) <= most
    for ticks in patterns if is_few else patterns[:1]:
        pairs = _spread(count, len(gaps))
        for number, nth in itertools.islice(pairs, most):
            yield ticks, (number, gaps[nth])


def _spread(count: int, width: int) -> Iterator[tuple[int, int]]:
    """Yield all pairs of numbers below *count* and *width*, evenly wherever one stops.

    In each round every second number comes once, with first ones far from one another.
    """
    stride = max(1, round(count * _GOLDEN))
    while math.gcd(stride, count) > 1:
        stride += 1
    for start in range(count):
        for second in range(width):
            yield (start * stride + second * count // width) % count, second


def _crashes(shape: Shape) -> range:
    """Return the crash points: after each emission."""
    return range(1, shape.emissions + 1) if shape.may_crash else range(0)


def _plan(
    placed: Sequence[tuple[Numbered, Gap]],
    ticks: tuple[int, ...],
    shape: Shape,
    crash: int | None = None,
) -> Plan:
    """Return the plan with each step at its gap, in the order of the gaps."""
    ordered = sorted(placed, key=lambda one: one[1])
    moves = itertools.cycle(ticks) if ticks else _still(gap for _, gap in ordered)
    steps = tuple(
        Placed(writer, index, dt_ms, gap)
        for ((writer, index), gap), dt_ms in zip(ordered, moves, strict=False)
    )
    return Plan(steps, crash, shape.polls)


def _still(gaps: Iterator[Gap]) -> Iterator[int]:
    """Yield how far the clock moves before each step: not where a new gap begins."""
    before = None
    for gap in gaps:
        yield int(gap == before)
        before = gap

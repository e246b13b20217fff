"""From a failing plan to the simplest one that still fails, the same in every run.

Every candidate is a full, exact replay, and none is tried twice. Passes follow one
another until none helps: fewer steps (delta debugging, Zeller and Hildebrandt,
*Simplifying and isolating failure-inducing input*, 2002), no crash, fewer polls, whole
blocks to the start of a poll, single steps to their neighbours, a clock that stands
still, an earlier crash, and at last the canonical choice among equals.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from pytest_parsediff.interleave.plan import (
    Gap,
    Placed,
    Plan,
    blocks,
    cost,
    is_in_program_order,
)

#: A shrink that takes longer than this many replays stops with what it has.
MAX_REPLAYS = 2_000


@dataclass(frozen=True, slots=True)
class Shrunk:
    """What shrinking gave.

    Attributes:
        plan: The simplest failing plan that was found.
        replays: How many plans were run for it.
        is_minimal: Whether no pass could simplify it; else the limit was reached.
    """

    plan: Plan
    replays: int
    is_minimal: bool


class _Enough(Exception):  # noqa: N818 - a limit, not an error
    """The limit of replays is reached."""


def shrink(
    plan: Plan,
    fails: Callable[[Plan], bool],
    *,
    lengths: tuple[int, ...] = (),
    max_replays: int = MAX_REPLAYS,
) -> Shrunk:
    """Return the simplest plan found that makes *fails* true.

    Args:
        plan: A failing plan.
        fails: Runs a plan from scratch; must give the same answer for the same plan.
        lengths: Number of steps per writer, for the canonical choice among plans of
            equal size; empty leaves the indexes as they are.
        max_replays: Most calls of *fails*.
    """
    work = _Shrinker(plan, fails, lengths, max_replays)
    try:
        work.run()
    except _Enough:
        return Shrunk(work.best, work.replays, is_minimal=False)
    return Shrunk(work.best, work.replays, is_minimal=True)


class _Shrinker:
    """The best plan so far, and what was tried."""

    def __init__(
        self,
        plan: Plan,
        fails: Callable[[Plan], bool],
        lengths: tuple[int, ...],
        max_replays: int,
    ) -> None:
        self.best = plan
        self.replays = 0
        self._fails = fails
        self._lengths = lengths
        self._left = max_replays
        self._tried: set[Plan] = {plan}

    def run(self) -> None:
        """Run the passes to a fixpoint."""
        passes = (
            self._fewer_steps,
            self._simple(_without_crash),
            self._simple(_fewer_polls),
            self._simple(_blocks_earlier),
            self._simple(_steps_to_neighbours),
            self._simple(_still_clock),
            self._simple(_earlier_crash),
            self._simple(self._other_indexes),
            self._simple(_other_orders),
        )
        before = None
        while before != self.best:
            before = self.best
            for simplify in passes:
                simplify()

    def _accepts(self, candidate: Plan) -> bool:
        """Take *candidate* if it is simpler and fails too."""
        if candidate in self._tried or cost(candidate) >= cost(self.best):
            return False
        if not is_in_program_order(candidate):
            return False
        self._tried.add(candidate)
        if self._left == self.replays:
            raise _Enough
        self.replays += 1
        if not self._fails(candidate):
            return False
        self.best = candidate
        return True

    def _simple(
        self, candidates: Callable[[Plan], Iterator[Plan]]
    ) -> Callable[[], None]:
        """Return a pass that starts anew with every plan it can take."""

        def simplify() -> None:
            while any(self._accepts(plan) for plan in candidates(self.best)):
                pass

        return simplify

    def _fewer_steps(self) -> None:
        """Leave out ever smaller ranges of steps."""
        size = len(self.best.steps)
        while size:
            start = 0
            while start < len(self.best.steps):
                steps = self.best.steps
                kept = (*steps[:start], *_later(steps, start, start + size))
                if not self._accepts(replace(self.best, steps=kept)):
                    start += size
            size //= 2

    def _other_indexes(self, plan: Plan) -> Iterator[Plan]:
        """Yield plans that use earlier steps of the same, or of an earlier, writer."""
        for place, placed in enumerate(plan.steps):
            for writer in range(min(placed.writer + 1, len(self._lengths))):
                last = (
                    placed.index if writer == placed.writer else self._lengths[writer]
                )
                for index in range(last):
                    step = replace(placed, writer=writer, index=index)
                    yield _with_step(plan, place, step)


def _later(steps: tuple[Placed, ...], start: int, end: int) -> tuple[Placed, ...]:
    """Return what follows *end*, its first step taking over the time left out."""
    rest = steps[end:]
    lost = sum(placed.dt_ms for placed in steps[start:end])
    if not rest or not lost:
        return rest
    return (replace(rest[0], dt_ms=rest[0].dt_ms + lost), *rest[1:])


def _without_crash(plan: Plan) -> Iterator[Plan]:
    if plan.crash is not None:
        yield replace(plan, crash=None)


def _fewer_polls(plan: Plan) -> Iterator[Plan]:
    """Yield plans with fewer polls; steps of the polls left out come after the last."""
    for polls in range(1, plan.polls):
        end = Gap(polls, 0)
        steps = tuple(replace(p, at=min(p.at, end)) for p in plan.steps)
        yield replace(plan, steps=steps, polls=polls)


def _blocks_earlier(plan: Plan) -> Iterator[Plan]:
    """Yield plans in which all steps of one gap come at an earlier one."""
    for start, end in blocks(plan.steps):
        at = plan.steps[start].at
        polls = range(at.poll + 1)
        starts = [Gap(poll, 0) for poll in polls]
        inner = [Gap(poll, nth) for poll in polls for nth in range(1, at.nth + 1)]
        for gap in [*starts, *inner]:
            if gap < at:
                moved = (replace(p, at=gap) for p in plan.steps[start:end])
                yield _sorted(plan, (*plan.steps[:start], *moved, *plan.steps[end:]))


def _steps_to_neighbours(plan: Plan) -> Iterator[Plan]:
    """Yield plans in which one step joins another gap in use, or a poll's start."""
    used = sorted({p.at for p in plan.steps} | {Gap(p, 0) for p in range(plan.polls)})
    for place, placed in enumerate(plan.steps):
        for gap in used:
            if gap != placed.at:
                yield _sorted(
                    plan,
                    (
                        *plan.steps[:place],
                        replace(placed, at=gap),
                        *plan.steps[place + 1 :],
                    ),
                )


def _still_clock(plan: Plan) -> Iterator[Plan]:
    """Yield plans with no tick, with one less, a smaller one, and a later one."""
    yield replace(plan, steps=tuple(replace(p, dt_ms=0) for p in plan.steps))
    for place, placed in enumerate(plan.steps):
        for dt_ms in (0, 1):
            if dt_ms < placed.dt_ms:
                yield _with_step(plan, place, replace(placed, dt_ms=dt_ms))
    for place, (one, two) in enumerate(itertools.pairwise(plan.steps)):
        if one.dt_ms > two.dt_ms:
            later = _with_step(plan, place, replace(one, dt_ms=two.dt_ms))
            yield _with_step(later, place + 1, replace(two, dt_ms=one.dt_ms))


def _earlier_crash(plan: Plan) -> Iterator[Plan]:
    for crash in range(plan.crash or 0):
        yield replace(plan, crash=crash)


def _other_orders(plan: Plan) -> Iterator[Plan]:
    """Yield plans in which two neighbours of different writers change places.

    Their moments change places with them, or stay where they are.
    """
    for place in range(len(plan.steps) - 1):
        one, two = plan.steps[place : place + 2]
        if one.at == two.at and two.writer < one.writer:
            rest = plan.steps[:place], plan.steps[place + 2 :]
            timed = replace(two, dt_ms=one.dt_ms), replace(one, dt_ms=two.dt_ms)
            for swapped in ((two, one), timed):
                yield replace(plan, steps=(*rest[0], *swapped, *rest[1]))


def _with_step(plan: Plan, place: int, step: Placed) -> Plan:
    steps = (*plan.steps[:place], step, *plan.steps[place + 1 :])
    return replace(plan, steps=steps)


def _sorted(plan: Plan, steps: tuple[Placed, ...]) -> Plan:
    """Return *plan* with *steps* by gap; at one gap they stay as they are."""
    return replace(plan, steps=tuple(sorted(steps, key=lambda p: p.at)))

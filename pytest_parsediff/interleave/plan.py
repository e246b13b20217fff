"""What one interleaving is: which steps run, at which gaps, with which clock and crash.

A plan is a value with *total semantics*: every plan can be run on every scenario. Steps
that name a gap the reader never reaches run after the last poll, steps of unknown
writers do not exist, a crash that is never reached does not happen. So shrinking needs
no notion of a valid plan, and a plan stays meaningful when the reader changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Gap(NamedTuple):
    """A place in the reader where a step can become visible.

    Attributes:
        poll: 0-based.
        nth: 0 is the start of the poll; ``n`` is just before the n-th snapshot, or
            file call, that the driver sees in that poll.
    """

    poll: int
    nth: int

    def __str__(self) -> str:
        return f"{self.poll}.{self.nth}"


@dataclass(frozen=True, slots=True)
class Placed:
    """One writer step in a plan.

    Attributes:
        writer: Index of the writer.
        index: Index of the step in its writer.
        dt_ms: How far the clock moves just before the step, milliseconds.
        at: The step runs at the first gap reached that is not before this one.
    """

    writer: int
    index: int
    dt_ms: int
    at: Gap


@dataclass(frozen=True, slots=True)
class Plan:
    """One interleaving.

    Attributes:
        steps: In the order in which they run. Steps of one writer are in program
            order and their gaps do not decrease.
        crash: The reader is killed after this many emissions, counted over all polls;
            ``None`` never kills it.
        polls: How many polls run while steps are due; quiet polls that follow are
            not counted.
    """

    steps: tuple[Placed, ...]
    crash: int | None = None
    polls: int = 1


def blocks(steps: Sequence[Placed]) -> Iterator[tuple[int, int]]:
    """Yield the half-open ranges of *steps* that stand at one gap."""
    start = 0
    for index in range(1, len(steps) + 1):
        if index == len(steps) or steps[index].at != steps[start].at:
            yield start, index
            start = index


def is_in_program_order(plan: Plan) -> bool:
    """Return whether every writer's steps are in order, once each, gaps ascending."""
    last: dict[int, Placed] = {}
    gap = Gap(0, 0)
    for placed in plan.steps:
        before = last.get(placed.writer)
        if placed.at < gap or (before is not None and placed.index <= before.index):
            return False
        last[placed.writer] = placed
        gap = placed.at
    return True


def cost(plan: Plan) -> tuple[object, ...]:
    """Return the order in which plans are simpler: the smallest one is shown.

    Steps first, then the crash, polls, gaps inside polls, moments other than poll
    starts, ticks, and last the canonical choice among equals: the smallest indexes.
    """
    ticks = [placed.dt_ms for placed in plan.steps]
    gaps = [placed.at for placed in plan.steps]
    return (
        len(plan.steps),
        plan.crash is not None,
        plan.polls,
        len({gap for gap in gaps if gap.nth}),
        sum(1 for tick in ticks if tick),
        sum(ticks),
        ticks,
        plan.crash or 0,
        [(gap.poll, gap.nth) for gap in gaps],
        [(placed.writer, placed.index) for placed in plan.steps],
    )

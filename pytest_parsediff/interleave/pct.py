"""Gap-PCT: random plans with few blocks, drawn directly on the gaps of a reader.

After Burckhardt, Kothari, Musuvathi and Nagarakatte, *A randomized scheduler with
probabilistic guarantees of finding bugs*, ASPLOS 2010. Their bound 1/(n k^(d-1)) holds
with k = number of gaps, because nothing between two snapshots can tell commits apart.
"""

from __future__ import annotations

from pytest_parsediff.core.splitmix import SplitMix64
from pytest_parsediff.interleave.plan import Gap, Placed, Plan
from pytest_parsediff.interleave.shape import EXTRA_GAPS, Shape

#: Per mille of the plans in which the clock stands still, and in which it moves by
#: one millisecond at every step; it is drawn for each step in the rest.
_FROZEN, _STEADY = 400, 200
#: Largest number of blocks a writer is cut into: bugs of depth d need d of them.
_MAX_BLOCKS = 4


def draw(shape: Shape, random: SplitMix64) -> Plan:
    """Return the plan that *random* yields for *shape*.

    Nothing but *shape* and *random* decides, so plan *i* of a seed is the same plan on
    every version of Python, in every process, and for every number of plans.
    """
    gaps = list(shape.all_gaps(EXTRA_GAPS))
    placed: list[tuple[Gap, int, int, int]] = []
    for writer, length in enumerate(shape.writers):
        for index, gap in enumerate(_place(length, gaps, random)):
            placed.append((gap, random.below(1 << 16), writer, index))
    placed = _merge(placed)
    ticks = _ticks(len(placed), random)
    steps = tuple(
        Placed(writer, index, dt_ms, gap)
        for (gap, _, writer, index), dt_ms in zip(placed, ticks, strict=True)
    )
    return Plan(steps, _crash(shape, random), shape.polls)


def _place(length: int, gaps: list[Gap], random: SplitMix64) -> list[Gap]:
    """Return a gap per step of one writer: at most four blocks, in order."""
    if not length:
        return []
    count = 1 + random.below(min(_MAX_BLOCKS, length))
    cuts = sorted({0, *(random.below(length) for _ in range(count - 1))})
    chosen = sorted(gaps[random.below(len(gaps))] for _ in cuts)
    ends = [*cuts[1:], length]
    return [
        gap
        for start, end, gap in zip(cuts, ends, chosen, strict=True)
        for _ in range(end - start)
    ]


def _merge(
    placed: list[tuple[Gap, int, int, int]],
) -> list[tuple[Gap, int, int, int]]:
    """Return the steps by gap; those of several writers at one gap are shuffled.

    The drawn numbers decide who comes next; each writer stays in program order.
    """
    by_gap = sorted(placed, key=lambda step: (step[0], step[1]))
    following: dict[tuple[Gap, int], list[tuple[Gap, int, int, int]]] = {}
    for step in sorted(placed, key=lambda step: -step[3]):
        following.setdefault((step[0], step[2]), []).append(step)
    return [following[gap, writer].pop() for gap, _, writer, _ in by_gap]


def _ticks(count: int, random: SplitMix64) -> list[int]:
    mode = random.below(1000)
    if mode < _FROZEN:
        return [0] * count
    if mode < _FROZEN + _STEADY:
        return [1] * count
    return [(0, 0, 1, 1, 2, 1000)[random.below(6)] for _ in range(count)]


def _crash(shape: Shape, random: SplitMix64) -> int | None:
    """Draw a crash for half of the plans, where crashes are a choice."""
    if not shape.may_crash or not shape.emissions or random.below(2):
        return None
    return 1 + random.below(shape.emissions + EXTRA_GAPS)

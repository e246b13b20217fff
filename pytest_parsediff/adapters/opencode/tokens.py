"""Token counters: cumulative snapshots become differences, within 64 bits."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from pytest_parsediff.adapters.opencode.cells import INT64_MAX, INT64_MIN

#: Told the name of each counter that did not fit into 64 bits.
Clamped: TypeAlias = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Counters of one step or one message; each is a signed 64-bit integer.

    Attributes:
        total: What the provider reported as sum.
        cache_read: Tokens read from the provider's cache.
        cache_write: Tokens written to it.
    """

    total: int = 0
    input: int = 0
    output: int = 0
    reasoning: int = 0
    cache_read: int = 0
    cache_write: int = 0


def difference(minuend: int, subtrahend: int) -> tuple[int, bool]:
    """Return the difference, at least 0, and whether it left the 64-bit range.

    On overflow the result is the greatest integer for a positive minuend, else 0.
    """
    exact = minuend - subtrahend
    if INT64_MIN <= exact <= INT64_MAX:
        return max(exact, 0), False
    return (INT64_MAX if minuend > 0 else 0), True


def since(current: Tokens, previous: Tokens, clamped: Clamped) -> Tokens:
    """Return what was used between two snapshots, counter by counter."""

    def counter(name: str) -> int:
        value, overflow = difference(getattr(current, name), getattr(previous, name))
        if overflow:
            clamped(name)
        return value

    return Tokens(
        total=counter("total"),
        input=counter("input"),
        output=counter("output"),
        reasoning=counter("reasoning"),
        cache_read=counter("cache_read"),
        cache_write=counter("cache_write"),
    )


def step_deltas(snapshots: Iterable[Tokens], clamped: Clamped) -> list[Tokens]:
    """Return the use of each step of one message, from its cumulative snapshots.

    Each snapshot is compared with the one before it, even when that one is greater
    than its own predecessor or smaller: 100, 250, 410, 400 gives 100, 150, 160, 0.
    """
    deltas: list[Tokens] = []
    previous = Tokens()
    for snapshot in snapshots:
        deltas.append(since(snapshot, previous, clamped))
        previous = snapshot
    return deltas


def context_used(tokens: Tokens, clamped: Clamped) -> int:
    """Return how much of the model's context *tokens* fill, within 64 bits."""
    used = 0
    for count in (tokens.input, tokens.cache_read, tokens.cache_write, tokens.output):
        exact = used + count
        used = min(max(exact, INT64_MIN), INT64_MAX)
        if used != exact:
            clamped("context")
    return used

"""Sums over the records of one session."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, final

from pytest_parsediff.core.pointers import Pointer
from pytest_parsediff.diff.records import Aggregates


@final
class AggregateSums:
    """Adds up the numbers at declared places, exactly, whatever their order.

    Args:
        places: Place per name.
    """

    __slots__ = ("_places", "_sums")

    def __init__(self, places: Mapping[str, Pointer]) -> None:
        self._places = places
        self._sums: dict[str, int | Fraction | None] = dict.fromkeys(places)

    def add(self, event: Mapping[str, Any]) -> None:
        """Take one canonical event; what is no number there counts as not there."""
        for name, place in self._places.items():
            value = place.get(event)
            if isinstance(value, int) and not isinstance(value, bool):
                self._sums[name] = (self._sums[name] or 0) + value
            elif isinstance(value, float) and math.isfinite(value):
                self._sums[name] = (self._sums[name] or 0) + Fraction(value)

    def result(self) -> Aggregates:
        """Return the sums so far; ``None`` where no event had a number."""
        return {name: _plain(total) for name, total in self._sums.items()}


def _plain(total: int | Fraction | None) -> int | float | None:
    """Return a number that JSON can hold: an integer where the sum is one."""
    if not isinstance(total, Fraction):
        return total
    if total.denominator == 1:
        return total.numerator
    try:
        return float(total)
    except OverflowError:  # so large that no float has a fraction there
        return int(total)

"""The one place where milliseconds become microseconds."""

from __future__ import annotations

from pytest_parsediff.adapters.opencode.cells import INT64_MAX

#: The last millisecond whose microseconds fit into 64 bits.
LAST_MS = INT64_MAX // 1000


def microseconds(ms: int) -> tuple[int, bool]:
    """Convert *ms* since the epoch to µs and say whether the result was clamped.

    Zero and negative times are 0; times after :data:`LAST_MS` are the greatest
    64-bit integer.
    """
    if ms <= 0:
        return 0, False
    return (INT64_MAX, True) if ms > LAST_MS else (ms * 1000, False)

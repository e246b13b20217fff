"""Time as one of the choices of a plan: it moves only when a step moves it."""

from __future__ import annotations

#: 2023-11-14T22:13:20Z: a plausible moment, the same in every run.
EPOCH_MS = 1_700_000_000_000


class HarnessClock:
    """A clock that the harness moves, for writers and for adapters alike.

    Attributes:
        now_ms: Milliseconds since the epoch; what writers stamp rows with.
    """

    def __init__(self, now_ms: int = EPOCH_MS) -> None:
        self.now_ms = now_ms
        self._start_ms = now_ms

    def __call__(self) -> float:
        """Return seconds since the clock was made, as ``Context.clock`` promises."""
        return (self.now_ms - self._start_ms) / 1000

    def advance(self, dt_ms: int) -> None:
        """Move the clock on by *dt_ms* milliseconds; backwards for a clock step."""
        self.now_ms += dt_ms

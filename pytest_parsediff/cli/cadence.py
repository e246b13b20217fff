"""How long to wait until the next poll."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

#: Seconds after a poll that found something: more often follows at once.
PRODUCTIVE_S = 0.5
#: Seconds between polls for a while after the files were seen to change.
AWAKE_S = 0.25
#: How long that while is, in seconds.
AWAKE_FOR_S = 5.0


@dataclass(slots=True)
class Cadence:
    """When the timer polls, whatever the file system tells.

    Attributes:
        clock: Seconds, monotonic.
        interval_s: Seconds between polls of a quiet store; nothing waits longer.
    """

    clock: Callable[[], float]
    interval_s: float
    _was_productive: bool = field(default=False, init=False)
    _awake_until: float = field(default=0.0, init=False)

    def woken(self) -> None:
        """Take note that the files of the source changed."""
        self._awake_until = self.clock() + AWAKE_FOR_S

    def polled(self, *, productive: bool) -> None:
        """Take note of a poll, and whether it emitted anything."""
        self._was_productive = productive

    @property
    def wait_s(self) -> float:
        """Seconds from the last poll to the next one, if nothing wakes it before."""
        wait = PRODUCTIVE_S if self._was_productive else self.interval_s
        if self.clock() < self._awake_until:
            wait = min(wait, AWAKE_S)
        return min(wait, self.interval_s)

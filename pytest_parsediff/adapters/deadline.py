"""End Python code of others that runs too long, from inside the process.

An alarm raises :class:`TimeUp` in the middle of that code. Code that catches it and
goes on is interrupted again: politely at first, so that ``finally`` blocks can do
their work, then at ever changing distances of a few microseconds, so that sooner or
later an alarm arrives while no ``try`` is open. Code that hangs in C and never looks
for signals cannot be ended this way; that is what a process of its own is for.
"""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from types import FrameType, TracebackType
from typing import Self, TypeVar

from pytest_parsediff.adapters.traces import own_stack

ResultT = TypeVar("ResultT")

#: Seconds that code gets to clean up before it is interrupted again.
GRACE_S = 0.2
_POLITE = 3
_STEP_S = 1e-6
_STEPS = 61  # prime, so that no loop can stay in step


class TimeUp(BaseException):
    """Raised inside code that runs too long; never leaves this package."""


class Deadline:
    """A time limit for everything that is called through :meth:`run`.

    A context manager. Where there is no alarm (Windows, threads) nothing is
    interrupted, but :attr:`expired` becomes true all the same. A handler and a timer
    that somebody else had set are in force again afterwards, the timer with the time
    that is left of it; if it ran out meanwhile, its handler is called at the end. A
    one-shot timer of somebody else that is due earlier shortens the deadline.

    Args:
        timeout_s: Seconds; infinity for no limit.

    Attributes:
        stack: Where the code was at the first alarm; empty if there was none.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._inside = False
        self._alarmed = False
        self._armed = False
        self._end = math.inf
        self._other_end = math.inf
        self._other_interval_s = 0.0
        self._other_handler: Callable[..., object] | int | None = None
        self._alarms = 0
        self.stack = ""

    def __enter__(self) -> Self:
        now = monotonic()
        self._end = now + self._timeout_s
        if math.isfinite(self._timeout_s) and _has_alarm():
            self._arm(now)
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if self._armed:
            self._disarm()

    @property
    def expired(self) -> bool:
        """Whether the time is up."""
        return self._alarmed or monotonic() >= self._end

    @property
    def cut_short(self) -> bool:
        """Whether it was somebody else's timer that ran out."""
        return self._alarmed and monotonic() < self._end

    def restart(self) -> None:
        """Give the next :meth:`run` the whole time, whatever came before it.

        For loops whose every round is limited: it takes a tenth of what entering does.
        """
        now = monotonic()
        self._end = now + self._timeout_s
        self._alarmed = False
        self._alarms = 0
        self.stack = ""
        if self._armed:
            delay_s = self._timeout_s
            if not self._other_interval_s:
                delay_s = min(delay_s, max(self._other_end - now, _STEP_S))
            signal.setitimer(signal.ITIMER_REAL, delay_s, GRACE_S)

    def run(self, function: Callable[[], ResultT]) -> ResultT:
        """Call *function*; only while it runs may an alarm raise.

        Raises:
            TimeUp: The time is up; also anything that *function* raises.
        """
        self._inside = True
        try:
            return function()
        finally:
            self._inside = False  # no bytecode before this one looks for signals

    def grace(self) -> None:
        """Give the next :meth:`run` a little time, however late it is."""
        if self._armed and self._alarmed:
            self._alarms = 0  # else one that is still pending would shorten it again
            signal.setitimer(signal.ITIMER_REAL, GRACE_S, GRACE_S)

    def _arm(self, now: float) -> None:
        remaining_s, self._other_interval_s = signal.setitimer(signal.ITIMER_REAL, 0)
        self._other_handler = signal.signal(signal.SIGALRM, self._on_alarm)
        self._armed = True
        delay_s = self._timeout_s
        if remaining_s:
            self._other_end = now + remaining_s
            if not self._other_interval_s:
                delay_s = min(delay_s, remaining_s)
        signal.setitimer(signal.ITIMER_REAL, delay_s, GRACE_S)

    def _disarm(self) -> None:
        self._armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        if self._other_handler is not None:  # None: set by C code, cannot be put back
            signal.signal(signal.SIGALRM, self._other_handler)
        if math.isinf(self._other_end):
            return
        remaining_s = self._other_end - monotonic()
        if remaining_s > 0:
            interval_s = self._other_interval_s
            signal.setitimer(signal.ITIMER_REAL, remaining_s, interval_s)
            return
        signal.setitimer(
            signal.ITIMER_REAL, self._other_interval_s, self._other_interval_s
        )
        signal.raise_signal(signal.SIGALRM)

    def _on_alarm(self, _signum: int, frame: FrameType | None) -> None:
        if not self._armed:
            return
        # May itself be interrupted at any call: nothing here may depend on being done.
        # The interval goes on if even the next lines fail, for want of stack.
        self._alarms += 1
        delay_s = GRACE_S
        if self._alarms > _POLITE:
            delay_s = _STEP_S * (1 + self._alarms * 7 % _STEPS)
        signal.setitimer(signal.ITIMER_REAL, delay_s, GRACE_S)
        if not self._alarmed:
            self._alarmed = True
            with suppress(Exception):
                self.stack = own_stack(frame) if self._inside else ""
        if self._inside:
            raise TimeUp


def _has_alarm() -> bool:
    main = threading.current_thread() is threading.main_thread()
    return main and hasattr(signal, "setitimer")

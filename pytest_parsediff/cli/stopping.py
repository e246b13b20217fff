"""SIGINT and SIGTERM: they end a wait or a read at once, and never cut a line."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
#: A signal that comes again so soon is the same one, seconds: ``timeout`` sends its own
#: to the process and then to the group that it is in.
_ECHO_S = 0.5


class Stopped(KeyboardInterrupt):
    """Raised where the work can be left; adapters are not to keep it."""


class Stopper:
    """Handles both signals while it is entered.

    The first one ends what is :meth:`interruptible`, or the next thing that is. A
    second one, of somebody who cannot wait, raises ``KeyboardInterrupt`` anywhere.

    Args:
        clock: Tells seconds.

    Attributes:
        signal: The first one that came; ``None`` if none did.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.signal: int | None = None
        self._clock = clock
        self._came_s = 0.0
        self._is_armed = False
        self._before: dict[int, object] = {}

    def __enter__(self) -> Self:
        for number in _SIGNALS:
            self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *_error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type] # from signal()

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self.signal is not None:
            if self._clock() - self._came_s < _ECHO_S:
                return
            raise KeyboardInterrupt
        self.signal, self._came_s = number, self._clock()
        if self._is_armed:
            raise Stopped

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Let a signal end the block by raising :class:`Stopped` in it.

        Raises:
            Stopped: At once, if a signal has come before.
        """
        self._is_armed = True
        try:
            if self.signal is not None:
                raise Stopped
            yield
        finally:
            self._is_armed = False

"""What people see on standard error: notices, errors, and progress on a terminal."""

from __future__ import annotations

import time
from typing import TextIO

from pytest_parsediff.cli.streams import silence
from pytest_parsediff.core.errors import ParsediffError, strip_control
from pytest_parsediff.core.event import SESSION_ERROR, Notice

_EVERY_S = 0.5
_MIB = 2**20


class Console:
    """Writes to standard error; if that fails, nobody is told, and nothing else does.

    Args:
        stream: Where to.
        quiet: Whether notices and progress are left out; errors never are.

    Attributes:
        errors: How many things an adapter could not read.
    """

    def __init__(self, stream: TextIO, *, quiet: bool) -> None:
        self._stream = stream
        self._is_quiet = quiet
        self._has_progress = not quiet and stream.isatty()
        self._began = self._last = time.monotonic()
        self._shown = 0
        self._told: set[Notice] = set()
        self.errors = 0

    def notice(self, notice: Notice) -> None:
        """Tell what an adapter noticed, the same only once."""
        is_error = notice.code == SESSION_ERROR
        if notice in self._told or (self._is_quiet and not is_error):
            return
        self._told.add(notice)
        place = f"{notice.where}: " if notice.where else ""
        if is_error:
            self.errors += 1
            self.error(f"{place}{notice.message}")
            return
        self._say(f"notice: {notice.code}: {place}{notice.message}")

    def tell(self, message: str) -> None:
        """Tell what happens, unless nobody wants to know."""
        if not self._is_quiet:
            self._say(message)

    def error(self, error: ParsediffError | str) -> None:
        """Tell why nothing goes on, or why something will be tried again."""
        self._say(f"error: {error}")

    def progress(self, events: int, size: int) -> None:
        """Show how far a scan is, on a terminal and not too often."""
        now = time.monotonic()
        if not self._has_progress or now - self._last < _EVERY_S:
            return
        self._last = now
        rate = size / _MIB / max(now - self._began, 1e-9)
        text = f"{events:,} events, {size / _MIB:,.1f} MiB, {rate:.1f} MiB/s"
        self._write(f"\r{text:<{self._shown}}")
        self._shown = len(text)

    def done(self) -> None:
        """Take the progress away."""
        if self._shown:
            self._write(f"\r{'':<{self._shown}}\r")
            self._shown = 0

    def _say(self, message: str) -> None:
        self.done()
        self._write(f"{strip_control(message)}\n")

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            silence(self._stream)

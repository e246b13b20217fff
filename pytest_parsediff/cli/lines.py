"""Canonical lines on standard output, each whole, and where they end is known."""

from __future__ import annotations

import os
import stat

from pytest_parsediff.cli.novelty import Novelty
from pytest_parsediff.core.errors import OutputError
from pytest_parsediff.core.event import Event
from pytest_parsediff.core.rules import Rules

#: How many events are encoded at once.
_BATCH = 256


class OutputClosed(Exception):  # noqa: N818 - nothing went wrong: nobody reads any more
    """Whoever read standard output is gone."""


class LineWriter:
    """Prints events.

    Args:
        descriptor: Open for writing; written to directly, so that nothing stays in a
            buffer that a killed process would lose.
        rules: How events become lines.

    Attributes:
        count: Lines that have been written.
        bytes: Their length.
        novelty: Leaves out what was printed before; ``None`` to print everything.
        is_muted: Whether nothing is written, to find where a store ends.
    """

    def __init__(self, descriptor: int, rules: Rules) -> None:
        self._descriptor = descriptor
        self._rules = rules
        self.novelty: Novelty | None = None
        self.is_muted = False
        self._pending: list[Event] = []
        self.count = 0
        self.bytes = 0

    def add(self, event: Event) -> None:
        """Print *event* now or, at the latest, with the next flush.

        Raises:
            OutputClosed: Nobody reads any more. OutputError: PD118, it does not fit.
            CanonicalRuleError: PD414. NotAnEventError: PD405.
        """
        self._pending.append(event)
        if len(self._pending) >= _BATCH:
            self.flush()

    def flush(self) -> None:
        """Hand everything to the system; raises like :meth:`add`."""
        events, self._pending = self._pending, []
        if not events:
            return
        lines = self._rules.apply(events, {})
        if self.novelty is not None:
            lines = self.novelty.news_in(lines)
        if lines and not self.is_muted:
            self._write(b"".join([line + b"\n" for line in lines]))
            self.count += len(lines)

    def sync(self) -> None:
        """Let what was flushed survive a crash of the system, if it is a file."""
        if stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            os.fsync(self._descriptor)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._descriptor, view) :]
        except BrokenPipeError as error:
            raise OutputClosed from error
        except OSError as error:
            message = f"standard output cannot be written: {error.strerror}"
            raise OutputError(message) from error
        self.bytes += len(data)

"""Canonical lines on standard output, each whole, and where they end is known."""

from __future__ import annotations

import os
import select
import stat

from pytest_parsediff.cli.novelty import Novelty
from pytest_parsediff.core.errors import OutputError
from pytest_parsediff.core.event import Event
from pytest_parsediff.core.rules import Rules

#: How many events are encoded at once.
_BATCH = 256
#: Milliseconds after which a wait for room looks whether a signal came.
_LOOK_UP_MS = 200


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
        self._error: Exception | None = None
        self._is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
        self._chunk = None if self._is_file else select.PIPE_BUF
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
        """Hand everything to the system.

        Raises like :meth:`add`; once that happened always, because lines are missing.
        """
        if self._error is not None:
            raise self._error
        events, self._pending = self._pending, []
        if not events:
            return
        try:
            lines = self._rules.apply(events, {})
        except Exception as error:
            self._error = error
            raise
        if self.novelty is not None:
            lines = self.novelty.news_in(lines)
        if lines and not self.is_muted:
            self._write(b"".join([line + b"\n" for line in lines]))
            self.count += len(lines)

    def expect_reader(self) -> None:
        """Look whether somebody reads; a writer that has nothing to say must ask.

        Raises:
            OutputClosed: Nobody does any more.
        """
        if self._is_file or not hasattr(select, "poll"):
            return
        gone = select.poll()
        gone.register(self._descriptor, 0)
        if any(found & (select.POLLERR | select.POLLHUP) for _, found in gone.poll(0)):
            raise OutputClosed

    def sync(self) -> None:
        """Let what was flushed survive a crash of the system, if it is a file."""
        if self._is_file:
            os.fsync(self._descriptor)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                self._wait_for_room()
                view = view[os.write(self._descriptor, view[: self._chunk]) :]
        except OSError as error:
            self._error = _typed(error)
            raise self._error from error
        except BaseException:  # a line may have been cut
            self._error = OutputClosed()
            raise
        self.bytes += len(data)

    def _wait_for_room(self) -> None:
        """Wait until a chunk can be written at once.

        A signal that comes right before a system call begins does not end it, so no
        call may take long.
        """
        if self._is_file or not hasattr(select, "poll"):
            return
        room = select.poll()
        room.register(self._descriptor, select.POLLOUT)
        while not room.poll(_LOOK_UP_MS):
            pass


def _typed(error: OSError) -> Exception:
    if isinstance(error, BrokenPipeError):
        return OutputClosed()
    return OutputError(f"standard output cannot be written: {error.strerror}")

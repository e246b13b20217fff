"""From what a read emits to lines, notices, and the cursor that covers them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from pytest_parsediff.cli.console import Console
from pytest_parsediff.cli.cursors import write_cursor
from pytest_parsediff.cli.lines import LineWriter
from pytest_parsediff.cli.novelty import Novelty
from pytest_parsediff.cli.reading import Readings
from pytest_parsediff.cli.stopping import Stopped, Stopper
from pytest_parsediff.core.event import Checkpoint, Emission, Notice

#: Seconds between two writes of the cursor during one read: each waits for the disk.
_KEEP_EVERY_S = 0.5


@dataclass(slots=True, kw_only=True)
class Passage:
    """Hands on what reads emit.

    Attributes:
        writer: Where events go.
        console: Where notices go.
        stopper: May end the wait for the adapter, never a line or a cursor.
        cursor_out: Where the latest cursor is kept, after everything that it covers
            has been written; ``None`` for nowhere.
        cursor: The last one, or the one to begin with.
        has_checkpoints: Whether the adapter ever handed one out.
    """

    writer: LineWriter
    console: Console
    stopper: Stopper
    cursor_out: Path | None = None
    cursor: str | None = None
    has_checkpoints: bool = field(default=False, init=False)
    _kept: str | None = field(default=None, init=False)
    _kept_at: float = field(default=0.0, init=False)

    def pass_on(self, readings: Readings, *, from_now: bool = False) -> int:
        """Read once from the cursor on, and return how many lines were written.

        Args:
            readings: The reader.
            from_now: Whether what is stored is left out, to find where it ends. It is
                not even parsed by a reader that can skip it.

        Raises:
            Stopped: A signal came. OutputClosed: Nobody reads any more.
            ParsediffError: Typed; what came before has been written.
        """
        before = self.writer.count
        self.writer.is_muted = from_now
        skips = from_now and self.cursor is None
        with closing(readings.read(self.cursor, skips=skips)) as emissions:
            try:
                self._drain(emissions)
            except (Exception, Stopped):  # not a second signal: it cannot wait
                self._settle(was_whole=False)
                raise
        self._settle(was_whole=True)
        self.writer.is_muted = False
        return self.writer.count - before

    def _drain(self, emissions: Iterator[Emission]) -> None:
        while True:
            with self.stopper.interruptible():
                item = next(emissions, None)
            if item is None:
                return
            self._take(item)

    def _settle(self, *, was_whole: bool) -> None:
        """Write everything that came, then the cursor behind it."""
        self.writer.flush()
        self._keep_cursor()
        if self.has_checkpoints:  # they spare the next read from what this one had
            self.writer.novelty = None
        elif self.writer.novelty is not None:
            self.writer.novelty.turn(was_whole=was_whole)

    def _take(self, item: Emission) -> None:
        match item:
            case dict():
                self.writer.add(item)
                self.console.progress(self.writer.count, self.writer.bytes)
            case Checkpoint(cursor):
                self._take_cursor(cursor)
            case Notice():
                self.console.notice(item)

    def _take_cursor(self, cursor: str) -> None:
        self.has_checkpoints = True
        self.cursor = cursor
        if time.monotonic() - self._kept_at >= _KEEP_EVERY_S:
            self._keep_cursor()

    def _keep_cursor(self) -> None:
        """Write the cursor to its file, behind everything that it covers."""
        if not self.has_checkpoints or self.cursor in (None, self._kept):
            return
        self.writer.flush()
        if self.cursor_out is not None:
            self.writer.sync()
            write_cursor(self.cursor_out, self.cursor or "")
        self._kept, self._kept_at = self.cursor, time.monotonic()


def expect_no_cursors(writer: LineWriter) -> None:
    """Print only news from now on, until the adapter hands out a cursor."""
    writer.novelty = Novelty()

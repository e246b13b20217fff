"""From what a read emits to lines, notices, and the cursor that covers them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pytest_parsediff.cli.console import Console
from pytest_parsediff.cli.cursors import write_cursor
from pytest_parsediff.cli.lines import LineWriter
from pytest_parsediff.cli.novelty import Novelty
from pytest_parsediff.cli.reading import Readings
from pytest_parsediff.cli.stopping import Stopper
from pytest_parsediff.core.event import Checkpoint, Emission, Notice


@dataclass(slots=True, kw_only=True)
class Passage:
    """Hands on what reads emit.

    Attributes:
        writer: Where events go.
        console: Where notices go.
        stopper: May end the wait for the adapter, never a line or a cursor.
        cursor_out: Where each cursor is kept, after everything that it covers has
            been written; ``None`` for nowhere.
        cursor: The last one, or the one to begin with.
        has_checkpoints: Whether the adapter ever handed one out.
    """

    writer: LineWriter
    console: Console
    stopper: Stopper
    cursor_out: Path | None = None
    cursor: str | None = None
    has_checkpoints: bool = field(default=False, init=False)

    def pass_on(self, readings: Readings) -> int:
        """Read once from the cursor on, and return how many lines were written.

        Raises:
            Stopped: A signal came. OutputClosed: Nobody reads any more.
            ParsediffError: Typed; what came before has been written.
        """
        before = self.writer.count
        emissions = readings.read(self.cursor)
        is_whole = False
        try:
            while True:
                with self.stopper.interruptible():
                    item = next(emissions, None)
                if item is None:
                    break
                self._take(item)
            is_whole = True
        finally:
            emissions.close()
            self.writer.flush()
            self._turn(was_whole=is_whole)
        return self.writer.count - before

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
        self.writer.flush()
        self.has_checkpoints = True
        if self.cursor_out is not None and cursor != self.cursor:
            self.writer.sync()
            write_cursor(self.cursor_out, cursor)
        self.cursor = cursor

    def _turn(self, *, was_whole: bool) -> None:
        """Note what this read had, as long as no cursor spares the next one from it."""
        if self.has_checkpoints:
            self.writer.novelty = None
        elif self.writer.novelty is not None:
            self.writer.novelty.turn(was_whole=was_whole)


def expect_no_cursors(writer: LineWriter) -> None:
    """Print only news from now on, until the adapter hands out a cursor."""
    writer.novelty = Novelty()

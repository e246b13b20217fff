"""Follow a source until a signal comes."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from pytest_parsediff.cli.cadence import Cadence
from pytest_parsediff.cli.passing import Passage, expect_no_cursors
from pytest_parsediff.cli.reading import Readings
from pytest_parsediff.cli.sight import Sight, look
from pytest_parsediff.cli.stopping import Stopped
from pytest_parsediff.cli.watching import Watcher
from pytest_parsediff.core.errors import (
    CanonicalRuleError,
    CursorFileError,
    NotAnEventError,
    OutputError,
    ParsediffError,
)

#: A signal that comes right before a wait begins does not end it.
_LOOK_UP_S = 0.5
#: What another poll does not mend: lines that are missing, a cursor that is not kept.
_FATAL = (CanonicalRuleError, CursorFileError, NotAnEventError, OutputError)


@dataclass(slots=True, kw_only=True)
class Follower:
    """Polls a source whenever its files change, and by a timer.

    Attributes:
        readings: The reader.
        passage: Where everything goes.
        cadence: How long to wait.
        watches: Whether the file system is asked to tell of changes.
    """

    readings: Readings
    passage: Passage
    cadence: Cadence
    watches: bool = True
    _wake: threading.Event = field(default_factory=threading.Event, init=False)
    _seen: Sight | None = field(default=None, init=False)
    _trouble: str = field(default="", init=False)

    def follow(self, *, from_now: bool) -> None:
        """Poll until a signal comes.

        Args:
            from_now: Whether what is stored already is left out; only without a
                cursor to begin with.

        Raises:
            OutputClosed: Nobody reads any more.
            ParsediffError: The first poll failed, or the output cannot be written.
                Later a poll that fails is told, and tried again.
        """
        path = self.readings.source.path
        with Watcher(path, self._wake.set, self._no_watching) as watcher:
            if not self.watches:
                watcher.give_up()
            try:
                self._begin(from_now=from_now)
                while True:
                    self._wait(watcher)
                    self._poll()
            except Stopped:
                return

    def _begin(self, *, from_now: bool) -> None:
        """Poll for the first time; what fails now is not worth waiting for."""
        expect_no_cursors(self.passage.writer)
        self._seen = look(self.readings.source.path)
        count = self.passage.pass_on(self.readings, from_now=from_now)
        self.cadence.polled(productive=count > 0)

    def _wait(self, watcher: Watcher) -> None:
        """Wait until the next poll is due, or something has changed.

        Raises:
            Stopped: A signal came. OutputClosed: Nobody reads any more.
        """
        began = time.monotonic()
        while (left := began + self.cadence.wait_s - time.monotonic()) > 0:
            with self.passage.stopper.interruptible():
                has_changed = self._wake.wait(min(left, _LOOK_UP_S))
            self.passage.writer.expect_reader()
            if has_changed:
                self._wake.clear()
                self.cadence.woken()
                if not self._is_unchanged():
                    return
        watcher.renew()

    def _is_unchanged(self) -> bool:
        """Return whether what woke us was our own doing, or nothing of the source."""
        return self._seen is not None and self._seen.proves_same(
            look(self.readings.source.path)
        )

    def _poll(self) -> None:
        """Poll; a reader that costs little on a quiet store always, others if need be."""
        seen = look(self.readings.source.path)
        if not seen.is_there:
            self._fail(f"{self.readings.source.path} is gone; waiting for it")
            self.readings.close(quietly=True)
            self._seen = None
            return
        is_due = self.readings.keeps_reader or self._seen is None
        if not is_due and self._seen is not None and self._seen.proves_same(seen):
            return
        try:
            count = self.passage.pass_on(self.readings)
        except ParsediffError as error:
            if isinstance(error, _FATAL):
                raise
            self._fail(str(error))
            self._seen = None
            return
        self._recovered()
        self._seen = seen
        self.cadence.polled(productive=count > 0)

    def _fail(self, trouble: str) -> None:
        """Tell of trouble once, as long as it stays the same."""
        if trouble != self._trouble:
            self.passage.console.error(trouble)
        self._trouble = trouble
        self.cadence.polled(productive=False)

    def _recovered(self) -> None:
        if self._trouble:
            self.passage.console.tell("the source can be read again")
        self._trouble = ""

    def _no_watching(self, reason: str) -> None:
        seconds = f"{self.cadence.interval_s:g} s"
        self.passage.console.tell(f"polling every {seconds} only: {reason}")

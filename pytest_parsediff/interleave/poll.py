"""What one poll of a reader handed out."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from pytest_parsediff.core.errors import ParsediffError
from pytest_parsediff.core.event import (
    Checkpoint,
    Emission,
    Event,
    Evidence,
    Notice,
)
from pytest_parsediff.interleave.schedule import Kind
from pytest_parsediff.interleave.subject import Line

#: What is no event; an adapter may hand out a subclass of ``dict``, too.
OTHERS = (Checkpoint, Notice, Evidence)


class Poll(msgspec.Struct, kw_only=True):
    """What one poll handed out.

    Attributes:
        cursor: Where it started; ``None`` from the beginning.
        first_state: Index of the first state that it could have seen.
        last_state: Index of the state when it ended.
        lines: Events, taken apart, in order.
        bare: Texts of events where nobody wants them taken apart, as ``Keep.OUTCOME``
            says; there are no lines then.
        checkpoints: Cursor, and how many lines came before it in this poll.
        notices: What the adapter noticed.
        error: Why it ended early; ``None`` when it did not.
        is_crashed: Whether the reader was killed in it.
        is_quiet: Whether all steps had been done before it began.
        statements: SQL that the reader started in it.
    """

    cursor: str | None
    first_state: int
    last_state: int = 0
    lines: list[Line] = msgspec.field(default_factory=list)
    bare: list[bytes] = msgspec.field(default_factory=list)
    checkpoints: list[tuple[str, int]] = msgspec.field(default_factory=list)
    notices: list[Notice] = msgspec.field(default_factory=list)
    error: ParsediffError | None = None
    is_crashed: bool = False
    is_quiet: bool = False
    statements: tuple[str, ...] = ()

    @property
    def texts(self) -> list[bytes]:
        """Canonical JSON of all events, in order, without LF."""
        return self.bare or [line.text for line in self.lines]

    def take(
        self, emission: Emission, line_of: Callable[[Event], Line | None]
    ) -> tuple[Kind | None, str | bytes]:
        """File *emission* where it belongs.

        Returns:
            What it is for a timeline, with a label; ``None`` for what a consumer
            does not get.
        """
        if type(emission) is not dict and isinstance(emission, OTHERS):
            return self.take_other(emission)
        line = line_of(emission)
        if line is None:
            return None, ""
        self.lines.append(line)
        return Kind.EMIT, line.text

    def take_other(
        self, emission: Checkpoint | Notice | Evidence
    ) -> tuple[Kind | None, str]:
        """File what is no event; returns as :meth:`take` does."""
        match emission:
            case Checkpoint():
                self.checkpoints.append((emission.cursor, len(self.lines)))
                return Kind.CHECKPOINT, emission.cursor
            case Notice():
                self.notices.append(emission)
        return None, ""

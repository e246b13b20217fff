"""A scenario's failure in the form in which pytest prints it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pytest_parsediff.failure import Crash
from pytest_parsediff.golden.render import Line, Style

_MARKUP: dict[Style, dict[str, bool]] = {
    Style.HEADER: {"red": True, "bold": True},
    Style.REMOVED: {"red": True},
    Style.ADDED: {"green": True},
    Style.HUNK: {"cyan": True},
    Style.NOTE: {"bold": True},
}


class _Writer(Protocol):
    """The part of pytest's terminal writer that is used here."""

    def line(self, s: str = "", **markup: bool) -> None: ...


class FailureRepr:
    """A failure as pytest prints it: in colour on a terminal, plain elsewhere.

    Attributes:
        reprcrash: Read by pytest's short summary and by JUnit.
    """

    def __init__(self, lines: Sequence[Line], reprcrash: Crash) -> None:
        self.lines = lines
        self.reprcrash = reprcrash

    def toterminal(self, tw: _Writer) -> None:
        """Write the lines with their markup."""
        for line in self.lines:
            tw.line(line.text, **_MARKUP.get(line.style, {}))

    def __str__(self) -> str:
        return "\n".join(line.text for line in self.lines)

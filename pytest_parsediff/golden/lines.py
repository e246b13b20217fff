"""Lines of text with a style, for whoever can print colours."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Style(StrEnum):
    """What a line is, so that it can be coloured."""

    PLAIN = "plain"
    REMOVED = "removed"
    ADDED = "added"
    HEADER = "header"
    HUNK = "hunk"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Line:
    """One line for people.

    Attributes:
        text: Without line end, control characters and colour codes.
        style: What the line is.
    """

    text: str
    style: Style = Style.PLAIN

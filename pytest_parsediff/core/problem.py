"""What every error that is raised on purpose is made of: code, place, hint, safe text.

The errors themselves are in ``core/errors.py``, which offers these names too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def strip_control(text: str) -> str:
    r"""Replace control characters, which a terminal would obey, by ``\xNN``.

    Newline and tab stay. Bidirectional marks are replaced too, because they reorder
    what a reader sees, and lone surrogates, because no terminal can print them.
    """
    return _CONTROL.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    number = ord(found[0])
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


def clip(value: object, limit: int = 80) -> str:
    """Return ``repr(value)`` in at most *limit* characters."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - repr() is anybody's code, and may recurse
        text = f"<{type(value).__name__}>"
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a file.

    Attributes:
        path: The file or folder.
        line: 1-based, or ``None`` for the file as a whole.
        column: 1-based, in characters, or ``None``.
    """

    path: Path | str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        parts = [str(_from_here(Path(self.path)))]
        parts += [str(part) for part in (self.line, self.column) if part is not None]
        return ":".join(parts)


def _from_here(path: Path) -> Path:
    """Return *path* relative to the working directory, if it lies below it."""
    try:
        here = Path.cwd()
    except FileNotFoundError:  # it was removed under us
        return path
    return path.relative_to(here) if path.is_relative_to(here) else path


class ParsediffError(Exception):
    """Base of every error raised on purpose by pytest-parsediff.

    Attributes:
        code: Stable id; the heading of its entry in ``docs/errors.md``.
        hint: One imperative sentence: what the reader should do next.
        message: What was expected and what was found.
        where: The place, when there is one.
        detail: More lines for people: a traceback, the end of stderr; may be empty.
    """

    code: ClassVar[str] = "PD000"
    hint: str = "Report this as a bug in pytest-parsediff."

    def __init__(
        self,
        message: str,
        where: Where | None = None,
        hint: str | None = None,
        detail: str = "",
    ) -> None:
        super().__init__(message, where, hint, detail)  # all in args: it pickles
        self.message = message
        self.where = where
        self.detail = detail
        if hint is not None:
            self.hint = hint

    @property
    def summary(self) -> str:
        """The cause in one line without its place, for lists that name the item."""
        return strip_control(f"{self.code}: {self.message}").partition("\n")[0]

    @property
    def headline(self) -> str:
        """The first line: code, place, what was expected and found."""
        place = f"{self.where}: " if self.where else ""
        return strip_control(f"{self.code}: {place}{self.message}")

    def __str__(self) -> str:
        detail = f"\n{strip_control(self.detail.rstrip())}" if self.detail else ""
        return f"{self.headline}{detail}\n  hint: {strip_control(self.hint)}"


class Unavailable(Exception):  # noqa: N818 - a reason to skip, not an error
    """The scenario cannot run on this machine; its text is the reason to skip."""

"""The files that one scan of an external adapter needs, inside its tmp folder."""

from __future__ import annotations

import itertools
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

_NAME = ".parsediff"
_TAIL_LINES = 20
_TAIL_BYTES = 64 * 1024
_MAX_LINE = 500
_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class ScanFolder:
    """A folder of one scan; it stays when the scan fails, for a look.

    Attributes:
        path: Absolute.
    """

    path: Path

    @classmethod
    def make(cls, tmp: Path) -> ScanFolder:
        """Make the next one below *tmp*: ``.parsediff/scan-1``, ``scan-2``, …."""
        parent = tmp / _NAME
        parent.mkdir(exist_ok=True)
        for number in itertools.count(1):
            path = parent / f"scan-{number}"
            try:
                path.mkdir()
            except FileExistsError:
                continue
            return cls(path)
        raise AssertionError  # pragma: no cover - count() never ends

    def empty(self) -> Path:
        """Return a folder with nothing in it, the same one for every scan."""
        path = self.path.parent / "empty"
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(exist_ok=True)
        return path

    def remove(self) -> None:
        """Remove the folder and what is in it."""
        shutil.rmtree(self.path, ignore_errors=True)


def tail(path: Path) -> str:
    """Return the last 20 lines of *path* as text, without control characters.

    Terminal escapes are removed, a lone CR ends a line, bytes that are not UTF-8
    become U+FFFD, lines are clipped to 500 characters. Nothing for a missing file.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    text = _ESCAPES.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    lines = _CONTROL.sub("", text).rstrip("\n").split("\n")[-_TAIL_LINES:]
    return "\n".join(line[:_MAX_LINE] for line in lines)

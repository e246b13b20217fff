"""Compare what an adapter emitted with the golden: bytes first, then values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pytest_parsediff.core.canonical import join_lines, split_lines
from pytest_parsediff.core.errors import (
    GoldenLineEndingsError,
    GoldenMismatchError,
    GoldenMissingError,
    GoldenUnreadableError,
    MergeMarkersError,
    ParsediffError,
    Where,
    clip,
)
from pytest_parsediff.core.files import read_file
from pytest_parsediff.core.wording import counted
from pytest_parsediff.golden.values import (
    hashable,
    parse_line,
    read_line,
    values_equal,
)

_MERGE_MARKER = re.compile(rb"^(?:<{7}|={7}|>{7}|\|{7})(?: .*)?$", re.MULTILINE)
_BOM = b"\xef\xbb\xbf"


class GoldenStatus(StrEnum):
    """How the golden and the output relate."""

    MATCH = "match"
    NOT_CANONICAL = "not canonical"
    MISSING = "missing"
    MISMATCH = "mismatch"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class GoldenCheck:
    """The result of one comparison.

    Attributes:
        status: How golden and output relate.
        expected: Lines of the golden, as far as it could be read.
        error: What a failing item shows; ``None`` when it passes.
        note: What a passing item should say all the same; may be empty.
    """

    status: GoldenStatus
    expected: tuple[bytes, ...] = ()
    error: ParsediffError | None = None
    note: str = ""

    @property
    def passed(self) -> bool:
        """Whether the golden holds."""
        return self.error is None


_MATCH = GoldenCheck(GoldenStatus.MATCH)


def read_golden(path: Path | str) -> bytes | None:
    """Return the bytes of the golden, or ``None`` when there is none.

    Raises:
        GoldenUnreadableError: PD307, the file is there and cannot be read; that is
            never taken for a missing golden.
    """
    try:
        return read_file(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise GoldenUnreadableError(f"{error.strerror}", Where(path)) from error


def check_golden(
    golden: bytes | None,
    actual: list[bytes],
    path: Path | str,
    *,
    ordered: bool = True,
) -> GoldenCheck:
    """Compare *golden* with the canonical lines *actual*.

    Equal bytes match. Otherwise both sides are compared as JSON values, 1 equal to
    1.0, and equal values pass with a note. *path* is for messages only.
    """
    if golden == join_lines(actual):
        return _MATCH
    if golden is None:
        message = f"there is no golden for {_count(actual)}"
        error = GoldenMissingError(message, Where(path))
        return GoldenCheck(GoldenStatus.MISSING, error=error)
    text = golden.removeprefix(_BOM).replace(b"\r\n", b"\n")
    lines = split_lines(text)
    problem = _find_problem(text, lines, path)
    if problem is not None:
        return GoldenCheck(GoldenStatus.UNREADABLE, tuple(lines), problem)
    expected = [line for line in lines if line.strip()]
    if not _same_values(expected, actual, ordered=ordered):
        message = f"the golden has {_count(expected)}, the adapter emits {len(actual)}"
        mismatch = GoldenMismatchError(message, Where(path))
        return GoldenCheck(GoldenStatus.MISMATCH, tuple(expected), mismatch)
    if text != golden:
        what = "a byte order mark" if golden.startswith(_BOM) else "CRLF line ends"
        message = f"the golden differs from the output only by {what}"
        ends = GoldenLineEndingsError(message, Where(path))
        return GoldenCheck(GoldenStatus.UNREADABLE, tuple(expected), ends)
    note = "the golden is not canonical: same values, other bytes"
    if golden == join_lines(actual)[:-1]:
        note = "the golden is not canonical: its last line has no line end"
    return GoldenCheck(GoldenStatus.NOT_CANONICAL, tuple(expected), note=note)


def _count(lines: list[bytes]) -> str:
    return counted(len(lines), "event")


def _find_problem(
    text: bytes, lines: list[bytes], path: Path | str
) -> ParsediffError | None:
    """Return why the golden is no list of JSON objects, or ``None``."""
    marker = _MERGE_MARKER.search(text)
    if marker:
        line = text.count(b"\n", 0, marker.start()) + 1
        return MergeMarkersError("unresolved merge", Where(path, line))
    for number, one in enumerate(lines, 1):
        where = Where(path, number)
        try:
            value = parse_line(one) if one.strip() else {}
        except UnicodeDecodeError as error:
            return GoldenUnreadableError(f"not UTF-8: {error.reason}", where)
        except ValueError as error:
            return GoldenUnreadableError(f"not JSON: {error}", where)
        if not isinstance(value, dict):
            return GoldenUnreadableError(
                f"expected an object, got {clip(value)}", where
            )
    return None


def _same_values(expected: list[bytes], actual: list[bytes], *, ordered: bool) -> bool:
    if len(expected) != len(actual):
        return False
    if ordered:
        return all(map(values_equal, expected, actual))
    left = Counter(expected) - Counter(actual)
    right = Counter(actual) - Counter(expected)
    return _by_value(left) == _by_value(right)


def _by_value(lines: Counter[bytes]) -> Counter[Hashable]:
    """Return how often each value stands in *lines*, however it is spelled."""
    return Counter(hashable(read_line(line)) for line in lines.elements())

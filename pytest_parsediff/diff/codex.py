"""What a Codex transcript and its title index say, beside their records.

Source: https://github.com/kenn-io/agentsview, ``internal/parser/codex.go`` (consumed
boundary, ``session_index.jsonl``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Any

import msgspec

from pytest_parsediff.diff.verdict import FieldDiff
from pytest_parsediff.golden.legible import excerpts

INDEX_NAME = "session_index.jsonl"
_TITLE_CHARACTERS = 81
_SESSION_FOLDERS = frozenset({"sessions", "archived_sessions"})


class BoundaryFinder:
    """Finds the consumed boundary of a transcript that is read in chunks.

    Keeps at most one incomplete line.
    """

    __slots__ = ("_boundary", "_line", "_position")

    def __init__(self) -> None:
        self._boundary = 0
        self._position = 0
        self._line: list[bytes] = []

    @property
    def boundary(self) -> int:
        """Bytes up to the end of the last complete valid line fed so far."""
        return self._boundary

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the transcript."""
        begin = 0
        while (end := chunk.find(b"\n", begin)) >= 0:
            self._line.append(chunk[begin:end])
            line = b"".join(self._line)
            self._line.clear()
            self._position += len(line) + 1
            if is_json(line):
                self._boundary = self._position
            begin = end + 1
        if begin < len(chunk):
            self._line.append(chunk[begin:])


def consumed_boundary(chunks: Iterable[bytes]) -> int:
    """Return how many bytes of a transcript a reader has consumed for good.

    A line that ends with LF and is valid JSON moves the boundary to its end. One that
    is not valid does not; the next valid one jumps past it. A last line without LF
    never counts, not even if it is valid: a writer may be in the middle of it.

    Args:
        chunks: The bytes of the file, cut anywhere; read once. Memory is that of the
            longest line.
    """
    finder = BoundaryFinder()
    for chunk in chunks:
        finder.feed(chunk)
    return finder.boundary


def is_json(line: bytes) -> bool:
    r"""Return whether *line* is one JSON text by RFC 8259; an empty line is none.

    As for Go's ``json.Valid``, bytes that are not UTF-8 and lone surrogates in strings
    do not matter, and NaN is not JSON. Nesting deeper than the interpreter's limit
    counts as invalid.
    """
    try:
        msgspec.json.decode(line, type=msgspec.Raw)  # scans, and builds nothing
    except RecursionError:
        return False
    except msgspec.DecodeError:
        return rb"\u" in line and _is_json_with_surrogates(line)
    return True


def _is_json_with_surrogates(line: bytes) -> bool:
    """Return whether the slower reader takes what msgspec refuses: a lone surrogate."""
    text = line.decode("utf-8", "replace")
    try:
        json.loads(text, parse_constant=_refuse, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return False
    return True


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def titles(lines: Iterable[bytes]) -> dict[str, str]:
    """Return the titles of a ``session_index.jsonl``, by session id.

    The last line of an id wins. Titles are trimmed; a blank one is a value, and clears
    a title. An id without a line, or whose line has no title, is no signal at all.
    Lines that are not such objects are left out.
    """
    found: dict[str, str] = {}
    for line in lines:
        match _decode(line):
            case {"id": str(session), "thread_name": str(title)}:
                found[session] = title.strip()
    return found


def _decode(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def index_path(transcript: PurePath) -> PurePath | None:
    """Return where the title index of *transcript* lies, if it lies in a Codex home.

    That is beside the nearest folder above that is named ``sessions`` or
    ``archived_sessions``.
    """
    for folder in transcript.parents:
        if folder.name in _SESSION_FOLDERS:
            return folder.parent / INDEX_NAME
    return None


def effective_mtime(transcript_ns: int, index_ns: int | None) -> int:
    """Return the time a tool stores for a session: that of whichever file is newer.

    It tells a tool when to look at the title again. It is no evidence about the
    transcript, and :func:`~pytest_parsediff.diff.evidence.weigh` never looks at it.

    Args:
        transcript_ns: Nanoseconds since the epoch.
        index_ns: The same of the index; ``None`` where there is none.
    """
    return transcript_ns if index_ns is None else max(transcript_ns, index_ns)


def compare_title(
    stored: str | None, index: Mapping[str, str], session: str, *, is_incremental: bool
) -> FieldDiff | None:
    """Return how the title differs, or ``None``.

    Titles are compared themselves: no time of the index says whether one changed.

    Args:
        stored: The stored title; ``None`` and blank are the same.
        index: From :func:`titles`.
        session: Id of the session; without an entry the stored title stands.
        is_incremental: Whether the stored row was last written by appending, which
            does not refresh titles. Only then the difference is informational.
    """
    known = (stored or "").strip()
    current = index.get(session, known)
    if current == known:
        return None
    old, new = (json.dumps(one, ensure_ascii=False) for one in (known, current))
    shown_old, shown_new = excerpts(old, new, _TITLE_CHARACTERS)
    return FieldDiff(
        field="title",
        stored=shown_old,
        parsed=shown_new,
        detail="title index",
        is_informational=is_incremental,
    )

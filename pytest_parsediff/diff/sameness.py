"""Whether two observations are of the same content, by what kind of source it is."""

from __future__ import annotations

from enum import Enum, StrEnum, auto
from typing import TypeVar

from pytest_parsediff.diff.observation import Observation

ValueT = TypeVar("ValueT")


class SourcePolicy(StrEnum):
    """What counts as a move of a source.

    ``file``: other bytes. ``jsonl``: the same, but a growing last line that is not
    complete is no move. ``codex``: another raw size and another consumed boundary.
    ``row``: another digest of the session's rows.
    """

    FILE = "file"
    JSONL = "jsonl"
    CODEX = "codex"
    ROW = "row"


class Sameness(Enum):
    """What a comparison of two observations says."""

    PROVED = auto()  # the same, by digest
    SAME = auto()  # the same, by size, time or boundary
    DIFFERENT = auto()
    UNKNOWN = auto()

    @property
    def is_same(self) -> bool:
        """Whether the content is the same, by whatever means."""
        return self in (Sameness.PROVED, Sameness.SAME)


def is_readable(seen: Observation, policy: SourcePolicy) -> bool:
    """Return whether the source could be read; rows that are gone could."""
    return not seen.error and (seen.exists or policy is SourcePolicy.ROW)


def has_watermark(seen: Observation, policy: SourcePolicy) -> bool:
    """Return whether *seen* has what *policy* compares.

    Codex needs nothing: a row without a size was never held against its transcript,
    and that is no evidence of a move.
    """
    if not is_readable(seen, policy):
        return False
    match policy:
        case SourcePolicy.ROW:
            return not seen.exists or seen.row_digest is not None
        case SourcePolicy.CODEX:
            return True
        case _:  # file and jsonl
            return seen.content_hash is not None or seen.mtime_ns is not None


def compare_with_stored(
    stored: Observation, live: Observation, policy: SourcePolicy
) -> Sameness:
    """Return whether *live* is still what *stored* was, perhaps on another machine."""
    match policy:
        case SourcePolicy.ROW:
            return _compare_rows(stored, live)
        case SourcePolicy.CODEX:
            return _compare_transcripts(stored, live)
        case _:  # file and jsonl
            hashes = _equal(stored.content_hash, live.content_hash)
            if hashes:
                return Sameness.PROVED
            if policy is SourcePolicy.JSONL and _is_only_tail(stored, live):
                return Sameness.SAME
            return (
                Sameness.DIFFERENT if hashes is False else _compare_times(stored, live)
            )


def compare_in_run(
    earlier: Observation, later: Observation, policy: SourcePolicy
) -> Sameness:
    """Return whether *later* is still what *earlier* was, minutes ago on one machine."""
    readable = [is_readable(one, policy) for one in (earlier, later)]
    if not all(readable):
        return Sameness.DIFFERENT if any(readable) else Sameness.UNKNOWN
    match policy:
        case SourcePolicy.ROW:
            return _compare_rows(earlier, later)
        case SourcePolicy.CODEX:
            return _compare_transcripts(earlier, later)
        case _:  # file and jsonl
            is_tail = policy is SourcePolicy.JSONL and _is_only_tail(earlier, later)
            is_other_file = _equal(earlier.inode, later.inode) is False
            if is_tail and not is_other_file:
                return Sameness.SAME
            return _compare_bytes(earlier, later)


def is_other(earlier: Observation, later: Observation) -> bool:
    """Return whether bytes are known to differ, also where that is no move."""
    sizes = _equal(earlier.size, later.size)
    hashes = _equal(earlier.content_hash, later.content_hash)
    return False in (sizes, hashes)


def _compare_rows(one: Observation, other: Observation) -> Sameness:
    if one.exists != other.exists:
        return Sameness.DIFFERENT
    if not one.exists:
        return Sameness.PROVED  # gone both times
    match _equal(one.row_digest, other.row_digest):
        case None:
            return Sameness.UNKNOWN
        case is_equal:
            return Sameness.PROVED if is_equal else Sameness.DIFFERENT


def _compare_transcripts(base: Observation, live: Observation) -> Sameness:
    """Return whether *live* has no record more than *base*.

    A hash that differs says nothing: an appended row may keep the hash of an older
    full parse. Times say nothing: a stored one may be that of the title index. A size
    may be that of the file or that of the complete lines, whichever was stored.
    """
    if _equal(base.content_hash, live.content_hash):
        return Sameness.PROVED
    if base.size is None or base.size == live.size:
        return Sameness.SAME
    if live.size is None:
        return Sameness.UNKNOWN
    if live.consumed is not None and live.consumed in (base.size, base.consumed):
        return Sameness.SAME
    return Sameness.DIFFERENT


def _compare_times(stored: Observation, live: Observation) -> Sameness:
    """Return whether *live* is no newer and no other in size."""
    if stored.mtime_ns is None or live.mtime_ns is None:
        return Sameness.UNKNOWN
    is_other = _equal(stored.size, live.size) is False
    is_newer = live.mtime_ns > stored.mtime_ns
    return Sameness.DIFFERENT if is_newer or is_other else Sameness.SAME


def _compare_bytes(earlier: Observation, later: Observation) -> Sameness:
    """Compare by hash, else by everything that stat tells."""
    match _equal(earlier.content_hash, later.content_hash):
        case None:
            stats = {
                _equal(earlier.size, later.size),
                _equal(earlier.mtime_ns, later.mtime_ns),
                _equal(earlier.ctime_ns, later.ctime_ns),
                _equal(earlier.inode, later.inode),
            } - {None}
            if not stats:
                return Sameness.UNKNOWN
            return Sameness.DIFFERENT if False in stats else Sameness.SAME
        case is_equal:
            return Sameness.PROVED if is_equal else Sameness.DIFFERENT


def _is_only_tail(one: Observation, other: Observation) -> bool:
    """Return whether nothing but an incomplete last line has come, gone or grown."""
    is_size_other = _equal(one.size, other.size) is False
    return is_size_other and _equal(one.consumed, other.consumed) is True


def _equal(one: ValueT | None, other: ValueT | None) -> bool | None:
    """Return whether both are equal, or ``None`` when one was not seen."""
    return None if one is None or other is None else one == other

"""Sessions that one poll emitted as a whole, and perhaps several times."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_parsediff.interleave.subject import Line


def copies_of(lines: Sequence[Line]) -> list[tuple[Line, ...]]:
    """Return what one poll emitted of one session, cut where it began anew.

    A session that is emitted as a whole may be emitted again in the same poll. A new
    copy begins where an identity comes back; what says that it is gone is one of its own.
    """
    copies: list[list[Line]] = []
    known: set[str] = set()
    for line in lines:
        comes_back = line.key in known and not line.is_amending
        if not known or line.is_tombstone or comes_back:
            copies.append([])
            known.clear()
        elif copies[-1][-1].is_tombstone:
            copies.append([])
        copies[-1].append(line)
        known.add(line.key)
    return [tuple(copy) for copy in copies]


def is_several_times_whole(
    lines: Sequence[Line], fulls: Sequence[Sequence[Line]], *, is_cut: bool
) -> bool:
    """Return whether *lines* are nothing but copies of a session, each of some state.

    Two copies need have no identity in common, so it is tried where one may end.

    Args:
        lines: What one poll emitted of the session, in order.
        fulls: Full parses of it, one per state.
        is_cut: Whether the last copy may be cut off.
    """
    last = len(lines) - (not is_cut)
    lines = [n for i, n in enumerate(lines) if i == last or not n.is_tombstone]
    begun, end = {0}, len(lines)
    for start in range(end):
        if start not in begun:
            continue
        if is_cut and any(repeats(lines[start:], f, is_cut=True) for f in fulls):
            return True
        lengths = {
            length
            for length, full in ((len(full) or 1, full) for full in fulls)
            if repeats(lines[start : start + length], full, is_cut=False)
        }
        begun |= {start + length for length in lengths}
    return end in begun


def repeats(lines: Sequence[Line], full: Sequence[Line], *, is_cut: bool) -> bool:
    """Return whether *lines* are one full parse of a session, or a cut-off one."""
    if any(line.is_tombstone for line in lines):
        return not full and len(lines) == 1
    texts = [line.text for line in lines]
    expected = [line.text for line in full]
    return texts == (expected[: len(texts)] if is_cut else expected)

"""What a consumer holds after a stream of emissions: events folded by identity."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from pytest_parsediff.interleave.subject import Line, Unit, by_session
from pytest_parsediff.laws.copies import copies_of
from pytest_parsediff.laws.law import show

#: Session to identity to canonical line.
Folded: TypeAlias = dict[str, dict[str, bytes]]


def fold(polls: Iterable[Sequence[Line]], unit: Unit) -> Folded:
    """Return what is left of *polls* when later emissions replace earlier ones.

    Args:
        polls: Lines per poll, in order.
        unit: Whether a session that is emitted replaces all that was known of it, or
            each event only the one with its identity.
    """
    held: Folded = {}
    for lines in polls:
        if unit is Unit.SESSION:
            _replace_sessions(held, lines)
        else:
            for line in lines:
                _put(held, line)
    return held


def _replace_sessions(held: Folded, lines: Sequence[Line]) -> None:
    for session, inner in by_session(lines).items():
        last = copies_of(inner)[-1]
        held.pop(session, None)
        if not last[-1].is_tombstone:
            held[session] = {line.key: line.text for line in last}


def _put(held: Folded, line: Line) -> None:
    if line.is_tombstone:
        _take(held, line)
    else:
        held.setdefault(line.session, {})[line.key] = line.text


def _take(held: Folded, gone: Line) -> None:
    """Take away what *gone* says is gone.

    Without an identity that is the whole session; without a session it is the event of
    the identity, if only one session has one.
    """
    session = gone.session
    if not session:
        homes = [name for name, inner in held.items() if gone.key in inner]
        session = homes[0] if len(homes) == 1 else session
    inner = held.get(session, {})
    if gone.key:
        inner.pop(gone.key, None)
    else:
        inner.clear()
    if not inner:
        held.pop(session, None)


def differences(held: Folded, expected: Folded) -> list[str]:
    """Return how *held* differs from *expected*, one line per event, in order."""
    found = []
    for session in sorted({*held, *expected}):
        mine, theirs = held.get(session, {}), expected.get(session, {})
        for key in sorted({*mine, *theirs}):
            one, other = mine.get(key), theirs.get(key)
            if one == other:
                continue
            if one is None:
                found.append(f"never emitted: {_show(session, other)}")
            elif other is None:
                found.append(f"not in the store any more: {_show(session, one)}")
            else:
                found.append(f"stale: {_show(session, one)}")
                found.append(f"  should be: {_show(session, other)}")
    return found


def _show(session: str, text: bytes | None) -> str:
    shown = show(text or b"")
    return f"{session}: {shown}" if session else shown

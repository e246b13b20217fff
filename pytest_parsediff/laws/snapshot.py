"""The law ``snapshot``: what one poll says of a session, one committed state said."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from pytest_parsediff.interleave.poll import Poll
from pytest_parsediff.interleave.run import Run
from pytest_parsediff.interleave.states import Parsed, States
from pytest_parsediff.interleave.subject import Line, Subject, Unit, by_session
from pytest_parsediff.laws.copies import (
    copies_of,
    is_several_times_whole,
    repeats,
)
from pytest_parsediff.laws.law import Law, Violation, show
from pytest_parsediff.laws.memory import may_remember
from pytest_parsediff.laws.retold import window_of

_SHOWN = 20


def check_snapshot(run: Run, states: States, subject: Subject) -> Violation | None:
    """Each session emitted by one poll equals its full parse of one single state.

    A full scan of a database emits each session whole, and each that is always there.
    """
    for number, poll in enumerate(run.polls):
        is_cut = poll.is_crashed or poll.error is not None
        is_full = run.has_snapshots and not is_cut and _reads_all(poll, subject)
        emitted = by_session(poll.lines)
        for session, lines in emitted.items():
            view = _View(lines, is_cut=is_cut, is_full=is_full)
            fulls: list[Sequence[Line]] = []  # parses cost, and the first mostly fits
            for state in window_of(poll, run):
                full = states.parse(state).sessions.get(session, ())
                fulls.append(_once(full, subject.unit))
                if view.is_of(fulls, subject.unit):
                    break
            else:
                if not view.is_several(fulls, subject.unit):
                    return _torn(number, session, view, fulls)
        if is_full:
            parses = (states.parse(state) for state in window_of(poll, run))
            left_out = _left_out(emitted, parses)
            if left_out:
                return _incomplete(number, left_out)
    return None


def _reads_all(poll: Poll, subject: Subject) -> bool:
    """Return whether the poll is a full scan that left nothing out knowingly."""
    return (
        poll.cursor is None and not poll.notices and not may_remember(subject.adapter)
    )


def _left_out(emitted: Container[str], parses: Iterator[Parsed]) -> Sequence[str]:
    """Return the sessions that every state has and that were not emitted."""
    first = next(parses)
    left = [name for name in first.sessions if name not in emitted]
    while left:
        parsed = next(parses, None)
        if parsed is None:
            break
        left = [name for name in left if name in parsed.sessions]
    return left


def _incomplete(number: int, sessions: Sequence[str]) -> Violation:
    message = (
        f"poll {number + 1}, a full scan, left out session {sessions[0]!r}, silently:"
        " every committed state that it could see holds it"
    )
    details = tuple(f"left out: session {session}" for session in sessions[:_SHOWN])
    return Violation(law=Law.SNAPSHOT, message=message, details=details)


def _once(full: Sequence[Line], unit: Unit) -> Sequence[Line]:
    """Return the last copy of a session that a full parse emits several times."""
    is_repeated = unit is Unit.SESSION and len({line.key for line in full}) < len(full)
    return copies_of(full)[-1] if is_repeated else full


@dataclass(frozen=True, slots=True)
class _View:
    """What one poll emitted of one session.

    Attributes:
        lines: In order; never empty.
        is_cut: Whether the poll was killed or failed, so that more might have come.
        is_full: Whether nothing may be missing.
    """

    lines: Sequence[Line]
    is_cut: bool
    is_full: bool

    def is_of(self, fulls: Sequence[Sequence[Line]], unit: Unit) -> bool:
        """Return whether the last of *fulls*, parses of single states, explains it."""
        if unit is Unit.EVENT:
            return self._fits(self.lines, fulls[-1])
        return repeats(self.lines, fulls[-1], is_cut=self.is_cut)

    def is_several(self, fulls: Sequence[Sequence[Line]], unit: Unit) -> bool:
        """Return whether events, or the session, were emitted again, each time rightly.

        What says that something is gone may only have made room for what came then, or
        for what would have come if the poll had not been cut off.
        """
        if unit is Unit.SESSION:
            return is_several_times_whole(self.lines, fulls, is_cut=self.is_cut)
        last = {line.key: line for line in self.lines}
        kept = [n for n in last.values() if not (self.is_cut and n.is_tombstone)]
        return any(self._fits(kept, full) for full in fulls) and all(
            line.is_tombstone or any(_is_among([line], full) for full in fulls)
            for line in self.lines
        )

    def _fits(self, lines: Sequence[Line], full: Sequence[Line]) -> bool:
        """Return whether *lines* agree with *full*, and are all of it where they have to."""
        if self.is_full and not {line.key for line in full} <= {n.key for n in lines}:
            return False
        return _is_among(lines, full)


def _is_among(lines: Sequence[Line], full: Sequence[Line]) -> bool:
    """Return whether every line, or what it says is gone, agrees with *full*.

    One that amends another has its identity, so *full* may hold both.
    """
    known: dict[str, set[bytes]] = {}
    for line in full:
        known.setdefault(line.key, set()).add(line.text)
    return all(
        line.key not in known
        if line.is_tombstone
        else line.text in known.get(line.key, ())
        for line in lines
    )


def _torn(
    number: int, session: str, view: _View, fulls: Sequence[Sequence[Line]]
) -> Violation:
    details = []
    for line in view.lines[:_SHOWN]:
        held = sum(any(line.text == one.text for one in full) for full in fulls)
        where = f"{held} of {len(fulls)}" if held else "no"
        details.append(f"in {where} committed states: {show(line.text)}")
    known = {line.key for line in view.lines}
    if view.is_full and fulls:
        details += [f"left out: {show(n.text)}" for n in fulls[0] if n.key not in known]
    message = (
        f"poll {number + 1} emitted session {session!r} as no committed state holds it"
        f" ({len(fulls)} could be seen)"
    )
    return Violation(
        law=Law.SNAPSHOT, message=message, details=tuple(details[: 2 * _SHOWN])
    )

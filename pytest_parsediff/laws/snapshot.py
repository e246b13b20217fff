"""The law ``snapshot``: what one poll says of a session, one committed state said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pytest_parsediff.interleave.poll import Poll
from pytest_parsediff.interleave.rig import Run
from pytest_parsediff.interleave.states import StateKey, States
from pytest_parsediff.interleave.subject import Line, Subject, Unit, by_session
from pytest_parsediff.laws.law import Law, Violation, show

_SHOWN = 20


def check_snapshot(run: Run, states: States, subject: Subject) -> Violation | None:
    """Each session emitted by one poll equals its full parse of one single state."""
    for number, poll in enumerate(run.polls):
        for session, lines in by_session(poll.lines).items():
            view = _View(lines, is_cut=poll.is_crashed or poll.error is not None)
            fulls: list[Sequence[Line]] = []  # parses cost, and the first mostly fits
            for state in _window(poll, run):
                fulls.append(states.parse(state).sessions.get(session, ()))
                if view.is_of(fulls[-1], subject.unit):
                    break
            else:
                if subject.unit is Unit.EVENT or not view.is_several(fulls):
                    return _torn(number, session, view, fulls)
    return None


def _window(poll: Poll, run: Run) -> Iterator[StateKey]:
    """Yield the states the poll could have seen, the likeliest first."""
    yield run.states[poll.last_state]
    for index in range(poll.first_state, poll.last_state):
        yield run.states[index]


@dataclass(frozen=True, slots=True)
class _View:
    """What one poll emitted of one session.

    Attributes:
        lines: In order; never empty.
        is_cut: Whether the poll was killed or failed, so that more might have come.
    """

    lines: Sequence[Line]
    is_cut: bool

    def is_of(self, full: Sequence[Line], unit: Unit) -> bool:
        """Return whether *full*, the parse of a single state, explains it."""
        if unit is Unit.EVENT:
            return self._is_among(full)
        return _repeats(self.lines, full, is_cut=self.is_cut)

    def _is_among(self, full: Sequence[Line]) -> bool:
        """Return whether every line, or what it says is gone, agrees with *full*."""
        known = {line.key: line.text for line in full}
        return all(
            line.key not in known
            if line.is_tombstone
            else known.get(line.key) == line.text
            for line in self.lines
        )

    def is_several(self, fulls: Sequence[Sequence[Line]]) -> bool:
        """Return whether the session was emitted several times, each time whole."""
        rest = self.lines
        while rest:
            length = _leading(rest, fulls)
            if not length:
                return self.is_cut and any(
                    _repeats(rest, full, is_cut=True) for full in fulls
                )
            rest = rest[length:]
        return True


def _leading(lines: Sequence[Line], fulls: Sequence[Sequence[Line]]) -> int:
    """Return how many of *lines* are one whole parse; 0 if none is."""
    for full in fulls:
        length = len(full) or 1
        if _repeats(lines[:length], full, is_cut=False):
            return length
    return 0


def _repeats(lines: Sequence[Line], full: Sequence[Line], *, is_cut: bool) -> bool:
    """Return whether *lines* are one full parse of a session, or a cut-off one."""
    if any(line.is_tombstone for line in lines):
        return not full and len(lines) == 1
    texts = [line.text for line in lines]
    expected = [line.text for line in full]
    return texts == (expected[: len(texts)] if is_cut else expected)


def _torn(
    number: int, session: str, view: _View, fulls: Sequence[Sequence[Line]]
) -> Violation:
    details = []
    for line in view.lines[:_SHOWN]:
        held = sum(any(line.text == one.text for one in full) for full in fulls)
        where = f"{held} of {len(fulls)}" if held else "no"
        details.append(f"in {where} committed states: {show(line.text)}")
    message = (
        f"poll {number + 1} emitted session {session!r} as no committed state holds it"
        f" ({len(fulls)} could be seen)"
    )
    return Violation(law=Law.SNAPSHOT, message=message, details=tuple(details))

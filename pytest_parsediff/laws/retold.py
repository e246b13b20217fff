"""What a consumer holds where a poll told again what had been told before.

Looked at only where what was emitted, plainly folded, is not what it should be: a reader
says neither that it tells everything each time, nor where a copy of a session begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_parsediff.interleave.poll import Poll
from pytest_parsediff.interleave.run import Run
from pytest_parsediff.interleave.states import StateKey, States
from pytest_parsediff.interleave.subject import Line, Subject, by_session
from pytest_parsediff.laws.copies import is_several_times_whole
from pytest_parsediff.laws.fold import Folded, fold
from pytest_parsediff.laws.memory import may_remember


def window_of(poll: Poll, run: Run) -> Iterator[StateKey]:
    """Yield the states the poll could have seen, the likeliest first."""
    yield run.states[poll.last_state]
    for index in range(poll.first_state, poll.last_state):
        yield run.states[index]


def is_retold(
    polls: Sequence[Poll], run: Run, states: States, subject: Subject, expected: Folded
) -> bool:
    """Return whether every poll told everything, so that the last one is all that counts.

    A command that prints the whole store, or a reader that keeps nothing but its context,
    is opened as one that remembers is. Each complete poll of it has no cursor, and leaves
    out no event that the store had all the time.
    """
    if not may_remember(subject.adapter):
        return False
    if fold([polls[-1].lines], subject.unit) != expected:
        return False
    whole = [one for one in polls if one.error is None and not one.is_crashed]
    return all(one.cursor is None and _tells_all(one, run, states) for one in whole)


def _tells_all(poll: Poll, run: Run, states: States) -> bool:
    told = {(line.session, line.key) for line in poll.lines}
    lasting: set[tuple[str, str]] | None = None
    for state in window_of(poll, run):
        sessions = states.parse(state).sessions
        here = {(s, line.key) for s, lines in sessions.items() for line in lines}
        lasting = here if lasting is None else lasting & here
    return (lasting or set()) <= told


def put_last_copies(
    held: Folded, polls: Sequence[Poll], run: Run, states: States, expected: Folded
) -> None:
    """Put into *held* the last copy of each session that came in several in one poll.

    Copies that have no identity in common cannot be told apart by what they are; but each
    of them is the session as some state had it.
    """
    final = states.parse(run.states[polls[-1].last_state]).sessions
    for session, told in expected.items():
        if held.get(session) == told:
            continue
        last = next((p for p in reversed(polls) if _has(p, session)), None)
        if last is None:
            continue
        lines = by_session(last.lines)[session]
        begin = len(lines) - len(final[session])
        if _texts(lines[max(begin, 0) :]) != _texts(final[session]):
            continue
        fulls = [
            states.parse(state).sessions.get(session, ())
            for state in window_of(last, run)
        ]
        if is_several_times_whole(lines[:begin], fulls, is_cut=False):
            held[session] = dict(told)


def _has(poll: Poll, session: str) -> bool:
    return any(line.session == session for line in poll.lines)


def _texts(lines: Sequence[Line]) -> list[bytes]:
    return [line.text for line in lines]

"""The laws ``converges`` and ``crash-safe``: in the end nothing is lost or stale."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from pytest_parsediff.core.wording import agreeing
from pytest_parsediff.interleave.poll import Poll
from pytest_parsediff.interleave.run import Run
from pytest_parsediff.interleave.states import States
from pytest_parsediff.interleave.subject import Line, Subject, Unit
from pytest_parsediff.laws.fold import Folded, differences, fold
from pytest_parsediff.laws.law import Law, Violation
from pytest_parsediff.laws.memory import may_remember
from pytest_parsediff.laws.retold import is_retold, put_last_copies

_SHOWN = 20


def check_converges(run: Run, states: States, subject: Subject) -> Violation | None:
    """After the quiet poll, what was emitted folds to the full parse of the store."""
    if any(poll.is_crashed for poll in run.polls):
        return None
    return _compare(run, states, subject, Law.CONVERGES)


def check_crash_safe(run: Run, states: States, subject: Subject) -> Violation | None:
    """The same where the reader was killed and restarted from its last checkpoint."""
    if not any(poll.is_crashed for poll in run.polls):
        return None
    return _compare(run, states, subject, Law.CRASH_SAFE)


def _compare(run: Run, states: States, subject: Subject, law: Law) -> Violation | None:
    """Return how the fold differs from the final store.

    A final store that a full parse fails on has nothing to compare with.
    """
    final = states.parse(run.states[-1])
    if final.error is not None:
        return None
    quiet = run.polls[-1]
    if quiet.error is not None:
        message = f"the quiet poll failed: {quiet.error.headline}"
        return Violation(law=law, message=message)
    expected = as_folded(final.sessions)
    found = find_differences(run.polls, run, states, subject, expected)
    if not found:
        return None
    what = agreeing(len(found), "line", "differs", "differ")
    message = f"after the last step and a quiet poll, {what}"
    return Violation(law=law, message=message, details=tuple(found[:_SHOWN]))


def find_differences(
    polls: Sequence[Poll], run: Run, states: States, subject: Subject, expected: Folded
) -> list[str]:
    """Return how what a consumer holds after *polls* differs from *expected*.

    Args:
        polls: The first ones of *run*, or all.
        run: Where they come from.
        states: Of the run.
        subject: The adapter.
        expected: A full parse of the state after the last of *polls*.

    Returns:
        One line per event, in order; empty if there is a way to understand the polls
        that is right.
    """
    held = hold(polls, subject, expected)
    if not subject.comparison.key and subject.unit is Unit.EVENT:
        _drop_earlier(held, run, states, expected)
    if held == expected or is_retold(polls, run, states, subject, expected):
        return []
    if subject.unit is Unit.SESSION:
        put_last_copies(held, polls, run, states, expected)
    return differences(held, expected)


def _drop_earlier(held: Folded, run: Run, states: States, expected: Folded) -> None:
    """Take from *held* what some state had before, where no event has an identity.

    Nothing says then whether another event has taken the place of it.
    """
    if all(inner.keys() <= expected.get(s, {}).keys() for s, inner in held.items()):
        return
    was: dict[str, set[str]] = {}
    for state in dict.fromkeys(run.states):
        for session, lines in states.parse(state).sessions.items():
            was.setdefault(session, set()).update(line.key for line in lines)
    for session, inner in list(held.items()):
        now = expected.get(session, {})
        for key in inner.keys() & was.get(session, set()) - now.keys():
            del inner[key]
        if not inner:
            del held[session]


def hold(polls: Sequence[Poll], subject: Subject, expected: Folded) -> Folded:
    """Return what a consumer holds after *polls*, but for what nobody can take back.

    A reader that was killed, or failed, behind its last checkpoint does not know what
    it emitted there, so it cannot say later that this is gone; one that is opened anew
    without a checkpoint knows nothing at all. Nor does it know that what it emitted
    there has to be emitted again, where the store is as it was before. A poll that reads
    everything, and to its end, takes the place of all before it. An event whose identity
    came later in another session has moved there, where an identity is one of the whole
    store.
    """
    polls = polls[_last_full(polls, subject) :]
    held = fold([poll.lines for poll in polls], subject.unit)
    if any(poll.is_crashed or poll.error is not None for poll in polls):
        _forget(held, fold(map(_covered, polls), subject.unit), expected, subject.unit)
    known: set[tuple[str, str]] = set()
    for poll in polls[_last_opened(polls) :]:
        known |= {(line.session, line.key) for line in _covered(poll)}
    extra = [
        (session, key)
        for session, inner in held.items()
        for key in inner
        if key not in expected.get(session, {})
    ]
    moved = _moved({key for _, key in extra}, polls, expected)
    for session, key in extra:
        if (session, key) not in known or moved.get(key, session) != session:
            del held[session][key]
            if not held[session]:
                del held[session]
    return held


def _covered(poll: Poll) -> Sequence[Line]:
    """Return what the reader still knows of having emitted."""
    if not poll.is_crashed and poll.error is None:
        return poll.lines
    return poll.lines[: max((n for _, n in poll.checkpoints), default=0)]


def _forget(held: Folded, covered: Folded, expected: Folded, unit: Unit) -> None:
    """Undo in *held* what came behind the last checkpoint, where that makes it right.

    The store may be again what it was at that checkpoint: then there is nothing new,
    and whoever goes on from there has nothing to say.
    """
    for session in {*held, *covered}:
        mine, theirs = covered.get(session, {}), expected.get(session, {})
        if unit is Unit.SESSION and mine != theirs:
            continue
        now = held.setdefault(session, {})
        for key in {*now, *mine}:
            if mine.get(key) == theirs.get(key):
                now.pop(key, None)
                now |= {key: mine[key]} if key in mine else {}
        if not now:
            del held[session]


def _last_opened(polls: Sequence[Poll]) -> int:
    """Return the index of the last poll of a reader that begins without a checkpoint."""
    for number in range(len(polls) - 1, 0, -1):
        before = polls[number - 1]
        is_new = before.is_crashed or before.error is not None
        if is_new and polls[number].cursor is None:
            return number
    return 0


def _moved(
    keys: set[str], polls: Sequence[Poll], expected: Folded
) -> Mapping[str, str]:
    """Return in which session each of *keys* was emitted last.

    Those of them are left out that two sessions have at a time.
    """
    if not keys:
        return {}
    last: dict[str, str] = {}
    shared: set[str] = set()
    for poll in polls:
        here: dict[str, str] = {}
        for line in poll.lines:
            if line.is_tombstone:
                continue
            if here.setdefault(line.key, line.session) != line.session:
                shared.add(line.key)
            last[line.key] = line.session
    homes = Counter(key for inner in expected.values() for key in inner)
    if shared or any(count > 1 for count in homes.values()):
        return {}
    return {key: session for key, session in last.items() if key in keys}


def _last_full(polls: Sequence[Poll], subject: Subject) -> int:
    """Return the index of the last full parse; an open reader may make none."""
    if may_remember(subject.adapter):
        return 0
    for number in range(len(polls) - 1, 0, -1):
        poll = polls[number]
        if poll.cursor is None and poll.error is None and not poll.is_crashed:
            return number
    return 0


def as_folded(sessions: Mapping[str, Sequence[Line]]) -> Folded:
    """Return a full parse as what a consumer would hold."""
    return {
        session: {line.key: line.text for line in lines}
        for session, lines in sessions.items()
        if lines
    }

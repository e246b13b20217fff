"""The law ``warm-cold``: reading on gives what reading from the beginning gives."""

from __future__ import annotations

from collections import Counter

from pytest_parsediff.core.wording import agreeing, counted
from pytest_parsediff.interleave.plan import Gap, Placed, Plan
from pytest_parsediff.interleave.poll import Poll
from pytest_parsediff.interleave.rig import Rig
from pytest_parsediff.interleave.run import Run
from pytest_parsediff.interleave.shape import Shape
from pytest_parsediff.interleave.states import States
from pytest_parsediff.interleave.subject import Subject
from pytest_parsediff.laws.converges import as_folded, find_differences
from pytest_parsediff.laws.law import Law, Violation
from pytest_parsediff.laws.memory import may_remember

_SHOWN = 20


def check_warm_cold(run: Run, states: States, subject: Subject) -> Violation | None:
    """What was emitted so far folds to a cold parse, in the end always.

    One that ``catches_up`` promises that a poll emits all that was committed before it
    began, so it is held to that after each poll in which nothing was committed.
    """
    for number, poll in enumerate(run.polls):
        if not poll.is_quiet and not (subject.catches_up and _is_whole(poll)):
            continue
        cold = states.parse(run.states[poll.last_state])
        if cold.error is not None or poll.error is not None:
            continue
        expected = as_folded(cold.sessions)
        polls = run.polls[: number + 1]
        found = find_differences(polls, run, states, subject, expected)
        if found:
            what = agreeing(len(found), "line", "differs", "differ")
            message = (
                f"after poll {number + 1} {what} from a cold parse of the same state"
            )
            details = tuple(found[:_SHOWN])
            return Violation(law=Law.WARM_COLD, message=message, details=details)
    return None


def _is_whole(poll: Poll) -> bool:
    """Return whether the poll ran to its end over one single state."""
    return not poll.is_crashed and poll.first_state == poll.last_state


def check_warm_path(rig: Rig) -> Violation | None:
    """Poll, let every step happen, and poll twice more: warm equals cold, and was warm.

    A later poll proves that the warm path ran if it got a cursor, or a reader that had
    polled before, and if it emitted less than a cold scan of the final store does, or
    left out a statement that the cold scan takes.
    """
    try:
        run = _run_steps(rig, Gap(1, 0), polls=3)
        found = check_warm_cold(run, rig.states, rig.subject)
        return found or _judge_path(rig, run)
    finally:
        rig.states.forget_contents()


def _run_steps(rig: Rig, at: Gap, *, polls: int) -> Run:
    """Run every step at one gap, each a millisecond after the one before."""
    shape = Shape(writers=rig.bench.lengths, gaps=(1,) * polls)
    steps = tuple(Placed(writer, index, 1, at) for writer, index in shape.steps())
    return rig.run(Plan(steps, None, polls))


def _judge_path(rig: Rig, run: Run) -> Violation | None:
    """Return the violation unless some later poll was warm."""
    is_open = may_remember(rig.subject.adapter)
    later = [poll for poll in run.polls[1:] if poll.cursor is not None or is_open]
    if not later:
        return _never_ran("no poll got a cursor, or a reader that had polled before")
    cold = _run_steps(rig, Gap(0, 0), polls=1).polls[0]
    if not cold.lines or any(_is_less(poll, cold) for poll in later):
        return None  # of an empty store every scan is as short
    polls = "the only poll" if len(later) == 1 else f"each of {len(later)} polls"
    what = (
        f"{polls} with a cursor or an open reader emitted all"
        f" {counted(len(cold.lines), 'event')} again"
    )
    return _never_ran(what)


def _is_less(poll: Poll, cold: Poll) -> bool:
    """Return whether *poll* did less than a cold scan of the same store."""
    if len(poll.lines) < len(cold.lines):
        return True
    return bool(Counter(cold.statements) - Counter(poll.statements))


def _never_ran(what: str) -> Violation:
    message = f"the warm path never ran: {what}"
    return Violation(law=Law.WARM_COLD, message=message)

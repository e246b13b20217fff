"""The law ``no-duplicates``: one identity, one event; and once, where that is promised."""

from __future__ import annotations

from pytest_parsediff.interleave.rig import Run
from pytest_parsediff.interleave.states import Parsed, States
from pytest_parsediff.interleave.subject import Subject
from pytest_parsediff.laws.law import Law, Violation, show


def check_no_duplicates(run: Run, states: States, subject: Subject) -> Violation | None:
    """Folding is idempotent; exactly-once adapters emit nothing twice."""
    for state in dict.fromkeys((run.states[0], run.states[-1])):
        violation = _shared_identity(states.parse(state))
        if violation is not None:
            return violation
    if subject.is_exactly_once and not any(poll.is_crashed for poll in run.polls):
        return _repetition(run)
    return None


def _shared_identity(parsed: Parsed) -> Violation | None:
    """Return the violation if a full parse gives one identity to two events."""
    for session, lines in parsed.sessions.items():
        known: dict[str, bytes] = {}
        for line in lines:
            before = known.setdefault(line.key, line.text)
            if before != line.text:
                message = f"in a full parse of session {session!r} two events have identity {line.key}"
                details = (show(before), show(line.text))
                return Violation(
                    law=Law.NO_DUPLICATES, message=message, details=details
                )
    return None


def _repetition(run: Run) -> Violation | None:
    seen: set[tuple[str, str, bytes]] = set()
    for number, poll in enumerate(run.polls):
        for line in poll.lines:
            known = (line.session, line.key, line.text)
            if known in seen:
                message = f"poll {number + 1} emitted an event for the second time"
                details = (show(line.text),)
                return Violation(
                    law=Law.NO_DUPLICATES, message=message, details=details
                )
            seen.add(known)
    return None

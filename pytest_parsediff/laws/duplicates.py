"""The law ``no-duplicates``: one identity, one event; and once, where that is promised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_parsediff.interleave.run import Run
from pytest_parsediff.interleave.states import Parsed, States
from pytest_parsediff.interleave.subject import Line, Subject, Unit, by_session
from pytest_parsediff.laws.copies import copies_of
from pytest_parsediff.laws.law import Law, Violation, show


def check_no_duplicates(run: Run, states: States, subject: Subject) -> Violation | None:
    """Folding is idempotent; exactly-once adapters emit nothing twice."""
    for state in dict.fromkeys((run.states[0], run.states[-1])):
        violation = _shared_identity(states.parse(state))
        if violation is not None:
            return violation
    return _repetition(run, states, subject) if subject.is_exactly_once else None


def _shared_identity(parsed: Parsed) -> Violation | None:
    """Return the violation if a full parse gives one identity to two events."""
    for session, lines in parsed.sessions.items():
        known: dict[str, bytes] = {}
        for line in lines:
            before = known.setdefault(line.key, line.text)
            if before != line.text and not line.is_amending:
                message = f"in a full parse of session {session!r} two events have identity {line.key}"
                details = (show(before), show(line.text))
                return Violation(
                    law=Law.NO_DUPLICATES, message=message, details=details
                )
    return None


def _repetition(run: Run, states: States, subject: Subject) -> Violation | None:
    """Return the violation if a poll emits what its consumer holds already.

    A value that comes back, or a row that was gone, is emitted again rightly. What comes
    behind a kill or a failure is not judged: the reader does not know what it got rid of.
    """
    held: dict[tuple[str, str], object] = {}
    for number, poll in enumerate(run.polls):
        is_cut = poll.is_crashed or poll.error is not None
        if is_cut and subject.unit is Unit.SESSION:  # half of one is another one
            return None
        for session, lines in by_session(poll.lines).items():
            for mark, value, line in _emitted(lines, subject.unit):
                if held.get((session, mark)) == value and (
                    subject.comparison.key or not _is_common(line, run, states)
                ):
                    message = f"poll {number + 1} emitted an event for the second time"
                    details = (show(line.text),)
                    return Violation(
                        law=Law.NO_DUPLICATES, message=message, details=details
                    )
                held[session, mark] = value
        if is_cut:
            return None
    return None


def _is_common(line: Line, run: Run, states: States) -> bool:
    """Return whether the final store has *line* several times, without an identity."""
    final = states.parse(run.states[-1]).sessions.get(line.session, ())
    return sum(line.text == one.text for one in final) > 1


def _emitted(lines: Sequence[Line], unit: Unit) -> Iterator[tuple[str, object, Line]]:
    """Yield identity, value and first line of each event, or of the session."""
    if unit is Unit.EVENT:
        for line in lines:
            yield line.key, (line.text, line.is_tombstone), line
        return
    for copy in copies_of(lines):
        yield "", copy, copy[0]

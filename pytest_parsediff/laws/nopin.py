"""The law ``no-pin``: while events are handed out, no snapshot keeps the WAL growing."""

from __future__ import annotations

from pytest_parsediff.core.wording import counted
from pytest_parsediff.interleave.bench import Written
from pytest_parsediff.interleave.plan import Plan
from pytest_parsediff.interleave.rig import Rig
from pytest_parsediff.laws.law import Law, Violation


def check_no_pin(rig: Rig) -> Violation | None:
    """At every emission a writer's ``wal_checkpoint(TRUNCATE)`` succeeds.

    A reader that emits inside its read transaction keeps the WAL from being reset for
    as long as its consumer takes (https://sqlite.org/wal.html section 6).
    """
    outcomes: list[bool | None] = []

    def checkpoint(written: Written) -> None:
        outcomes.append(written.truncate_wal())

    rig.run(Plan((), None, 1), checkpoint)
    rig.states.forget_contents()
    pinned = [number for number, is_done in enumerate(outcomes, 1) if is_done is False]
    if not pinned:
        return None
    message = (
        f"at {len(pinned)} of {counted(len(outcomes), 'emission')} the reader still held a"
        f" snapshot, first at emission {pinned[0]}"
    )
    return Violation(law=Law.NO_PIN, message=message)

"""The law ``no-pin``: while events are handed out, no snapshot keeps the WAL growing."""

from __future__ import annotations

from pytest_parsediff.core.wording import counted
from pytest_parsediff.interleave.bench import Written
from pytest_parsediff.interleave.clock import HarnessClock
from pytest_parsediff.interleave.plan import Gap, Placed, Plan
from pytest_parsediff.interleave.rig import Rig
from pytest_parsediff.interleave.schedule import Schedule
from pytest_parsediff.interleave.shape import Shape
from pytest_parsediff.laws.law import Law, Violation


def check_no_pin(rig: Rig) -> Violation | None:
    """At every emission a writer's ``wal_checkpoint(TRUNCATE)`` succeeds.

    A reader that emits inside its read transaction keeps the WAL from being reset for
    as long as its consumer takes (https://sqlite.org/wal.html section 6). What it reads
    on may be read in another way than the first time, so it is tried once more with
    every step of the writers between two polls.
    """
    found = _find_pin(rig, Plan((), None, 1), "")
    steps = _all_steps(rig, Gap(1, 0))
    if found is None and steps and _can_checkpoint(rig):
        what = ", with all steps before the second poll"
        found = _find_pin(rig, Plan(steps, None, 2), what)
    return found


def _find_pin(rig: Rig, plan: Plan, what: str) -> Violation | None:
    outcomes: list[bool | None] = []

    def checkpoint(written: Written) -> None:
        outcomes.append(written.truncate_wal())

    rig.run(plan, checkpoint)
    rig.states.forget_contents()
    pinned = [number for number, is_done in enumerate(outcomes, 1) if is_done is False]
    if not pinned:
        return None
    message = (
        f"at {len(pinned)} of {counted(len(outcomes), 'emission')} the reader still held a"
        f" snapshot, first at emission {pinned[0]}{what}"
    )
    return Violation(law=Law.NO_PIN, message=message)


def _all_steps(rig: Rig, at: Gap) -> tuple[Placed, ...]:
    """Return every step at one gap, each a millisecond after the one before."""
    shape = Shape(writers=rig.bench.lengths, gaps=(1,))
    return tuple(Placed(writer, index, 1, at) for writer, index in shape.steps())


def _can_checkpoint(rig: Rig) -> bool:
    """Return whether a checkpoint succeeds after all steps where nobody reads.

    A writer may keep a lock, or make another database of it.
    """
    clock = HarnessClock()
    written = rig.bench.make(clock)
    try:
        plan = Plan(_all_steps(rig, Gap(0, 0)), None, 1)
        Schedule(plan, written.writers, clock).drain()
        return written.truncate_wal() is True
    finally:
        written.discard()

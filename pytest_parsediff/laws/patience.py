"""Readers that wait before they tell: what one more poll makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

from pytest_parsediff.adapters.protocol import OpenableAdapter, Reader
from pytest_parsediff.core.event import Context, Source
from pytest_parsediff.interleave.plan import Gap, Plan
from pytest_parsediff.interleave.rig import Rig
from pytest_parsediff.interleave.run import Run
from pytest_parsediff.interleave.states import States
from pytest_parsediff.interleave.subject import Subject
from pytest_parsediff.laws.law import Law, Violation
from pytest_parsediff.laws.memory import may_remember

#: What ends with the quiet poll.
_IN_THE_END = frozenset({Law.CONVERGES, Law.CRASH_SAFE, Law.WARM_COLD})


def tells_later(
    rig: Rig,
    run: Run,
    violation: Violation,
    check: Callable[[Run, States, Subject], Violation | None],
) -> bool:
    """Return whether *violation* is only that the reader waits, and one more poll tells.

    A reader that hands out what has stood still for a while sees what came last in the
    quiet poll for the first time. An hour later it hands it out; but only to a reader
    that asks what time it is is that hour given.
    """
    if violation.law not in _IN_THE_END or not may_remember(rig.subject.adapter):
        return False
    asked: list[float] = []
    adapter = _Timed(cast("OpenableAdapter", rig.subject.adapter), asked)
    timed = replace(rig, subject=replace(rig.subject, adapter=adapter))
    later = timed.run(_longer(run.plan))
    *before, _ = (poll.is_crashed for poll in run.polls)
    killed = [poll.is_crashed for poll in later.polls]
    return (
        bool(asked)
        and killed == [*before, False, False]
        and check(later, rig.states, rig.subject) is None
    )


def _longer(plan: Plan) -> Plan:
    """Return *plan* with one more poll, which sees all steps."""
    last = Gap(plan.polls, 0)
    steps = tuple(replace(placed, at=min(placed.at, last)) for placed in plan.steps)
    return replace(plan, steps=steps, polls=plan.polls + 1)


@dataclass(frozen=True, slots=True)
class _Timed:
    """An adapter of which it is known whether it asks for the time."""

    adapter: OpenableAdapter
    asked: list[float]

    @property
    def name(self) -> str:
        """That of the adapter."""
        return self.adapter.name

    def open(self, source: Source, context: Context, /) -> Reader:
        """Return a reader with a clock that is listened to."""

        def clock() -> float:
            self.asked.append(context.clock())
            return self.asked[-1]

        return self.adapter.open(source, Context(clock, context.state_dir, context.tmp))

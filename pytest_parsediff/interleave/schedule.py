"""Run one plan: at every gap the reader reaches, execute the steps that are due."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeAlias

import msgspec

from pytest_parsediff.interleave.clock import HarnessClock
from pytest_parsediff.interleave.plan import Gap, Placed, Plan


class Blocked(Exception):  # noqa: N818 - an outcome of a step, not an error
    """A step met a lock that the reader holds; it is tried again at the next gap."""


class Step(Protocol):
    """One atomic act of a writer: a transaction, an append, a rename, a tick."""

    @property
    def label(self) -> str:
        """What the timeline calls it, one line."""
        ...

    def run(self, clock: HarnessClock, /) -> None:
        """Do it now.

        Raises:
            Blocked: A lock is in the way; nothing was changed.
        """
        ...


class Kind(StrEnum):
    """What the reader was about to do, or did."""

    POLL = "poll"
    SNAPSHOT = "snapshot"
    FILE = "file"
    EMIT = "emit"
    CHECKPOINT = "checkpoint"
    STEP = "step"
    BLOCKED = "blocked"
    CRASH = "crash"
    END = "end"


class Moment(msgspec.Struct, frozen=True, gc=False):
    """One line of what happened in a run.

    Attributes:
        kind: What happened.
        label: SQL, path, emitted event or label of the step; one line.
        gap: The gap it belongs to.
        writer: Index of the writer for steps, else ``None``.
        index: Index of the step in its writer, for steps.
        now_ms: Clock, milliseconds since the epoch.
    """

    kind: Kind
    label: str
    gap: Gap
    writer: int | None = None
    index: int | None = None
    now_ms: int = 0


#: A moment as it is noted while a plan runs, of which few are ever looked at: kind;
#: label, bytes for an emitted line; poll and number of the gap; the step, if it is one;
#: milliseconds since the epoch. A plain tuple, because one is made for every statement.
Noted: TypeAlias = tuple[Kind, str | bytes, int, int, Placed | None, int]


def moment_of(noted: Noted) -> Moment:
    """Return what was noted, for people to read."""
    kind, label, poll, nth, placed, now_ms = noted
    if isinstance(label, bytes):
        label = label.decode("utf-8", "replace")
    gap = Gap(poll, nth)
    if placed is None:
        return Moment(kind, label, gap, None, None, now_ms)
    return Moment(kind, label, gap, placed.writer, placed.index, now_ms)


@dataclass(slots=True)
class Schedule:
    """One plan while it runs.

    Attributes:
        plan: What is to happen.
        writers: Steps per writer.
        clock: Moved by the steps.
        log: What happened so far, for ``moment_of``.
        emissions: How much the reader has emitted.
        ran: Steps that were executed, in order.
        after_step: Called after each of them.
        after_block: Called when all that was due at one gap has run: only now can the
            reader go on, and see what they made.
    """

    plan: Plan
    writers: Sequence[Sequence[Step]]
    clock: HarnessClock
    log: list[Noted] = field(default_factory=list)
    emissions: int = 0
    ran: list[Placed] = field(default_factory=list)
    after_step: Callable[[Placed], None] | None = None
    after_block: Callable[[], None] | None = None
    _due: list[Placed] = field(init=False)
    _poll: int = field(default=-1, init=False)
    _nth: int = field(default=-1, init=False)
    _ended: list[int] = field(default_factory=list, init=False)
    _is_running: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        lengths = [len(steps) for steps in self.writers]
        count = len(lengths)
        self._due = [
            placed
            for placed in self.plan.steps
            if placed.writer < count and placed.index < lengths[placed.writer]
        ]

    @property
    def gap(self) -> Gap:
        """The gap reached last."""
        return Gap(max(self._poll, 0), max(self._nth, 0))

    @property
    def gaps(self) -> list[int]:
        """Number of gaps reached per poll, poll start included."""
        return [*self._ended, self._nth + 1] if self._poll >= 0 else []

    @property
    def moments(self) -> list[Moment]:
        """What happened so far."""
        return [moment_of(noted) for noted in self.log]

    @property
    def is_exhausted(self) -> bool:
        """Whether no step is due any more."""
        return not self._due

    @property
    def is_running_a_step(self) -> bool:
        """Whether a step runs right now: what drivers see then is not the reader."""
        return self._is_running

    def begin_poll(self) -> None:
        """Start the next poll; its start is its first gap."""
        if self._poll >= 0:
            self._ended.append(self._nth + 1)
        self._poll += 1
        self._nth = -1
        self.reach(Kind.POLL, f"poll {self._poll + 1}")

    def reach(self, kind: Kind, label: str) -> None:
        """Say that the reader is about to take a snapshot or to call the file system.

        Steps of a writer's own that cause such calls are ignored.
        """
        poll = self._poll
        if self._is_running or poll < 0:
            return
        nth = self._nth = self._nth + 1
        due = self._due
        if due and due[0].at <= (poll, nth):
            self._run([placed for placed in due if placed.at <= (poll, nth)])
        self.log.append((kind, label, poll, nth, None, self.clock.now_ms))

    def emitted(self, kind: Kind, label: str | bytes) -> bool:
        """Note an emission; return whether the reader is to be killed after it."""
        self.emissions += 1
        now_ms = self.clock.now_ms
        self.log.append((kind, label, self._poll, self._nth, None, now_ms))
        return self.emissions == self.plan.crash

    @property
    def is_crash_due(self) -> bool:
        """Whether the reader is to be killed now."""
        return self.plan.crash is not None and self.emissions == self.plan.crash

    def crashed(self) -> None:
        """Note that the reader was killed."""
        self._note(Kind.CRASH, "reader killed")

    def drain(self) -> list[Placed]:
        """Run whatever is left, after the last poll; return what stays blocked."""
        before = -1
        while self._due and len(self._due) != before:
            before = len(self._due)
            self._run(self._due)
        return list(self._due)

    def _run(self, due: Sequence[Placed]) -> None:
        """Execute *due* in order; whatever follows a blocked step of a writer waits."""
        waiting: set[int] = set()
        before = len(self.ran)
        self._is_running = True
        try:
            for placed in list(due):
                if placed.writer not in waiting and not self._attempt(placed):
                    waiting.add(placed.writer)
            if self.after_block is not None and len(self.ran) > before:
                self.after_block()
        finally:
            self._is_running = False

    def _attempt(self, placed: Placed) -> bool:
        step = self.writers[placed.writer][placed.index]
        self.clock.advance(placed.dt_ms)
        try:
            step.run(self.clock)
        except Blocked:
            self.clock.advance(-placed.dt_ms)
            self._note(Kind.BLOCKED, step.label, placed)
            return False
        self._due.remove(placed)
        self.ran.append(placed)
        self._note(Kind.STEP, step.label, placed)
        if self.after_step is not None:
            self.after_step(placed)
        return True

    def _note(self, kind: Kind, label: str, placed: Placed | None = None) -> None:
        now_ms = self.clock.now_ms
        self.log.append((kind, label, self._poll, self._nth, placed, now_ms))

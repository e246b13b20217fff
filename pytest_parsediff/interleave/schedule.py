"""Run one plan: at every gap the reader reaches, execute the steps that are due."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
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


#: Wanted for every statement, event and step; to ask the class takes longer.
_SNAPSHOT, _EMIT, _STEP = Kind.SNAPSHOT, Kind.EMIT, Kind.STEP
#: No poll has so many gaps.
_NEVER = sys.maxsize


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


#: A moment before anybody has asked for it: kind; label, bytes for an emitted line; poll
#: and number of the gap; the step, if it is one; milliseconds since the epoch.
Noted: TypeAlias = tuple[Kind, str | bytes, int, int, Placed | None, int]

#: What is noted while a plan runs, of which little is ever looked at. Most is what every
#: statement and every event causes, and no more than its label: text stands for a
#: snapshot at the gap after the last one, bytes for an event emitted at the last one.
Note: TypeAlias = Noted | str | bytes


def noted_of(notes: Iterable[Note]) -> Iterator[Noted]:
    """Yield all that was noted, in order, each with everything that is known of it."""
    poll = nth = now_ms = 0
    for note in notes:
        if isinstance(note, tuple):
            _, _, poll, nth, _, now_ms = note
            yield note
        elif isinstance(note, bytes):
            yield _EMIT, note, poll, nth, None, now_ms
        else:
            nth += 1
            yield _SNAPSHOT, note, poll, nth, None, now_ms


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
        notes: What happened so far, for ``noted_of``.
        emissions: How much the reader has emitted.
        ran: Steps that were executed, in order.
        acted: The gaps at which some step ran, or tried to, in order.
        after_step: Called after each step that was executed.
        after_block: Called when all that was due at one gap has run: only now can the
            reader go on, and see what they made.
    """

    plan: Plan
    writers: Sequence[Sequence[Step]]
    clock: HarnessClock
    notes: list[Note] = field(default_factory=list)
    emissions: int = 0
    ran: list[Placed] = field(default_factory=list)
    acted: list[Gap] = field(default_factory=list)
    after_step: Callable[[Placed], None] | None = None
    after_block: Callable[[], None] | None = None
    _due: list[Placed] = field(init=False)
    _poll: int = field(default=-1, init=False)
    _nth: int = field(default=-1, init=False)
    _due_nth: int = field(default=_NEVER, init=False)
    _ended: list[int] = field(default_factory=list, init=False)
    _is_deaf: bool = field(default=True, init=False)

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
        return [moment_of(noted) for noted in noted_of(self.notes)]

    @property
    def is_exhausted(self) -> bool:
        """Whether no step is due any more."""
        return not self._due

    def begin_poll(self) -> None:
        """Start the next poll; its start is its first gap."""
        if self._poll >= 0:
            self._ended.append(self._nth + 1)
        self._poll += 1
        self._nth = -1
        self._is_deaf = False
        self._look_ahead()
        self.reach(Kind.POLL, f"poll {self._poll + 1}")

    def reach(self, kind: Kind, label: str) -> None:
        """Say that the reader is about to take a snapshot or to call the file system.

        Steps of a writer's own that cause such calls are ignored.
        """
        if self._is_deaf:
            return
        nth = self._nth = self._nth + 1
        if nth >= self._due_nth:
            now = Gap(self._poll, nth)
            self._run([placed for placed in self._due if placed.at <= now])
        elif kind is _SNAPSHOT:
            self.notes.append(label)
            return
        self._note(kind, label)

    def _look_ahead(self) -> None:
        """Find the gap of this poll at which the next step is due."""
        self._due_nth = _NEVER
        if self._due:
            poll, nth = self._due[0].at
            if poll <= self._poll:
                self._due_nth = nth if poll == self._poll else 0

    def emitted(self, kind: Kind, label: str | bytes) -> bool:
        """Note an emission; return whether the reader is to be killed after it."""
        self.emissions += 1
        if kind is _EMIT and isinstance(label, bytes):
            self.notes.append(label)
        else:
            self._note(kind, label)
        return self.emissions == self.plan.crash

    def crashed(self) -> None:
        """Note that the reader was killed."""
        self._note(Kind.CRASH, "reader killed")

    def drain(self) -> list[Placed]:
        """Run whatever is left, after the last poll; return what stays blocked."""
        before = -1
        while self._due and len(self._due) != before:
            before = len(self._due)
            self._run(self._due.copy())
        return list(self._due)

    def _run(self, due: Sequence[Placed]) -> None:
        """Execute *due* in order; whatever follows a blocked step of a writer waits."""
        waiting: list[int] = []
        before = len(self.ran)
        self.acted.append(Gap(self._poll, self._nth))
        self._is_deaf = True
        try:
            for placed in due:
                if placed.writer not in waiting and not self._attempt(placed):
                    waiting.append(placed.writer)
            if self.after_block is not None and len(self.ran) > before:
                self.after_block()
        finally:
            self._is_deaf = self._poll < 0
            self._look_ahead()

    def _attempt(self, placed: Placed) -> bool:
        step, clock = self.writers[placed.writer][placed.index], self.clock
        clock.now_ms += placed.dt_ms
        try:
            step.run(clock)
        except Blocked:
            clock.now_ms -= placed.dt_ms
            self._note(Kind.BLOCKED, step.label, placed)
            return False
        self._due.remove(placed)
        self.ran.append(placed)
        note = _STEP, step.label, self._poll, self._nth, placed, clock.now_ms
        self.notes.append(note)
        if self.after_step is not None:
            self.after_step(placed)
        return True

    def _note(
        self, kind: Kind, label: str | bytes, placed: Placed | None = None
    ) -> None:
        now_ms = self.clock.now_ms
        self.notes.append((kind, label, self._poll, self._nth, placed, now_ms))

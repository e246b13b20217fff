"""Run one plan of one scenario, and keep everything that laws look at."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from pytest_parsediff.adapters.contain import gather, name_of
from pytest_parsediff.adapters.deadline import Deadline, TimeUp
from pytest_parsediff.adapters.limits import Limits
from pytest_parsediff.core.errors import (
    AdapterError,
    AdapterTimeoutError,
    ParsediffError,
    Unavailable,
)
from pytest_parsediff.core.event import Context, Emission, Event, Source
from pytest_parsediff.interleave.bench import Bench, Written, empty_folder
from pytest_parsediff.interleave.clock import HarnessClock
from pytest_parsediff.interleave.databasebench import DatabaseBench
from pytest_parsediff.interleave.drivers.driver import Driver, Reach, Witness
from pytest_parsediff.interleave.drivers.onelibrary import refusing_others
from pytest_parsediff.interleave.plan import Gap, Placed, Plan
from pytest_parsediff.interleave.poll import Poll
from pytest_parsediff.interleave.schedule import (
    Moment,
    Note,
    Noted,
    Schedule,
    moment_of,
    noted_of,
)
from pytest_parsediff.interleave.states import START, StateKey, States, Trail
from pytest_parsediff.interleave.subject import Line, Lines, Polled, Subject

#: The clock moves so far before the quiet poll, milliseconds: every timer that an
#: adapter may wait for has run out by then.
QUIET_MS = 3_600_000
#: Below the adapter's state folder: what survives the polls of one plan, and no more.
_RUN = "run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What happened under one plan.

    Attributes:
        plan: What was to happen.
        polls: In order; the last one is quiet.
        states: Committed states that the reader could have seen, in order; the first
            one is before any step. Those between two steps at one gap are not among
            them where the bench hides them, because the reader stands still there.
        notes: Everything in order, as the schedule notes it.
        gaps: Gaps reached per poll while steps were due, poll start included.
        acted: The gaps at which some step ran, or tried to, in order.
        emissions: What the reader emitted in these polls.
        witness: What the driver saw and could not see.
        ran: Steps that were executed, in order.
        left: Steps that stayed blocked to the end.
        content: The store after the reader was closed, as ``capture`` returns it;
            empty where states are not kept.
        has_snapshots: Whether the store can be read as of one moment.
    """

    plan: Plan
    polls: tuple[Poll, ...]
    states: tuple[StateKey, ...]
    notes: tuple[Note, ...]
    gaps: tuple[int, ...]
    acted: tuple[Gap, ...]
    emissions: int
    witness: Witness
    ran: tuple[Placed, ...]
    left: tuple[Placed, ...]
    content: bytes
    has_snapshots: bool = False

    @property
    def log(self) -> tuple[Noted, ...]:
        """Everything in order."""
        return tuple(noted_of(self.notes))

    @property
    def moments(self) -> tuple[Moment, ...]:
        """Everything in order, for a timeline."""
        return tuple(moment_of(noted) for noted in noted_of(self.notes))

    @property
    def covered(self) -> set[Gap]:
        """The gaps at which some step ran, or tried to."""
        return set(self.acted)

    def observation(self) -> bytes:
        """Return a digest of what the reader handed out, poll by poll.

        No line holds a line end, and none is empty, so nothing else gives the same text.
        """
        polls = [b"\n".join([line.text for line in poll.lines]) for poll in self.polls]
        return hashlib.blake2b(b"\n\n".join(polls), digest_size=16).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """One adapter on one scenario, ready to run any plan.

    Attributes:
        subject: The adapter.
        bench: The store and its writers.
        driver: How the reader's gaps are seen.
        context: Folders of the adapter; its clock is replaced, and each plan begins
            with an empty state folder below the one given.
        states: Contents and parses of committed states.
        timeout_s: Longest time for one plan, in seconds.
        lines: Events of the store taken apart, by source.
    """

    subject: Subject
    bench: Bench
    driver: Driver
    context: Context
    states: States
    timeout_s: float = 60.0
    lines: dict[Source, Lines] = field(default_factory=dict, init=False)
    _run_dir: Path = field(init=False, repr=False)
    _deadlines: list[Deadline] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_run_dir", self.context.state_dir / _RUN)

    def lines_of(self, source: Source) -> Lines:
        """Return what takes events of *source* apart."""
        lines = self.lines.get(source)
        if lines is None:
            lines = self.lines[source] = Lines(self.subject, source)
        return lines

    def run(
        self,
        plan: Plan,
        at_emission: Callable[[Written], None] | None = None,
        *,
        keeps_states: bool = True,
    ) -> Run:
        """Run *plan* from a fresh store.

        Args:
            plan: What is to happen.
            at_emission: Called after each emission, while the reader waits.
            keeps_states: Whether the contents of the states are wanted afterwards, as
                laws do that compare with them.

        Raises:
            AdapterTimeoutError: PD402, the adapter hung.
            TwoLibrariesError: PD617, the adapter reads through another SQLite library
                than the writers in this process.
            WriterStepError: PD610, a step failed for another reason than a lock.
            Unavailable: The adapter cannot run on this machine.
        """
        clock = HarnessClock()
        written = self._make(clock)
        try:
            running = _Running(self, plan, clock, written, at_emission, keeps_states)
            if self._deadlines:
                self._deadlines[-1].restart()
                return self._limit(self._deadlines[-1], running)
            with Deadline(self.timeout_s) as deadline:
                return self._limit(deadline, running)
        finally:
            written.discard()

    @contextmanager
    def many(self) -> Iterator[None]:
        """Run many plans: each has its time, and all of them one alarm."""
        with Deadline(self.timeout_s) as deadline:
            self._deadlines.append(deadline)
            try:
                yield
            finally:
                self._deadlines.pop()

    @contextmanager
    def following(self, root: Path, reach: Reach) -> Iterator[Witness]:
        """Follow the reader of what lies below *root*, see ``Driver``.

        Raises:
            TwoLibrariesError: PD617, it opened the store through another SQLite library
                than the writers in this process.
        """
        with self.driver.following(root, reach) as witness:
            if not isinstance(self.bench, DatabaseBench):
                yield witness
                return
            path = root / self.bench.name
            with refusing_others(self.bench.library, path, witness):
                yield witness

    def _limit(self, deadline: Deadline, running: _Running) -> Run:
        try:
            return deadline.run(running.run)
        except TimeUp as error:
            name = name_of(self.subject.adapter)
            message = f"adapter {name!r} did not end one plan in {self.timeout_s:g} s"
            raise AdapterTimeoutError(message) from error

    def own_context(self, clock: Callable[[], float]) -> Context:
        """Return what the adapter may use while it is polled."""
        return Context(clock, self._run_dir, self.context.tmp)

    def _make(self, clock: HarnessClock) -> Written:
        empty_folder(str(self._run_dir))
        return self.bench.make(clock)

    def scan(self, cursor: str | None, *, keeps_state: bool = False) -> Poll:
        """Read a fresh store once, with nobody writing and nobody following.

        Args:
            cursor: Where to start; ``None`` from the beginning.
            keeps_state: Whether the adapter's state folder is as the scan before left
                it, and not empty.

        Raises:
            ParsediffError: PD4xx, the adapter failed.
        """
        if not keeps_state:
            empty_folder(str(self._run_dir))
        written = self.bench.make(HarnessClock())
        subject = self.subject
        try:
            emissions = gather(
                subject.adapter,
                written.source,
                self.own_context(self.context.clock),
                cursor,
                limits=Limits(subject.timeout_s, subject.max_output_mb),
            )
        finally:
            written.close()
        line_of = self.lines_of(written.source).of
        poll = Poll(cursor=cursor, first_state=0, is_quiet=True)
        for emission in emissions:
            poll.take(emission, line_of)
        return poll


@dataclass(slots=True)
class _Running:
    """One plan while it runs."""

    rig: Rig
    plan: Plan
    clock: HarnessClock
    written: Written
    at_emission: Callable[[Written], None] | None = None
    keeps_states: bool = True
    hides_blocks: bool = field(init=False)
    polls: list[Poll] = field(default_factory=list)
    states: list[StateKey] = field(default_factory=lambda: [START])
    _trail: Trail = field(default_factory=Trail)
    _polled: Polled | None = None
    _abandoned: list[object] = field(default_factory=list)
    _line_of: Callable[[Event], Line | None] = field(init=False)

    def __post_init__(self) -> None:
        self.hides_blocks = self.rig.bench.hides_blocks
        self._line_of = self.rig.lines_of(self.written.source).of

    def run(self) -> Run:
        """Poll while steps are due, then once more when all is quiet."""
        schedule = Schedule(self.plan, self.written.writers, self.clock)
        schedule.after_step = self._after_step
        schedule.after_block = self._after_block
        self._keep(START)
        root = self.written.source.root
        left: list[Placed] = []
        with self.rig.following(root, schedule.reach) as witness:
            try:
                for _ in range(self.plan.polls):
                    self._poll(schedule, witness, is_quiet=False)
                gaps, emissions = tuple(schedule.gaps), schedule.emissions
                witness.is_aside = True
                left = schedule.drain()
                witness.is_aside = False
                self.clock.advance(QUIET_MS)
                self._poll(schedule, witness, is_quiet=True)
            finally:
                self._close()
        return Run(
            plan=self.plan,
            polls=tuple(self.polls),
            states=tuple(self.states),
            notes=tuple(schedule.notes),
            gaps=gaps,
            acted=tuple(schedule.acted),
            emissions=emissions,
            witness=witness,
            ran=tuple(schedule.ran),
            left=tuple(left),
            content=self.written.capture() if self.keeps_states else b"",
            has_snapshots=self.hides_blocks,
        )

    def _keep(self, state: StateKey) -> None:
        """Keep the content of *state*, which is the store's now, if it is wanted."""
        if self.keeps_states and not self.rig.states.knows(state):
            self.rig.states.add(state, self.written.capture())

    def _after_step(self, placed: Placed) -> None:
        self._trail.add(placed, self.clock.now_ms)
        if not self.hides_blocks:
            self._after_block()

    def _after_block(self) -> None:
        state = self._trail.end
        if self.states[-1] == state:
            return
        self.written.settle()
        self._keep(state)
        self.states.append(state)

    def _poll(self, schedule: Schedule, witness: Witness, *, is_quiet: bool) -> None:
        poll = Poll(
            cursor=self._durable_cursor(),
            first_state=self.polls[-1].first_state if self.polls else 0,
            is_quiet=is_quiet,
        )
        self.polls.append(poll)
        witness.is_aside = True
        schedule.begin_poll()
        witness.is_aside = False
        if self.hides_blocks or not self._holds_files():
            poll.first_state = len(self.states) - 1
        try:
            self._consume(poll, schedule, witness)
        except ParsediffError as error:
            witness.raise_failure()
            poll.error = error
            self._abandon()
        except (KeyboardInterrupt, TimeUp, Unavailable):
            raise
        except BaseException as error:  # noqa: BLE001 - an adapter is anybody's code
            witness.raise_failure()
            name = name_of(self.rig.subject.adapter)
            message = f"adapter {name!r} raised {type(error).__name__}: {error}"
            poll.error = AdapterError(message)
            poll.error.__cause__ = error
            self._abandon()
        else:
            witness.raise_failure()
        finally:
            poll.last_state = len(self.states) - 1
            poll.statements = tuple(witness.statements)
            witness.statements.clear()

    def _holds_files(self) -> bool:
        """Return whether the reader may have files open since an earlier poll."""
        return self._polled is not None and self._polled.is_kept

    def _durable_cursor(self) -> str | None:
        """Return the last checkpoint that any poll handed out."""
        for poll in reversed(self.polls):
            if poll.checkpoints:
                return poll.checkpoints[-1][0]
        return None

    def _consume(self, poll: Poll, schedule: Schedule, witness: Witness) -> None:
        if self._polled is None:
            own = self.rig.own_context(self.clock)
            self._polled = self.rig.subject.open(self.written.source, own)
        emissions = self._polled.scan(poll.cursor)
        if self.plan.crash is None and self.at_emission is None:
            self._take_all(emissions, poll, schedule)
        else:
            self._take_until_crash(emissions, poll, schedule, witness)

    def _take_all(
        self, emissions: Iterator[Emission], poll: Poll, schedule: Schedule
    ) -> None:
        """Take what nobody waits for; what is done here is done for every event."""
        line_of = self._line_of
        add, note = poll.lines.append, schedule.notes.append
        count = 0
        try:
            for emission in emissions:
                if type(emission) is dict:  # take() is for the few others
                    line = line_of(emission)
                    if line is not None:
                        add(line)
                        note(line.text)
                        count += 1
                    continue
                kind, label = poll.take(emission, line_of)
                if kind is not None:
                    schedule.emitted(kind, label)
        finally:
            schedule.emissions += count

    def _take_until_crash(
        self,
        emissions: Iterator[Emission],
        poll: Poll,
        schedule: Schedule,
        witness: Witness,
    ) -> None:
        for emission in emissions:
            kind, label = poll.take(emission, self._line_of)
            if kind is None:
                continue
            if self.at_emission is not None:
                with witness.aside():
                    self.at_emission(self.written)
            if schedule.emitted(kind, label) and not poll.is_quiet:
                schedule.crashed()
                poll.is_crashed = True
                self._kill(emissions)
                witness.kill()
                return

    def _kill(self, emissions: Iterator[Emission]) -> None:
        """Leave the reader where it stands, as a kill would: nothing of it runs on."""
        self._abandoned += [emissions, self._polled]
        self._polled = None

    def _abandon(self) -> None:
        """Make a new reader for the next poll, after one failed."""
        if self._polled is not None:
            with suppress(Exception):
                self._polled.close()
            self._polled = None

    def _close(self) -> None:
        self._abandon()
        for thing in self._abandoned:
            close = getattr(thing, "close", None)
            if close is not None:
                with suppress(Exception):
                    close()

"""One plan while it runs: polls, steps at their gaps, and what is kept of it all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from pytest_parsediff.adapters.contain import name_of
from pytest_parsediff.adapters.deadline import TimeUp
from pytest_parsediff.core.errors import AdapterError, ParsediffError, Unavailable
from pytest_parsediff.core.event import Context, Emission
from pytest_parsediff.interleave.bench import Bench, Written
from pytest_parsediff.interleave.clock import HarnessClock
from pytest_parsediff.interleave.drivers.driver import Reach, Witness
from pytest_parsediff.interleave.plan import Placed, Plan
from pytest_parsediff.interleave.poll import OTHERS, Poll
from pytest_parsediff.interleave.run import Keep, Run
from pytest_parsediff.interleave.schedule import Schedule
from pytest_parsediff.interleave.states import START, StateKey, States, Trail
from pytest_parsediff.interleave.subject import Lines, Polled, Subject

#: The clock moves so far before the quiet poll, milliseconds: every timer that an
#: adapter may wait for has run out by then.
QUIET_MS = 3_600_000

#: Follows a reader below a folder, see ``Driver``.
Following: TypeAlias = Callable[[Path, Reach], AbstractContextManager[Witness]]


@dataclass(slots=True, kw_only=True)
class Running:
    """One plan while it runs.

    Attributes:
        plan: What is to happen.
        subject: The adapter.
        context: What it may use.
        lines: Takes its events apart.
        bench: What made the store.
        written: The store.
        clock: Moved by the steps; the adapter's, too.
        following: Follows the reader.
        known_states: Contents of states.
        at_emission: Called after each emission, while the reader waits.
        keep: How much is wanted afterwards.
    """

    plan: Plan
    subject: Subject
    context: Context
    lines: Lines
    bench: Bench
    written: Written
    clock: HarnessClock
    following: Following
    known_states: States
    at_emission: Callable[[Written], None] | None = None
    keep: Keep = Keep.STATES
    polls: list[Poll] = field(default_factory=list, init=False)
    states: list[StateKey] = field(default_factory=lambda: [START], init=False)
    _keeps_moments: bool = field(init=False)
    _hides_blocks: bool = field(init=False)
    _trail: Trail = field(default_factory=Trail, init=False)
    _polled: Polled | None = field(default=None, init=False)
    _abandoned: list[object] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self._hides_blocks = self.bench.hides_blocks
        self._keeps_moments = self.keep is not Keep.OUTCOME

    def run(self) -> Run:
        """Poll while steps are due, then once more when all is quiet.

        Nobody acts in the quiet poll, so it is followed only for those who want to know
        what happened in it, or if it might wait for a lock.
        """
        schedule = Schedule(self.plan, self.written.writers, self.clock)
        if self._keeps_moments or not self._hides_blocks:
            schedule.after_step = self._after_step
        schedule.after_block = (
            self._after_block if self._keeps_moments else self.written.settle
        )
        self._keep(START)
        follows_quiet = self._keeps_moments or not self.bench.leaves_no_locks
        root = self.written.source.root
        try:
            with self.following(root, schedule.reach) as witness:
                for _ in range(self.plan.polls):
                    self._poll(schedule, witness, is_quiet=False)
                gaps, emissions = tuple(schedule.gaps), schedule.emissions
                witness.is_aside = True
                left = schedule.drain()
                witness.is_aside = False
                self.clock.advance(QUIET_MS)
                if follows_quiet:
                    self._poll(schedule, witness, is_quiet=True)
                    self._close()
            if not follows_quiet:
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
            content=self.written.capture() if self.keep is Keep.STATES else b"",
            has_snapshots=self._hides_blocks,
        )

    def _keep(self, state: StateKey) -> None:
        """Keep the content of *state*, which is the store's now, if it is wanted."""
        if self.keep is Keep.STATES and not self.known_states.knows(state):
            self.known_states.add(state, self.written.capture())

    def _after_step(self, placed: Placed) -> None:
        if not self._keeps_moments:
            self.written.settle()
            return
        self._trail.add(placed, self.clock.now_ms)
        if not self._hides_blocks:
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
        if self._hides_blocks or not self._holds_files():
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
            name = name_of(self.subject.adapter)
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
            self._polled = self.subject.open(self.written.source, self.context)
        emissions = self._polled.scan(poll.cursor)
        if self.plan.crash is None and self.at_emission is None:
            if self._keeps_moments:
                self._take_all(emissions, poll, schedule)
            else:
                self._take_texts(emissions, poll)
        else:
            self._take_until_crash(emissions, poll, schedule, witness)

    def _take_all(
        self, emissions: Iterator[Emission], poll: Poll, schedule: Schedule
    ) -> None:
        """Take what nobody waits for; what is done here is done for every event."""
        line_of = self.lines.of
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

    def _take_texts(self, emissions: Iterator[Emission], poll: Poll) -> None:
        """Take what nobody waits for, and no more of it than its text."""
        text_of = self.lines.text_of
        add = poll.bare.append
        for emission in emissions:
            if type(emission) is not dict and isinstance(emission, OTHERS):
                poll.take_other(emission)
                continue
            text = text_of(emission)
            if text is not None:
                add(text)

    def _take_until_crash(
        self,
        emissions: Iterator[Emission],
        poll: Poll,
        schedule: Schedule,
        witness: Witness,
    ) -> None:
        line_of = self.lines.of
        for emission in emissions:
            kind, label = poll.take(emission, line_of)
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

"""One adapter on one scenario, ready to run any plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pytest_parsediff.adapters.contain import gather, name_of
from pytest_parsediff.adapters.deadline import Deadline, TimeUp
from pytest_parsediff.adapters.limits import Limits
from pytest_parsediff.core.errors import AdapterTimeoutError
from pytest_parsediff.core.event import Context, Source
from pytest_parsediff.interleave.bench import Bench, Written, empty_folder
from pytest_parsediff.interleave.clock import HarnessClock
from pytest_parsediff.interleave.databasebench import DatabaseBench
from pytest_parsediff.interleave.drivers.driver import Driver, Reach, Witness
from pytest_parsediff.interleave.drivers.onelibrary import RefusingOthers
from pytest_parsediff.interleave.plan import Plan
from pytest_parsediff.interleave.poll import Poll
from pytest_parsediff.interleave.run import Keep, Run
from pytest_parsediff.interleave.running import Running
from pytest_parsediff.interleave.states import States
from pytest_parsediff.interleave.subject import Lines, Subject

#: Below the adapter's state folder: what survives the polls of one plan, and no more.
_RUN = "run"


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
    _may_remember: bool = field(init=False, repr=False)
    _deadlines: list[Deadline] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_run_dir", self.context.state_dir / _RUN)
        # only what is opened is handed a context, and with it a folder
        may_remember = callable(getattr(self.subject.adapter, "open", None))
        object.__setattr__(self, "_may_remember", may_remember)

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
        keep: Keep = Keep.STATES,
    ) -> Run:
        """Run *plan* from a fresh store.

        Args:
            plan: What is to happen.
            at_emission: Called after each emission, while the reader waits.
            keep: How much is wanted afterwards.

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
            running = Running(
                plan=plan,
                subject=self.subject,
                context=self.own_context(clock),
                lines=self.lines_of(written.source),
                bench=self.bench,
                written=written,
                clock=clock,
                following=self.following,
                known_states=self.states,
                at_emission=at_emission,
                keep=keep,
            )
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

    def following(self, root: Path, reach: Reach) -> AbstractContextManager[Witness]:
        """Follow the reader of what lies below *root*, see ``Driver``.

        One that opens the store through another SQLite library than the writers in
        this process gets ``TwoLibrariesError``, PD617, and the witness keeps it.
        """
        following = self.driver.following(root, reach)
        if not isinstance(self.bench, DatabaseBench):
            return following
        return RefusingOthers(following, self.bench.library, root, self.bench.name)

    def _limit(self, deadline: Deadline, running: Running) -> Run:
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
        if self._may_remember:
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

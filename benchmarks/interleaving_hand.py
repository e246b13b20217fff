"""What one would do without the harness: the same SQL in a loop, or in two threads.

Each variant makes and removes the same files as the harness, writes through one
connection with the same settings, as the harness does here, and reads with the same
code. None takes events apart, keeps a record of what happened, gives files the time of
a clock, or finds the gaps of a reader: where threads and the loop have to stop, the
reader calls them. So they all do less than the harness.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import apsw
from interleaving_sql import START_MS, WRITERS, go_on, poll, transactions
from interleaving_work import IMAGE

from pytest_parsediff.interleave.clock import HarnessClock
from pytest_parsediff.interleave.databasebench import DatabaseBench
from pytest_parsediff.interleave.plan import Placed, Plan
from pytest_parsediff.interleave.schedule import Step

#: What a run has read: rows per poll.
Read = list[list[dict[str, Any]]]


class Floor:
    """All writes, then all polls: the SQL of a plan without any interleaving.

    Args:
        folder: For the database.
        connect: The reader's.
        is_kept: Whether the reader keeps its connection between polls.
        is_connect_gap: Whether connecting is a gap of its own.
    """

    def __init__(
        self,
        folder: Path,
        connect: Callable[[Path], Any],
        *,
        is_kept: bool,
        is_connect_gap: bool,
    ) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._path = folder / "store.db"
        self._connect = connect
        self._is_kept = is_kept
        self._is_connect_gap = is_connect_gap
        self._is_apsw = "apsw" in connect.__name__
        self._steps = [transactions(writer) for writer in WRITERS]
        self._now_ms = 0
        self._writer: Any = None

    def run(self, plans: Sequence[Plan]) -> None:
        """Do for each plan what its reader and its writers do."""
        for plan in plans:
            self.one(plan)

    def one(self, plan: Plan) -> Read:
        """Run one plan; return what was read."""
        self._now_ms = START_MS
        self._write_image()
        self._writer = self._connect_writer()
        read = self._go(plan)
        for suffix in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                os.unlink(f"{self._path}{suffix}")
        self._writer.close()
        return read

    def _go(self, plan: Plan) -> Read:
        for placed in plan.steps:
            self._step(placed)
        return list(self._polls(plan.polls + 1))

    def _step(self, placed: Placed) -> None:
        self._now_ms += placed.dt_ms
        execute = self._writer.execute
        for sql in self._steps[placed.writer][placed.index]:
            execute(sql)

    def _polls(
        self, count: int, pause: Callable[[], None] = go_on
    ) -> Iterator[list[dict[str, Any]]]:
        """Yield the rows of each poll; *pause* before each statement and connection."""
        database: Any = None
        cursor: str | None = None
        for _ in range(count):
            if database is None or not self._is_kept:
                if self._is_connect_gap:
                    pause()
                database = self._connect(self._path)
            rows: list[dict[str, Any]] = []
            for thing in poll(database, cursor, pause):
                if isinstance(thing, str):
                    cursor = thing
                else:
                    rows.append(thing)
            if not self._is_kept:
                database.close()
            yield rows
        if self._is_kept:
            database.close()

    def _write_image(self) -> None:
        for entry in os.listdir(self._folder):
            os.unlink(self._folder / entry)
        with open(self._path, "wb") as file:
            file.write(IMAGE)

    def _connect_writer(self) -> Any:
        writer: Any
        if self._is_apsw:
            writer = apsw.Connection(str(self._path), flags=apsw.SQLITE_OPEN_READWRITE)
            writer.create_scalar_function("now_ms", lambda: self._now_ms, 0)
        else:
            writer = sqlite3.connect(
                self._path, timeout=0, isolation_level=None, check_same_thread=False
            )
            writer.create_function("now_ms", 0, lambda: self._now_ms)
        writer.execute("PRAGMA synchronous = OFF")
        writer.execute("PRAGMA wal_autocheckpoint = 0").fetchall()
        return writer


class Test(Floor):
    """The same SQL as a test has it that knows no harness, and takes no short cuts.

    The store is copied from a file, each writer has a connection of its own, and all of
    them are closed before the files are removed.
    """

    def __init__(self, folder: Path, *args: Any, **kwargs: Any) -> None:
        super().__init__(folder, *args, **kwargs)
        self._template = folder.with_name("template.db")
        self._template.write_bytes(IMAGE)
        self._writers: list[Any] = []

    def one(self, plan: Plan) -> Read:
        """Run one plan; return what was read."""
        self._now_ms = START_MS
        shutil.copyfile(self._template, self._path)
        self._writers = [self._connect_writer() for _ in WRITERS]
        read = self._go(plan)
        for writer in self._writers:
            writer.close()
        os.unlink(self._path)
        return read

    def _step(self, placed: Placed) -> None:
        self._writer = self._writers[placed.writer]
        super()._step(placed)


class ByHand(Floor):
    """The same schedule: the reader calls whoever writes before each statement."""

    _due: deque[Placed]
    _poll = 0
    _nth = 0

    def _go(self, plan: Plan) -> Read:
        self._due = deque(plan.steps)
        self._poll = -1
        read: Read = []
        polls = self._polls(plan.polls + 1, self._pause)
        for number in range(plan.polls + 1):
            self._poll, self._nth = number, -1
            if number == plan.polls:
                self._write(self._take(lambda _: True))
            self._pause()
            read.append(next(polls))
        next(polls, None)  # which closes the connection
        return read

    def _pause(self) -> None:
        self._nth += 1
        due = self._due
        if due and due[0].at <= (self._poll, self._nth):
            now = self._poll, self._nth
            self._write(self._take(lambda placed: placed.at <= now))

    def _take(self, is_due: Callable[[Placed], bool]) -> list[Placed]:
        taken: list[Placed] = []
        while self._due and is_due(self._due[0]):
            taken.append(self._due.popleft())
        return taken

    def _write(self, steps: Sequence[Placed]) -> None:
        for placed in steps:
            self._step(placed)


class Handover:
    """A thread that runs one function at a time while whoever asked for it waits.

    The baton is a pair of locks, the quickest there is.
    """

    def __init__(self) -> None:
        self._to_other, self._back = threading.Lock(), threading.Lock()
        self._to_other.acquire()
        self._back.acquire()
        self._task: Callable[[], object] | None = None
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None

    def do(self, task: Callable[[], object]) -> None:
        """Run *task* in the other thread; raise what it raises."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve)
            self._thread.start()
        self._task = task
        self._to_other.release()
        self._back.acquire()
        if self._error is not None:
            error, self._error = self._error, None
            raise error

    def end(self) -> None:
        """End the thread; another one begins when it is needed."""
        if self._thread is not None:
            self._task = None
            self._to_other.release()
            self._thread.join()
            self._thread = None

    def _serve(self) -> None:
        while True:
            self._to_other.acquire()
            if self._task is None:
                return
            try:
                self._task()
            except BaseException as error:  # noqa: BLE001 - raised where it was asked for
                self._error = error
            self._back.release()


class Baton(ByHand):
    """The same schedule in two threads, of which the one with the baton runs.

    It is handed over only where a step is due.
    """

    #: Whether one thread writes for all plans, or each has its own.
    is_kept_thread = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._other = Handover()

    def run(self, plans: Sequence[Plan]) -> None:
        """Do for each plan what its reader and its writers do."""
        for plan in plans:
            self.one(plan)
            if not self.is_kept_thread:
                self.end()
        self.end()

    def end(self) -> None:
        """End the thread that writes."""
        self._other.end()

    def _write(self, steps: Sequence[Placed]) -> None:
        if steps:
            self._other.do(lambda: super(Baton, self)._write(steps))


class FreshBaton(Baton):
    """The same, with a new thread for each plan."""

    is_kept_thread = False


class _HandedStep:
    """A step of a writer that another thread takes."""

    def __init__(self, step: Step, other: Handover) -> None:
        self.label = step.label
        self._step = step
        self._other = other

    def run(self, clock: HarnessClock, /) -> None:
        """Take it."""
        self._other.do(lambda: self._step.run(clock))


class BatonBench(DatabaseBench):
    """A database whose writers are another thread: all else is the harness."""

    #: Set by whoever runs plans.
    other = Handover()

    def make(self, clock: HarnessClock) -> Any:
        """Return a fresh database with writers in another thread."""
        written = super().make(clock)
        written.writers = [
            [_HandedStep(step, self.other) for step in steps]
            for steps in written.writers
        ]
        return written

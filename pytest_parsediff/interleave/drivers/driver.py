"""What every driver does: tell a schedule which gap the reader has reached."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import get_ident
from typing import Protocol, TypeAlias

from pytest_parsediff.interleave.schedule import Kind

#: Called just before the reader takes a snapshot or calls the file system.
Reach: TypeAlias = Callable[[Kind, str], None]


@dataclass(slots=True)
class Witness:
    """What a driver saw, and what it knows that it could not see.

    Attributes:
        connections: Connections to the store that were followed.
        gaps: Gaps that were reported.
        unseen: Ways into the store that were noticed but not followed, one line each.
        statements: Every SQL statement of the reader, as it was started.
        threads: Names of threads other than the caller's in which gaps were reached.
        failure: What a step or the harness raised inside a callback that swallows
            exceptions; to be raised again at the next boundary.
        closers: Closes each connection that is followed.
        is_aside: Whether what happens now is not the reader's.
        sniffed: Database files that the reader opened as plain files while it had a
            connection to them, one line each.
    """

    connections: int = 0
    gaps: int = 0
    unseen: list[str] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)
    failure: BaseException | None = None
    closers: list[Callable[[], object]] = field(default_factory=list, repr=False)
    is_aside: bool = False
    sniffed: list[str] = field(default_factory=list)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Let the harness and its writers act for a while without being followed."""
        before, self.is_aside = self.is_aside, True
        try:
            yield
        finally:
            self.is_aside = before

    def kill(self) -> None:
        """Close every connection that is followed, as the end of a process would.

        The locks of a killed reader are gone at once; its own code does not run.
        """
        while self.closers:
            with suppress(Exception):  # closed already, or made by another thread
                self.closers.pop()()

    def raise_failure(self) -> None:
        """Raise what was kept in a callback, if anything."""
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure


class Driver(Protocol):
    """Follows one way of reading."""

    def following(self, root: Path, reach: Reach) -> AbstractContextManager[Witness]:
        """Report every gap of a reader of what lies below *root*, for a while.

        While *reach* runs, nothing is reported: what happens then is the writers'.
        """
        ...


class Follower:
    """What drivers share: one reader below one root, followed until it is left.

    Attributes:
        witness: What was seen; another follower's, where two follow one reader.
    """

    def __init__(
        self, root: Path, reach: Reach, witness: Witness | None = None
    ) -> None:
        self.witness = Witness() if witness is None else witness
        self._root = str(root)
        self._below = self._root.rstrip(os.sep) + os.sep
        self._reach = reach
        self._is_left = False
        self._acting: int | None = None
        self._thread = get_ident()
        lock = threading.RLock()  # an alarm may leave it held
        self._acquire, self._release = lock.acquire, lock.release

    @property
    def is_busy(self) -> bool:
        """Whether writers act in this thread right now, or the harness does."""
        return self._acting == get_ident() or self.witness.is_aside

    def leave(self) -> None:
        """Report nothing from now on."""
        self._is_left = True

    def is_below(self, path: str) -> bool:
        """Return whether *path* is the root or lies below it, symlinks resolved.

        A path that says so itself, as those that are handed to readers do, is below.
        """
        if path.startswith(self._below) and os.pardir not in path:
            return True
        real, root = os.path.realpath(path), os.path.realpath(self._root)
        return real == root or real.startswith(os.path.join(root, ""))

    def report(self, kind: Kind, label: str) -> None:
        """Let writers act, unless they are the ones who caused this."""
        here, witness = get_ident(), self.witness
        if self._acting == here or witness.is_aside:
            return
        self._acquire()  # at every gap: a with statement takes twice as long
        try:
            if witness.failure is None and not self._is_left:
                self._acting = here  # so only this thread can tell that it is itself
                witness.gaps += 1
                if here != self._thread:
                    witness.threads.add(threading.current_thread().name)
                self._reach(kind, label)
        finally:
            self._acting = None
            self._release()

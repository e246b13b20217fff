"""The store that plans are run on: made anew for each, written by the writers."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from typing import Protocol

from pytest_parsediff.core.event import Source
from pytest_parsediff.interleave.clock import HarnessClock
from pytest_parsediff.interleave.schedule import Step


class Written(Protocol):
    """A store while one plan runs."""

    @property
    def source(self) -> Source:
        """What the adapter is handed."""
        ...

    @property
    def writers(self) -> Sequence[Sequence[Step]]:
        """The steps of each writer, bound to this store."""
        ...

    def capture(self) -> bytes:
        """Return the committed content as it is now."""
        ...

    def settle(self) -> None:
        """Give what has changed the time of the clock; called after each block."""
        ...

    def truncate_wal(self) -> bool | None:
        """Commit something of no meaning and checkpoint it away, as a writer would.

        Returns:
            Whether the checkpoint was complete; ``None`` where there is no WAL.
        """
        ...

    def close(self) -> None:
        """Close the writers' connections; the files stay."""
        ...

    def discard(self) -> None:
        """Close them when nobody needs the files any more."""
        ...


class Bench(Protocol):
    """Makes the same store for every plan."""

    @property
    def lengths(self) -> tuple[int, ...]:
        """Number of steps per writer."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """Name per writer, for timelines."""
        ...

    @property
    def hides_blocks(self) -> bool:
        """Whether steps at one gap can only be seen all together.

        A file that is written and then replaced stays what it was for whoever has it
        open, so states in between can be seen after all.
        """
        ...

    @property
    def leaves_no_locks(self) -> bool:
        """Whether no step can leave a lock behind for which a reader would wait."""
        ...

    def make(self, clock: HarnessClock) -> Written:
        """Return a fresh store; whatever was there before is removed."""
        ...

    def place(self, content: bytes) -> Source:
        """Put what ``capture`` returned where nobody writes, for a parse of it."""
        ...


def empty_folder(folder: str) -> None:
    """Make *folder*, or remove everything in it."""
    try:
        entries = os.listdir(folder)
    except FileNotFoundError:
        os.makedirs(folder)
        return
    for entry in entries:
        inner = os.path.join(folder, entry)
        if os.path.isdir(inner) and not os.path.islink(inner):
            shutil.rmtree(inner)
        else:
            os.unlink(inner)

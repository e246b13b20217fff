"""Open a writer through the library that is asked for."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

from pytest_parsediff.interleave.clock import HarnessClock
from pytest_parsediff.interleave.writers.connection import Library, WriterConnection


def open_writer(library: Library, path: Path, clock: HarnessClock) -> WriterConnection:
    """Return a writer of the database at *path*, which must exist.

    Each library is loaded only when it is used.

    Args:
        library: The reader's, or ``PROCESS`` for one in a process of its own.
        path: The database file.
        clock: What ``now_ms()`` tells.
    """
    return _kind_of(library)(path, clock)


@functools.cache
def _kind_of(library: Library) -> Callable[[Path, HarnessClock], WriterConnection]:
    match library:
        case Library.STDLIB:
            from pytest_parsediff.interleave.writers.stdlib import (  # noqa: PLC0415
                StdlibWriter,
            )

            return StdlibWriter
        case Library.APSW:
            from pytest_parsediff.interleave.writers.apsw import (  # noqa: PLC0415
                ApswWriter,
            )

            return ApswWriter
        case Library.PROCESS:
            from pytest_parsediff.interleave.writers.process import (  # noqa: PLC0415
                ProcessWriter,
            )

            return ProcessWriter

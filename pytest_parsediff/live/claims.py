"""Who parses which source: each one once per attempt, by whoever needs it first."""

from __future__ import annotations

import os
import time

from pytest_parsediff.core.errors import RunDatabaseError
from pytest_parsediff.live.rundb import RunDatabase

_POLL_S = 0.05


def claim(
    rundb: RunDatabase, source: int, attempt: int, *, wait_s: float
) -> int | None:
    """Take on a parse, or wait until somebody else has finished it.

    A claim whose process has ended is replaced.

    Args:
        rundb: The run database.
        source: Number of the source.
        attempt: 0 for the first parse.
        wait_s: How long to wait for a process that shows no progress, in seconds.

    Returns:
        Number of the parse, to be finished or abandoned by the caller; ``None`` if
        there is a finished one.

    Raises:
        RunDatabaseError: PD522, another process is stuck.
    """
    seen: tuple[int, int] | None = None
    end = 0.0
    while True:
        with rundb.write():
            taken = _try_to_claim(rundb, source, attempt)
        if not isinstance(taken, tuple):
            return taken
        if taken != seen:
            seen, end = taken, time.monotonic() + wait_s
        elif time.monotonic() >= end:
            raise _stuck(rundb, source, taken[0], wait_s)
        time.sleep(_POLL_S)


def _try_to_claim(
    rundb: RunDatabase, source: int, attempt: int
) -> int | tuple[int, int] | None:
    """Return a new parse, ``None`` for a finished one, or its pid and progress."""
    rows = rundb.fetch(
        "SELECT no, pid, progress, is_done FROM parse WHERE source = ? AND attempt = ?",
        (source, attempt),
    )
    if rows:
        no, pid, progress, is_done = rows[0]
        if is_done:
            return None
        if pid != os.getpid() and _is_alive(pid):
            return pid, progress
        _forget(rundb, no)
    ((made,),) = rundb.fetch(
        "INSERT INTO parse (source, attempt, pid) VALUES (?, ?, ?) RETURNING no",
        (source, attempt, os.getpid()),
    )
    return int(made)


def _stuck(
    rundb: RunDatabase, source: int, pid: int, wait_s: float
) -> RunDatabaseError:
    ((name,),) = rundb.fetch("SELECT name FROM source WHERE no = ?", (source,))
    message = f"process {pid} has parsed {name!r} without any progress for {wait_s:g} s"
    return RunDatabaseError(message, None, f"End process {pid}, and run again.")


def note_progress(rundb: RunDatabase, parse: int) -> None:
    """Show those who wait that the parse goes on."""
    rundb.fetch("UPDATE parse SET progress = progress + 1 WHERE no = ?", (parse,))


def abandon(rundb: RunDatabase, parse: int) -> None:
    """Take a claim back, as after Ctrl-C, so that nobody waits for it."""
    with rundb.write():
        _forget(rundb, parse)


def finish(rundb: RunDatabase, parse: int, result: bytes) -> None:
    """Make a parse visible, and drop the sessions of earlier attempts.

    To be called in the transaction that writes the last of the parse.
    """
    rundb.fetch(
        "UPDATE parse SET is_done = 1, result = ? WHERE no = ?", (result, parse)
    )
    older = rundb.fetch(
        "SELECT older.no FROM parse JOIN parse AS older USING (source)"
        " WHERE parse.no = ? AND older.attempt < parse.attempt",
        (parse,),
    )
    for (no,) in older:
        drop_sessions(rundb, no)


def _forget(rundb: RunDatabase, parse: int) -> None:
    drop_sessions(rundb, parse)
    rundb.fetch("DELETE FROM notice WHERE parse = ?", (parse,))
    rundb.fetch("DELETE FROM digest WHERE owner = ? AND moment <> 'listed'", (parse,))
    rundb.fetch("DELETE FROM parse WHERE no = ?", (parse,))


def drop_sessions(rundb: RunDatabase, parse: int) -> None:
    """Forget what a parse emitted; in the caller's transaction."""
    for (no,) in rundb.fetch("SELECT no FROM parsed WHERE parse = ?", (parse,)):
        rundb.fetch(
            "DELETE FROM record WHERE id BETWEEN ?1 << 32 AND (?1 << 32) + 4294967295",
            (no,),
        )
    rundb.fetch("DELETE FROM parsed WHERE parse = ?", (parse,))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True

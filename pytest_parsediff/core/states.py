"""Leave a database as a real writer leaves it: alive, killed, locked.

The writer is a process of its own, because its locks and its death must be real.
"""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

from pytest_parsediff.core.config import Journal, State
from pytest_parsediff.core.errors import StoreStateError, Unavailable, Where

#: States in which a writer process takes part.
_WITH_WRITER = frozenset({"live", "killed-wal", "main-only", "locked"})
#: States that last only as long as that process.
_STAYS_ALIVE = frozenset({"live", "locked"})
#: States in which the rows are in the WAL, not in the main file.
NEEDS_WAL = frozenset({"live", "killed-wal", "main-only"})

# Runs in the child. The image goes through SQLite's backup API into a database in WAL
# mode that never checkpoints, so the rows end up in the -wal file, as in a store whose
# writer has not checkpointed yet. It ends by itself when nobody reads its output any
# more, because a test run that was killed cannot end it.
_WRITER = """\
import os, select, signal, sys
import apsw
path, state, journal = sys.argv[1:4]
image = sys.stdin.buffer.read()
source = apsw.Connection(":memory:")
if image:
    source.deserialize("main", image[:18] + bytes([1, 1]) + image[20:])
writer = apsw.Connection(path)
source.pragma("schema_version")  # reads the header, so that the page size is known
writer.pragma("page_size", source.pragma("page_size"))  # in WAL it cannot change
if journal == "wal":
    writer.pragma("journal_mode", "wal")
    writer.pragma("wal_autocheckpoint", 0)
with writer.backup("main", source, "main") as backup:
    backup.step(-1)
if state == "locked":
    writer.pragma("locking_mode", "exclusive")
    writer.execute("BEGIN EXCLUSIVE")
if state in ("killed-wal", "main-only"):
    os.kill(os.getpid(), signal.SIGKILL)
print("ready", flush=True)
poll = select.poll()
poll.register(1, 0)
poll.poll()
os._exit(0)
"""


class Writer:
    """The process that keeps a store alive or locked; :meth:`kill` ends it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def kill(self) -> None:
        """End the process as kill -9 does, leaving its files behind."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


def check_state(state: State, journal: Journal, place: Path) -> None:
    """Refuse what cannot be produced.

    Raises:
        StoreStateError: PD209, the state needs WAL and the script asks for another.
        Unavailable: The user or the system cannot produce the state.
    """
    if state in NEEDS_WAL and journal != "wal":
        message = f'state = {state!r} needs journal = "wal"'
        raise StoreStateError(message, Where(place))
    if state in _WITH_WRITER and not hasattr(signal, "SIGKILL"):
        raise Unavailable(f"state = {state!r} needs POSIX signals")
    if state == "read-only-dir" and (not hasattr(os, "geteuid") or os.geteuid() == 0):
        raise Unavailable("state = 'read-only-dir': this user may write everywhere")


def _module_folders() -> list[str]:
    """Return where this process finds modules, but for the working directory."""
    here = os.getcwd()
    return [folder for folder in sys.path if folder and folder != here]


def enter_state(
    state: State, path: Path, image: bytes, journal: Journal
) -> Writer | None:
    """Write *image* to *path* the way *state* says.

    Returns:
        The process that keeps the state up, or ``None``.
    """
    if state == "read-only-dir":
        path.write_bytes(image)
        path.chmod(stat.S_IRUSR)
        path.parent.chmod(stat.S_IRUSR | stat.S_IXUSR)
        return None
    process = subprocess.Popen(
        # -P: no module of the folder in which pytest was started stands in for apsw's
        [sys.executable, "-P", "-c", _WRITER, str(path), state, journal],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(_module_folders())},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    with contextlib.suppress(BrokenPipeError), process.stdin:  # it failed: see below
        process.stdin.write(image)
    ready = process.stdout.readline() == b"ready\n"
    if ready:
        process.stderr.close()
        return Writer(process)
    failure = process.stderr.read().decode(errors="replace")
    process.wait()
    process.stderr.close()
    process.stdout.close()
    if state in _STAYS_ALIVE or process.returncode != -signal.SIGKILL:
        cause = failure[-300:] or f"status {process.returncode}"
        raise StoreStateError(f"the writer process failed: {cause}")
    if state == "main-only":
        for sidecar in ("-wal", "-shm"):
            path.with_name(path.name + sidecar).unlink(missing_ok=True)
    return None

"""Run one command and leave no process behind.

Output goes to files, not to pipes: a grandchild that keeps a pipe open would keep us
reading. The command leads a session of its own, and the whole process group is ended
whatever happens: after the command's own end, at a timeout, when output floods, and
at Ctrl-C. What starts a session of its own escapes that.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

#: Seconds between SIGTERM and SIGKILL.
GRACE_S = 0.3
_WATCH_S = 0.05
_POLL_S = 0.005


class End(StrEnum):
    """How a command came to its end."""

    EXITED = "exited"
    TIMEOUT = "timeout"
    TOO_LARGE = "too large"


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended, with its whole process group.

    Attributes:
        how: Who ended it.
        status: Exit status; negative is the number of the signal that ended it.
    """

    how: End
    status: int

    @property
    def text(self) -> str:
        """``exited with status 3`` or ``was ended by SIGSEGV``."""
        if self.status >= 0:
            return f"exited with status {self.status}"
        try:
            return f"was ended by {signal.Signals(-self.status).name}"
        except ValueError:  # a real-time signal has no name
            return f"was ended by signal {-self.status}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to run.

    Attributes:
        argv: Program and arguments; the program is an absolute path.
        cwd: Working directory.
        env: All variables.
        stdout: File for standard output; made anew.
        stderr: File for standard error; made anew.
    """

    argv: Sequence[str]
    cwd: Path
    env: Mapping[str, str]
    stdout: Path
    stderr: Path


def run_command(
    command: Command, *, end: float, max_bytes: float, watched: Iterable[Path] = ()
) -> Ended:
    """Run *command* to its end.

    Args:
        command: What to run.
        end: When it has to be done, in seconds of :func:`time.monotonic`.
        max_bytes: Most that stdout, stderr and *watched* files may hold together.
        watched: More files whose size counts; they need not exist.

    Returns:
        How it ended. No process of its group is left.

    Raises:
        OSError, ValueError: The system could not start it.
    """
    files = (command.stdout, command.stderr, *watched)
    with command.stdout.open("wb") as stdout, command.stderr.open("wb") as stderr:
        process = subprocess.Popen(
            command.argv,
            cwd=command.cwd,
            env=command.env,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
    try:
        how = _watch(process, end, max_bytes, files)
    finally:
        _end_group(process)
    return Ended(how, process.returncode)


def _watch(
    process: subprocess.Popen[bytes],
    end: float,
    max_bytes: float,
    files: Iterable[Path],
) -> End:
    while True:
        left_s = end - time.monotonic()
        try:
            process.wait(max(0.0, min(_WATCH_S, left_s)))
        except subprocess.TimeoutExpired:
            exited = False
        else:
            exited = True
        if sum(_size(path) for path in files) > max_bytes:
            return End.TOO_LARGE
        if exited:
            return End.EXITED
        if left_s <= 0:
            return End.TIMEOUT


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End every process of the group, the polite way first."""
    try:
        _signal_group(process, signal.SIGTERM)
        _await_group(process)
    finally:  # also at the second Ctrl-C
        _signal_group(process, getattr(signal, "SIGKILL", signal.SIGTERM))
        with suppress(subprocess.TimeoutExpired):  # it changed its user
            process.wait(GRACE_S)
        _await_group(process)


def _await_group(process: subprocess.Popen[bytes]) -> None:
    """Wait a little for the group to end; a signal takes its time to arrive."""
    limit = time.monotonic() + GRACE_S
    while _signal_group(process, 0) and time.monotonic() < limit:
        process.poll()  # a leader that nobody waits for stays in its group
        time.sleep(_POLL_S)


def _signal_group(process: subprocess.Popen[bytes], number: int) -> bool:
    """Send signal *number*; return whether there was anybody to send it to."""
    if not hasattr(os, "killpg"):  # pragma: no cover - Windows: no groups there
        process.kill()
        return False
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):  # macOS: only zombies are left
        return False
    return True

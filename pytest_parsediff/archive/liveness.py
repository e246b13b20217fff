"""Whether the process of a run that was not closed is still at it."""

from __future__ import annotations

import os
import platform
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

#: A run on another machine that showed no sign of life for so long is dead.
LEASE_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Process:
    """A process, told apart from others that had or will have its pid.

    Attributes:
        pid: Number.
        mark: When it was started, in the system's own units; empty if unknown.
        host: Name of the machine.
    """

    pid: int
    mark: str
    host: str

    @classmethod
    def current(cls) -> Process:
        """Return this process."""
        return cls(os.getpid(), _start_of(os.getpid()), platform.node())


def is_dead(process: Process, heartbeat_ms: int, now_ms: int) -> bool:
    """Return whether *process* will not go on, as far as can be known from here.

    On this machine the system knows. Of others only the heartbeat tells, and a wrong
    guess does no harm: a run that was taken for dead finds that out before it writes.
    """
    if process.host != platform.node() or os.name == "nt":  # there kill() would kill
        return now_ms - heartbeat_ms > LEASE_MS
    try:
        os.kill(process.pid, 0)
    except PermissionError:
        pass
    except (OSError, OverflowError):
        return True
    return process.mark != _start_of(process.pid)


_ENDED = ("Z", "X")


def _start_of(pid: int) -> str:
    """Return when *pid* was started, in ticks since boot.

    Source:
        https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html, field 22; the
        second field is in parentheses and may hold anything. A process that ended and
        was not waited for has state Z.
    """
    with suppress(OSError, IndexError):
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
        state, *fields = text.rpartition(")")[2].split()
        return "" if state in _ENDED else fields[18]
    return ""


def now_ms() -> int:
    """Return milliseconds since the epoch."""
    return time.time_ns() // 10**6

"""Record into copies of an archive, and break each copy at another write.

Runs as a process of its own that loads everything once and then forks: the break is a
real SIGKILL, or an error of the file system, at exactly the n-th write to any file.

Usage: python crash_child.py SCENARIO HOW FOLDER. Prints one JSON line per break: its
number, the signal or ``null``, and the code of the error that was raised or ``null``.
"""
# ruff: noqa: N802 - the names of methods are SQLite's

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

import apsw
from staged_sources import Staged, base_of, plan_of, seen, staged

from pytest_parsediff.archive.recording import Recording
from pytest_parsediff.core.errors import ParsediffError

#: The file system below ours.
_SYSTEM = apsw.vfs_names()[0]


class Steps:
    """Counts writes to files, and breaks at one of them.

    Attributes:
        count: Writes so far.
        at: The one to break at, 0-based; -1 for none.
        how: ``kill`` before it, ``torn`` after half of its bytes, ``error`` instead of
            it, ``full`` instead of it and of all that follow.
    """

    def __init__(self, at: int, how: str) -> None:
        self.count = 0
        self.at = at
        self.how = how

    def take(self) -> bool:
        """Count one write; return whether it is to be torn."""
        number = self.count
        self.count += 1
        if self.how == "full" and 0 <= self.at <= number:
            raise apsw.FullError("no space left")
        if number != self.at:
            return False
        if self.how == "error":
            raise apsw.IOError("input/output error")
        if self.how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        return True


class SteppedFile(apsw.VFSFile):
    """A file whose writes are counted."""

    def __init__(self, steps: Steps, name: Any, flags: Any) -> None:
        super().__init__(_SYSTEM, name, flags)
        self._steps = steps

    def xWrite(self, data: Any, offset: int) -> None:
        """Write, or not."""
        if self._steps.take():
            super().xWrite(bytes(data)[: len(data) // 2], offset)
            os.kill(os.getpid(), signal.SIGKILL)
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:
        """Truncate, or not."""
        if self._steps.take():
            os.kill(os.getpid(), signal.SIGKILL)
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:
        """Sync, or not."""
        if self._steps.take():
            os.kill(os.getpid(), signal.SIGKILL)
        super().xSync(flags)


class SteppedVFS(apsw.VFS):
    """A file system whose writes are counted."""

    def __init__(self, steps: Steps) -> None:
        super().__init__("stepped", _SYSTEM, makedefault=True)
        self._steps = steps

    def xOpen(self, name: Any, flags: Any) -> SteppedFile:
        """Open one file."""
        return SteppedFile(self._steps, name, flags)

    def xDelete(self, name: str, syncdir: bool) -> None:
        """Delete, or not."""
        if self._steps.take():
            os.kill(os.getpid(), signal.SIGKILL)
        super().xDelete(name, syncdir)


#: What is stored before, and what is recorded then.
BEFORE = {
    "new": None,
    "rewrite": staged(f={"a": ["x" * 3_000, "y"], "b": ["z"]}, g={"c": ["w"]}),
    "append": staged(f={"a": ["x", "y"], "b": ["z"]}),
}


def after_of(scenario: str) -> Staged:
    """Return what is recorded."""
    if scenario == "append":
        grown = seen("xyzq", mtime_ns=2_000)
        base = base_of("xyz", "end:f")
        return Staged().add(
            "f",
            {"a": ["q"], "d": ["n"]},
            base=base,
            before=grown,
            after=grown,
            cursor="2",
        )
    return staged(f={"a": ["new" * 2_000] * 3, "b": ["z"]}, g={"d": ["n"]})


def run(path: Path, scenario: str) -> None:
    """Record into *path*."""
    side = after_of(scenario)
    mode: Any = "append" if scenario == "append" else "full"
    Recording.begin(path, plan_of(side, mode=mode), wait_s=0).commit(side)


def attempt(path: Path, scenario: str, at: int, how: str) -> dict[str, Any]:
    """Record in this process, with a break; return how it ended."""
    steps = Steps(at, how)
    vfs = SteppedVFS(steps)
    code = None
    try:
        run(path, scenario)
    except ParsediffError as error:
        code = error.code
    vfs.unregister()
    return {"code": code, "steps": steps.count}


def fork(path: Path, scenario: str, at: int, how: str) -> dict[str, Any]:
    """Record in a forked process, with a break; return how it ended."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        result = attempt(path, scenario, at, how)
        os.write(writing, json.dumps(result).encode())
        os._exit(0)
    os.close(writing)
    with open(reading, "rb") as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    signal_ = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
    return {"at": at, "signal": signal_, **json.loads(text or b"{}")}


def main(scenario: str, how: str, folder: Path) -> None:
    """Break at every write there is."""
    base = folder / "base.db"
    for at in itertools.count(-1):
        path = folder / f"{at}.db"
        if base.exists():
            shutil.copyfile(base, path)
        result = fork(path, scenario, at, how)
        print(json.dumps(result), flush=True)  # noqa: T201
        if at >= 0 and result["signal"] is None and result.get("steps", 0) <= at:
            return


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))

"""A tree of files to run plans on, and writers that change them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from pytest_parsediff.core.event import Source
from pytest_parsediff.interleave.bench import empty_folder
from pytest_parsediff.interleave.clock import HarnessClock
from pytest_parsediff.interleave.schedule import Step
from pytest_parsediff.interleave.writers.filesteps import FileStep


@dataclass(frozen=True, slots=True)
class _BoundFileStep:
    step: FileStep
    root: Path
    held: list[int]

    @property
    def label(self) -> str:
        return self.step.label

    def run(self, clock: HarnessClock, /) -> None:
        _hold(self.step, self.root, self.held)
        self.step.run(self.root, clock)


def _hold(step: FileStep, root: Path, held: list[int]) -> None:
    """Keep the inode that *step* takes the name of, so that no later file gets it.

    ext4 gives the number of a deleted file to the next one, and tmpfs never does; but one
    plan is to be one run everywhere. ``O_PATH`` opens nothing: closing it takes no lock
    away (https://man7.org/linux/man-pages/man2/open.2.html).
    """
    name = {"replace": step.path, "delete": step.path, "rename": step.to}
    flag = getattr(os, "O_PATH", None)
    if step.operation in name and flag is not None:
        with suppress(OSError):  # there is none
            held.append(os.open(root / name[step.operation], flag | os.O_NOFOLLOW))


@dataclass(frozen=True, slots=True, kw_only=True)
class FileBench:
    """A tree of files and writers that change them.

    Attributes:
        files: Content by path below the root, with ``/``.
        root: Folder of the store; emptied for every plan.
        spare: Folder for parses of single states.
        name: What the adapter is handed, below the root; empty for the root itself.
        scripts: Steps per writer.
        names: Name per writer.
    """

    files: Mapping[str, bytes]
    root: Path
    spare: Path
    name: str
    scripts: tuple[tuple[FileStep, ...], ...]
    names: tuple[str, ...]

    @property
    def lengths(self) -> tuple[int, ...]:
        """Number of steps per writer."""
        return tuple(len(script) for script in self.scripts)

    @property
    def hides_blocks(self) -> bool:
        """Never: a reader may have a file open that a step replaces."""
        return False

    @property
    def leaves_no_locks(self) -> bool:
        """Always: nobody locks these files."""
        return True

    def make(self, clock: HarnessClock) -> _WrittenFiles:
        """Return a fresh tree, every file as old as the clock."""
        now_ns = clock.now_ms * 1_000_000
        files = {path: (now_ns, data) for path, data in self.files.items()}
        _put_tree(files, self.root)
        return _WrittenFiles(self, self._source(self.root))

    def place(self, content: bytes) -> Source:
        """Write a captured tree to the spare folder."""
        _put_tree(msgspec.msgpack.decode(content), self.spare)
        return self._source(self.spare)

    def _source(self, root: Path) -> Source:
        return Source(root / self.name if self.name else root, root)


class _WrittenFiles:
    """A tree of files while one plan runs."""

    def __init__(self, bench: FileBench, source: Source) -> None:
        self.source = source
        self._held: list[int] = []
        self.writers: list[list[Step]] = [
            [_BoundFileStep(step, source.root, self._held) for step in script]
            for script in bench.scripts
        ]

    def capture(self) -> bytes:
        """Return every file with its modification time, sorted by path."""
        return capture_tree(self.source.root)

    def settle(self) -> None:
        """Nothing is left to do: each step dates its file."""

    def truncate_wal(self) -> bool | None:
        """There is no WAL."""
        return None

    def close(self) -> None:
        """Let the inodes go that steps have taken the names of."""
        while self._held:
            os.close(self._held.pop())

    def discard(self) -> None:
        """Let them go; the next store removes what is there."""
        self.close()


def capture_tree(root: Path) -> bytes:
    """Return every file below *root* with its modification time, sorted by path."""
    files = {
        path.relative_to(root).as_posix(): (
            path.stat().st_mtime_ns,
            path.read_bytes(),
        )
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }
    return msgspec.msgpack.encode(files)


def _put_tree(files: Mapping[str, Sequence[Any]], root: Path) -> None:
    """Make *root* hold just *files*: modification time and content by path."""
    empty_folder(str(root))
    for name, (mtime_ns, data) in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, ns=(mtime_ns, mtime_ns))

"""What can be seen of a source from outside: whether its files may have changed."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

#: What an index of shared memory ends with; readers change it too.
_INDEX = "-shm"
_SIDECARS = ("", "-wal", "-journal")
#: File systems date changes by ticks; within one, two changes have the same time.
_TICK_NS = 50_000_000
#: The same where times are whole seconds, or even ones.
_COARSE_TICK_NS = 2_000_000_000
_SECOND_NS = 1_000_000_000

_Stat: TypeAlias = tuple[str, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Sight:
    """The files of a source at one moment.

    Attributes:
        files: Name, device, inode, size and time of change of each; empty files, which
            readers of a database leave and remove, do not count.
        is_settled: Whether each was left alone long enough before that a later change
            shows.
    """

    files: tuple[_Stat, ...]
    is_settled: bool

    @property
    def is_there(self) -> bool:
        """Whether there is anything to read."""
        return bool(self.files)

    def proves_same(self, other: Sight) -> bool:
        """Return whether nothing was written between *self* and the later *other*."""
        return self.is_settled and self.files == other.files


def look(path: Path) -> Sight:
    """Return what is seen of the file, the database or the folder at *path*."""
    now = time.time_ns()
    files = tuple(sorted(_stats(path)))
    return Sight(files, all(now - changed > _tick_ns(changed) for *_, changed in files))


def _tick_ns(changed_ns: int) -> int:
    return _TICK_NS if changed_ns % _SECOND_NS else _COARSE_TICK_NS


def files_of(path: Path) -> tuple[Path, ...]:
    """Return a database and what lies beside it; of any other file, itself counts."""
    return tuple(Path(f"{path}{suffix}") for suffix in _SIDECARS)


def is_part(path: Path, changed: str) -> bool:
    """Return whether the file *changed* is one of the source at *path*, or in it."""
    if path.is_dir():
        return not changed.endswith(_INDEX)
    return changed in {str(file) for file in files_of(path)}


def _stats(path: Path) -> Iterator[_Stat]:
    for file in _all_files(path):
        try:
            status = os.stat(file)
        except OSError:
            continue
        if status.st_size or file == path:
            changed = max(status.st_mtime_ns, status.st_ctime_ns)
            yield (
                str(file),
                status.st_dev,
                status.st_ino,
                status.st_size,
                changed,
            )


def _all_files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield from files_of(path)
        return
    for folder, _, names in os.walk(path):
        yield from (Path(folder, name) for name in names if not name.endswith(_INDEX))

"""What a source is at one moment: its bytes, or what belongs to each session.

Files are looked at twice: before the parse with a hash of every byte, after it with a
``stat`` alone where that is enough. It is not enough for a file that was written
shortly before it was observed: a later write within one tick of the file system's
clock leaves the modification time as it was, so such a *racily young* file is hashed
again (https://git-scm.com/docs/racy-git tells the same of an index).

Databases are never opened here, not even to hash them: closing any descriptor of a
file drops every POSIX lock that this process holds on it
(https://sqlite.org/howtocorrupt.html section 2.2). Their evidence is read by SQLite.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from pytest_parsediff.diff.codex import is_json
from pytest_parsediff.diff.observation import Observation

#: A file changed less than this long ago may change again without a new time: the
#: coarsest clock of a file system in use, FAT's, has ticks of two seconds.
YOUNG_NS = 2 * 10**9
_CHUNK = 2**20
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Seen:
    """An observation, and whether its times can be relied on.

    Attributes:
        observation: What was seen.
        is_young: Whether an equal ``stat`` later proves nothing.
        consumed_hash: SHA-256 of the bytes up to the consumed boundary, hex; empty
            where no boundary was looked for.
    """

    observation: Observation
    is_young: bool = True
    consumed_hash: str = ""


def observe_file(path: Path, *, with_boundary: bool = False) -> Seen:
    """Return what the file *path* is now, with the hash of its bytes.

    A file that changes while it is read is read again, up to three times.

    Args:
        path: A regular file that is no database.
        with_boundary: Whether to find the end of the last complete valid JSON line.
    """
    seen = Seen(Observation(exists=False))
    for _ in range(_TRIES):
        try:
            seen, is_stable = _observe_once(path, with_boundary)
        except OSError as error:
            return Seen(_unreadable(error))
        if is_stable:
            break
    return seen


def _observe_once(path: Path, with_boundary: bool) -> tuple[Seen, bool]:
    now = time.time_ns()
    with FileIO(path) as file:
        status = os.fstat(file.fileno())
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.tell()
        consumed = _boundary(file, size) if with_boundary else None
        consumed_hash = digest
        if consumed is not None and consumed != size:
            consumed_hash = hash_prefix(file, consumed)
        is_stable = _stamp(os.fstat(file.fileno())) == _stamp(status)
    seen = Seen(
        _of_status(status, digest, consumed),
        _is_young(status, now),
        consumed_hash if with_boundary else "",
    )
    return seen, is_stable


def observe_again(
    path: Path, before: Seen, *, with_boundary: bool = False, force: bool = False
) -> Seen:
    """Return what the file is now; its bytes are read only if they may differ.

    Args:
        path: As in :func:`observe_file`.
        before: The observation to compare with.
        with_boundary: As in :func:`observe_file`.
        force: Read the bytes whatever ``stat`` says.
    """
    old = before.observation
    if old.error or before.is_young or force:
        return observe_file(path, with_boundary=with_boundary)
    try:
        status = path.stat()
    except OSError as error:
        return Seen(_unreadable(error))
    if _of_status(status, old.content_hash, old.consumed) == old:
        return before
    return observe_file(path, with_boundary=with_boundary)


def observe_folder(path: Path) -> Seen:
    """Return one observation of all regular files below the folder *path*.

    Size is their sum and times are the latest of files and folders, so that a file
    that vanishes is seen too; the hash covers names and bytes.
    """
    now = time.time_ns()
    digest = hashlib.sha256()
    size = mtime_ns = ctime_ns = 0
    try:
        root = path.stat()
        for found in [path, *sorted(path.rglob("*"))]:
            status = found.stat()
            mtime_ns = max(mtime_ns, status.st_mtime_ns)
            ctime_ns = max(ctime_ns, status.st_ctime_ns)
            if not stat.S_ISREG(status.st_mode):
                continue
            size += status.st_size
            name = os.fsencode(found.relative_to(path))
            with found.open("rb", buffering=0) as file:
                inner = hashlib.file_digest(file, "sha256").digest()
            digest.update(len(name).to_bytes(8, "big") + name + inner)
    except OSError as error:
        return Seen(_unreadable(error))
    observation = Observation(
        size=size,
        mtime_ns=mtime_ns,
        ctime_ns=ctime_ns,
        inode=_inode(root),
        content_hash=digest.hexdigest(),
    )
    return Seen(observation, now - max(mtime_ns, ctime_ns) < YOUNG_NS)


def observe_stat(path: Path) -> Observation:
    """Return what ``stat`` says of *path*; nothing is opened."""
    try:
        return _of_status(path.stat(), None, None)
    except OSError as error:
        return _unreadable(error)


def observe_database(path: Path) -> Observation:
    """Return what ``stat`` says of a database and its ``-wal`` together.

    An empty ``-wal`` counts as none: whoever reads a database in WAL mode makes one.
    """
    try:
        status = path.stat()
    except OSError as error:
        return _unreadable(error)
    found = [status]
    with suppress(OSError):
        wal = Path(f"{path}-wal").stat()
        found += [wal] if wal.st_size else []
    return Observation(
        size=sum(one.st_size for one in found),
        mtime_ns=max(one.st_mtime_ns for one in found),
        ctime_ns=max(one.st_ctime_ns for one in found),
        inode=_inode(status),
    )


def _unreadable(error: OSError) -> Observation:
    exists = not isinstance(error, (FileNotFoundError, NotADirectoryError))
    text = error.strerror or type(error).__name__
    return Observation(exists=exists, error=text)


def _of_status(
    status: os.stat_result, digest: str | None, consumed: int | None
) -> Observation:
    return Observation(
        size=status.st_size,
        mtime_ns=status.st_mtime_ns,
        ctime_ns=status.st_ctime_ns,
        inode=_inode(status),
        content_hash=digest,
        consumed=consumed,
    )


def _inode(status: os.stat_result) -> str:
    return f"{status.st_dev}:{status.st_ino}"


def _stamp(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _is_young(status: os.stat_result, now_ns: int) -> bool:
    return now_ns - max(status.st_mtime_ns, status.st_ctime_ns) < YOUNG_NS


def hash_prefix(file: FileIO, size: int) -> str:
    """Return the SHA-256 of the first *size* bytes, hex; of fewer if it is shorter."""
    digest = hashlib.sha256()
    file.seek(0)
    while size > 0 and (chunk := file.read(min(size, _CHUNK))):
        digest.update(chunk)
        size -= len(chunk)
    return digest.hexdigest()


# --- consumed boundary --------------------------------------------------------------------


def _boundary(file: FileIO, size: int) -> int:
    """Return where the last complete valid JSON line of the first *size* bytes ends.

    Lines are read from the end, so the cost is that of the tail that is ignored, not
    that of the file. A last line without its LF never counts.
    """
    end = _line_start(file, size)  # behind the last LF
    while end > 0:
        start = _line_start(file, end - 1)
        if is_json(_read(file, start, end)):
            return end
        end = start
    return 0


def _line_start(file: FileIO, before: int) -> int:
    """Return the first byte behind the last LF in the first *before* bytes."""
    end = before
    while end > 0:
        start = max(0, end - _CHUNK)
        found = _read(file, start, end).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _read(file: FileIO, start: int, end: int) -> bytes:
    file.seek(start)
    return file.read(end - start)

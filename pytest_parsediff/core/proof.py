"""Proof that an adapter only read: what lies below a store root before and after.

Digests are taken only when this process has no descriptor open on a file of the
store: on POSIX systems closing *any* descriptor of a file drops every lock that the
process holds on it, so reading a database that an adapter still has open would take
its locks away (https://sqlite.org/howtocorrupt.html section 2.2). Where an adapter
keeps a connection, a child process takes them.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from pytest_parsediff.core.files import read_file
from pytest_parsediff.core.wording import counted

_CHILD = """\
import hashlib, json, sys
paths = json.load(sys.stdin)
print(json.dumps([hashlib.sha256(open(p, "rb").read()).hexdigest() for p in paths]))
"""


class FileState(NamedTuple):
    """One file at one moment.

    Attributes:
        size: Bytes.
        mtime_ns: Nanoseconds since the epoch.
        identity: Device and inode.
        digest: SHA-256 of the content; empty for ``-shm``, which readers may change,
            and for anything that is not a regular file.
        mode: Type and permissions, as in ``st_mode``.
    """

    size: int
    mtime_ns: int
    identity: tuple[int, int]
    digest: bytes
    mode: int


class Content(NamedTuple):
    """Bytes of a file, and what hashing them gives."""

    data: bytes
    digest: bytes


def observe(
    root: Path | str,
    known: Mapping[str, bytes] | None = None,
    likely: Mapping[str, Content] | None = None,
) -> dict[str, FileState]:
    """Return the state of everything below *root*, by path relative to it.

    Args:
        root: The store root.
        known: Digests that need not be computed again, by relative path.
        likely: What files are expected to hold. They are read all the same; the one
            that holds just these bytes has their digest.

    Returns:
        Relative path with ``/`` to state, in no particular order. Folders end with
        ``/``; they have neither size nor time, because making ``-shm`` changes those.
        A root that is gone has nothing below it.
    """
    known = known or {}
    root = str(root)
    found: dict[str, os.stat_result] = {}
    _list_files(root, "", found)
    wanted = [
        name
        for name, status in found.items()
        if name not in known
        and stat.S_ISREG(status.st_mode)
        and not name.endswith("-shm")
    ]
    digests = {**known, **_digests(root, wanted, found, likely or {})}
    return {
        name: FileState(
            0 if name.endswith("/") else status.st_size,
            0 if name.endswith("/") else status.st_mtime_ns,
            (status.st_dev, status.st_ino),
            digests.get(name, b""),
            status.st_mode,
        )
        for name, status in found.items()
    }


def _list_files(folder: str, prefix: str, found: dict[str, os.stat_result]) -> None:
    """Add everything below *folder* to *found*."""
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return
    for entry in entries:
        # os.stat, because entry.stat() has no inode on Windows
        status = os.stat(entry.path, follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode):
            found[f"{prefix}{entry.name}/"] = status
            _list_files(entry.path, f"{prefix}{entry.name}/", found)
        else:
            found[prefix + entry.name] = status


def _digests(
    root: str,
    names: list[str],
    found: Mapping[str, os.stat_result],
    likely: Mapping[str, Content],
) -> dict[str, bytes]:
    if not names:
        return {}
    files = {name: status for name, status in found.items() if name[-1] != "/"}
    if is_held(files.values(), _only_names(files)):
        return dict(zip(names, _digests_in_child(root, names), strict=True))
    digests = {}
    for name in names:
        path = f"{root}/{name}"
        expected = likely.get(name)
        if expected is not None and _holds(path, expected.data):
            digests[name] = expected.digest
        else:
            digests[name] = _digest(path)
    return digests


def _holds(path: str, data: bytes) -> bool:
    """Return whether the file holds just *data*; comparing is cheaper than hashing."""
    return read_file(path, len(data)) == data


def _digest(path: str) -> bytes:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def is_held(files: Iterable[os.stat_result], only_names: tuple[str, ...] = ()) -> bool:
    """Return whether this process has one of *files* open, by whatever library.

    If so, neither may it be opened and closed here, nor read through another SQLite
    library: both take the locks of its holder away. A child process may do either.

    Args:
        files: Their identities count.
        only_names: What the names of their descriptors end with, if that is known.
    """
    identities = {(status.st_dev, status.st_ino) for status in files}
    if not _is_open(identities, only_names):
        return False
    gc.collect()  # a connection in a reference cycle closes only now
    return _is_open(identities, only_names)


def _is_open(identities: set[tuple[int, int]], only_names: tuple[str, ...]) -> bool:
    """Return whether this process has a descriptor on one of *identities*.

    Where the system does not list descriptors the answer is yes, but for Windows,
    whose locks do not have the POSIX hazard.
    """
    try:
        descriptors = os.listdir("/dev/fd")
    except OSError:
        return os.name != "nt"
    for descriptor in descriptors:
        try:
            if only_names:
                name = os.readlink(f"/dev/fd/{descriptor}")
                if not name.endswith(only_names):
                    continue
            status = os.fstat(int(descriptor))
        except OSError:  # the descriptor of the listing itself
            continue
        if (status.st_dev, status.st_ino) in identities:
            return True
    return False


def _only_names(files: Mapping[str, os.stat_result]) -> tuple[str, ...]:
    """Return names such that a descriptor with another name is on none of *files*.

    Linux tells the name under which a file was opened, or has been renamed to since,
    for a seventh of the price of ``fstat``. A file with several links has several
    names; then nothing is returned, and everything has to be looked at.
    """
    if sys.platform != "linux" or any(at.st_nlink != 1 for at in files.values()):
        return ()
    return tuple(name.rpartition("/")[2] for name in files)


def _digests_in_child(root: str, names: list[str]) -> list[bytes]:
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _CHILD],
        input=json.dumps([f"{root}/{name}" for name in names]),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [bytes.fromhex(digest) for digest in json.loads(done.stdout)]


def violations(
    before: Mapping[str, FileState], after: Mapping[str, FileState]
) -> list[str]:
    """Return what a reader must not have done, one line each; empty is the proof.

    Allowed is what SQLite's own read-only connections do in WAL mode: make, change or
    remove ``-shm``, and leave an empty ``-wal`` that was not there before
    (https://sqlite.org/walformat.html section 2.1). An empty one that was there gets
    the permissions of its database (``robust_open`` in SQLite's ``os_unix.c``).
    """
    lines = []
    for name in sorted({*before, *after}):
        if name.endswith("-shm"):
            continue
        if name not in after:
            lines.append(f"removed {name}")
        elif name in before:
            lines.extend(_changes(name, before[name], after[name]))
        elif after[name].size or not name.endswith("-wal"):
            lines.append(f"created {name} ({counted(after[name].size, 'byte')})")
    return lines


def _changes(name: str, old: FileState, new: FileState) -> Iterator[str]:
    if old.identity != new.identity:
        yield f"replaced {name} by another file"
    elif old.digest != new.digest:
        yield f"changed {name} ({counted(old.size, 'byte')} before, {new.size} after)"
    elif old.mtime_ns != new.mtime_ns:
        yield f"changed the modification time of {name}"
    is_empty_wal = name.endswith("-wal") and not new.size
    if old.mode != new.mode and old.identity == new.identity and not is_empty_wal:
        yield f"changed the permissions of {name}"

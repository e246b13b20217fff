"""Throwaway folders: where stores are put, and what happens to them afterwards.

One run folder per pytest run, on tmpfs when there is one with room, and below it one
folder per projection. A folder is removed as soon as it is not needed; what is kept
for a failure stays until the third run after it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

_PREFIX = "pytest-parsediff-"
_TMPFS = Path("/dev/shm")  # noqa: S108 - the folder made in it is private
_ROOM_BYTES = 256 * 2**20
_KEEP_RUNS = 3
#: A folder younger than this may belong to a run that has not noted its pid yet.
_NEW_NS = 60 * 10**9


def make_run_folder(parent: Path | None = None) -> Path:
    """Make and return a new private folder for this run, links resolved.

    Args:
        parent: Where to make it; ``None`` chooses tmpfs if it is there, writable and
            has 256 MiB free, else the system's temporary folder.

    Folders of earlier runs of the same user are removed, but for the newest two and
    for those whose process still runs.
    """
    parent = parent or _choose_parent()
    parent.mkdir(parents=True, exist_ok=True)
    prefix = f"{_PREFIX}{_user()}-"
    _forget_old_runs(parent, prefix)
    run = Path(tempfile.mkdtemp(prefix=prefix, dir=parent)).resolve()
    (run / "pid").write_text(str(os.getpid()), "ascii")
    return run


def _choose_parent() -> Path:
    temporary = Path(tempfile.gettempdir())
    if "TMPDIR" in os.environ or not os.access(_TMPFS, os.W_OK | os.X_OK):
        return temporary
    try:
        status = os.statvfs(_TMPFS)
    except OSError:
        return temporary
    return _TMPFS if status.f_bavail * status.f_frsize >= _ROOM_BYTES else temporary


def _user() -> str:
    return (
        str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "u")
    )


def _forget_old_runs(parent: Path, prefix: str) -> None:
    """Remove this user's older run folders, but for those still in use."""
    runs = []
    for path in parent.glob(f"{prefix}*"):
        try:
            status = path.lstat()
        except OSError:
            continue
        if not hasattr(os, "getuid") or status.st_uid == os.getuid():
            runs.append((status.st_mtime_ns, path))
    for made_ns, path in sorted(runs)[: -(_KEEP_RUNS - 1)]:
        is_new = time.time_ns() - made_ns < _NEW_NS
        if not _is_alive(path) and not (is_new and not (path / "pid").exists()):
            remove_tree(path)


def _is_alive(run: Path) -> bool:
    """Return whether the process that made *run* still runs."""
    try:
        pid = int((run / "pid").read_text("ascii"))
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, ValueError, OverflowError):
        return False
    return True


def remove_tree(path: Path) -> None:
    """Remove *path* with everything below, also what was made read-only.

    What lies outside is never touched: no link is followed, and the folder around
    *path* keeps its mode. What cannot be removed stays, without an error.
    """
    shutil.rmtree(path, ignore_errors=True)
    if path.is_symlink() or not path.is_dir():
        return
    with contextlib.suppress(OSError):  # another process removes it too
        path.chmod(0o700)
        for folder, folders, files in os.walk(path):  # lists a folder after its chmod
            for name in (*folders, *files):
                inner = Path(folder, name)
                if not inner.is_symlink():
                    inner.chmod(0o700)
    shutil.rmtree(path, ignore_errors=True)


def _remove_flat(base: str) -> bool:
    """Remove *base* if there are only files in its folders; return whether it is gone.

    Most desks are like that, and this takes a tenth of the time of a general removal.
    It is as careful: names are resolved in folders that were opened without following
    a link.
    """
    if not hasattr(os, "O_NOFOLLOW"):
        return False
    try:
        for name in os.listdir(base):
            folder = f"{base}/{name}"
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                for file in os.listdir(descriptor):
                    os.unlink(file, dir_fd=descriptor)
            finally:
                os.close(descriptor)
            os.rmdir(folder)
        os.rmdir(base)
    except OSError:
        return False
    return True


@dataclass(slots=True)
class Workspace:
    """Hands out numbered folders below one run folder.

    Attributes:
        run: The run folder.
        label: Part of each folder's name that tells processes apart.
    """

    run: Path
    label: str = "main"
    _count: int = field(default=0, init=False)

    def new_desk(self) -> Desk:
        """Make the folders of one projection."""
        self._count += 1
        base = f"{self.run}{os.sep}{self.label}-{self._count}"
        os.mkdir(base, 0o700)
        return Desk.make(base)

    def close(self) -> None:
        """Remove the run folder if nothing in it was kept."""
        kept = [entry for entry in os.scandir(self.run) if entry.name != "pid"]
        if not kept:
            remove_tree(self.run)


class Desk:
    """The folders of one projection.

    They are known as text, and paths are made on first use: making the path of a
    folder takes longer than making the folder.

    Args:
        base: Absolute path of the folder that holds all of them.

    Attributes:
        store_text: The store root, as text.
        tmp_text: ``HOME`` and working directory of commands, as text.
    """

    def __init__(self, base: str) -> None:
        self._base_text = base
        self.store_text = f"{base}{os.sep}store"
        self.tmp_text = f"{base}{os.sep}tmp"

    @classmethod
    def make(cls, base: str) -> Desk:
        """Make the folders below *base*, which exists and is empty."""
        desk = cls(base)
        os.mkdir(desk.store_text, 0o700)
        os.mkdir(desk.tmp_text, 0o700)
        return desk

    @cached_property
    def base(self) -> Path:
        """Holds all of them; ``actual.jsonl`` of a failure is put here."""
        return Path(self._base_text)

    @cached_property
    def store(self) -> Path:
        """The store root."""
        return Path(self.store_text)

    @cached_property
    def tmp(self) -> Path:
        """``HOME`` and working directory of commands."""
        return Path(self.tmp_text)

    @property
    def state(self) -> Path:
        """Folder that survives between polls; made on first use."""
        path = self.base / "state"
        path.mkdir(mode=0o700, exist_ok=True)
        return path

    def homes(self) -> Mapping[str, str]:
        """Return the variables that make programs keep their files on this desk."""
        tmp = self.tmp_text
        return {
            "HOME": tmp,
            "XDG_CONFIG_HOME": f"{tmp}/.config",
            "XDG_CACHE_HOME": f"{tmp}/.cache",
            "XDG_DATA_HOME": f"{tmp}/.local/share",
            "XDG_STATE_HOME": f"{tmp}/.local/state",
        }

    def remove(self) -> None:
        """Remove everything."""
        if not _remove_flat(self._base_text):
            remove_tree(self.base)

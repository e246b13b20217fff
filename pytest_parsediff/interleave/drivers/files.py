"""Follow readers of files in this process: every open, read, stat and listing.

Functions of ``os`` and ``builtins`` are wrapped while a reader runs, and files that are
opened for reading are read through a raw file of our own, because a plain buffered file
tells nobody when it asks the system for more. The audit hook is the witness: what it
hears of the store and no wrapper reported was not followed.
"""

from __future__ import annotations

import builtins
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pytest_parsediff.interleave.drivers.audit import listening
from pytest_parsediff.interleave.drivers.driver import Follower, Reach, Witness
from pytest_parsediff.interleave.schedule import Kind

#: Called with a path as their first argument.
_BY_PATH = ("stat", "lstat", "scandir", "listdir", "access", "readlink")
#: Called with a descriptor as their first argument.
_BY_DESCRIPTOR = ("read", "pread", "readv", "preadv", "fstat", "lseek")
#: Audit events of ways to read that no wrapper follows.
_UNFOLLOWED = {
    "mmap.__new__": "a file was mapped into memory",
    "subprocess.Popen": "another process was started",
    "os.posix_spawn": "another process was started",
}
_EVENTS = ("open", *_UNFOLLOWED)


class FileDriver:
    """Follows readers of files below the root."""

    @contextmanager
    def following(self, root: Path, reach: Reach) -> Iterator[Witness]:
        """Report every call that looks at the store; see ``Driver``."""
        following = _Following(root, reach)
        with listening(following.hear, _EVENTS), following.patched():
            try:
                yield following.witness
            finally:
                following.leave()


class _Following(Follower):
    """The file calls of one reader while it is followed."""

    def __init__(self, root: Path, reach: Reach) -> None:
        super().__init__(root, reach)
        self._paths: dict[int, str] = {}
        self._announced: list[str] = []
        self._prefix = os.path.realpath(root)
        self._open = builtins.open
        self._os_open = os.open
        self._os_close = os.close

    @contextmanager
    def patched(self) -> Iterator[None]:
        """Put the wrappers in place, and the originals back."""
        wrappers: list[tuple[Any, str, Any]] = [
            (builtins, "open", self._wrapped_open),
            (io, "open", self._wrapped_open),
            (os, "open", self._wrapped_os_open),
            (os, "close", self._wrapped_os_close),
        ]
        wrappers += [
            (os, name, self._by_path(name, getattr(os, name))) for name in _BY_PATH
        ]
        for name in _BY_DESCRIPTOR:
            if hasattr(os, name):
                wrapper = self._by_descriptor(name, getattr(os, name))
                wrappers.append((os, name, wrapper))
        before = [(owner, name, getattr(owner, name)) for owner, name, _ in wrappers]
        for owner, name, wrapper in wrappers:
            setattr(owner, name, wrapper)
        try:
            yield
        finally:
            for owner, name, original in before:
                setattr(owner, name, original)

    def hear(self, event: str, args: tuple[Any, ...]) -> None:
        """Notice what no wrapper follows."""
        if self.is_busy:
            return
        if event == "open":
            path = self._path_of(args[0])
            if path is None:
                return
            if path in self._announced:
                self._announced.remove(path)
            elif not _writes(args[2]):
                self._miss(f"{path} was opened by other means than open()")
        else:
            self._miss(_UNFOLLOWED[event])

    def reach_file(self, what: str, path: str) -> None:
        """Say that a call on a file of the store is about to be made."""
        name = os.path.relpath(path, self._prefix)
        self.report(Kind.FILE, f"{what} {name}")

    def _miss(self, what: str) -> None:
        if what not in self.witness.unseen:
            self.witness.unseen.append(what)

    def _path_of(self, file: object) -> str | None:
        """Return the path that *file* denotes, if it lies in the store.

        Only text is compared, because looking at the file would be a call too.
        """
        if isinstance(file, int):
            return self._paths.get(file)
        if not isinstance(file, (str, bytes, os.PathLike)):
            return None
        path = os.path.abspath(os.fsdecode(file))
        inside = path == self._prefix or path.startswith(self._prefix + os.sep)
        return path if inside else None

    def _by_path(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(path: Any = ".", *args: Any, **kwargs: Any) -> Any:
            inside = None if self.is_busy else self._path_of(path)
            if inside is not None:
                self.reach_file(name, inside)
            return original(path, *args, **kwargs)

        return wrapper

    def _by_descriptor(
        self, name: str, original: Callable[..., Any]
    ) -> Callable[..., Any]:
        def wrapper(descriptor: int, *args: Any, **kwargs: Any) -> Any:
            if not self.is_busy and descriptor in self._paths:
                self.reach_file(name, self._paths[descriptor])
            return original(descriptor, *args, **kwargs)

        return wrapper

    def _wrapped_os_open(self, path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
        inside = None if self.is_busy else self._path_of(path)
        if inside is None or _writes(flags):
            return self._os_open(path, flags, *args, **kwargs)
        self.reach_file("open", inside)
        self._announced.append(inside)
        descriptor = self._os_open(path, flags, *args, **kwargs)
        self._paths[descriptor] = inside
        return descriptor

    def _wrapped_os_close(self, descriptor: int) -> None:
        self._paths.pop(descriptor, None)
        self._os_close(descriptor)

    def _wrapped_open(  # noqa: PLR0913, PLR0917 - the signature of open()
        self,
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: Any = None,
    ) -> Any:
        """Open *file*; one of the store, for reading, is read through our raw file."""
        inside = None if self.is_busy else self._path_of(file)
        if inside is None or isinstance(file, int) or set(mode) - set("rbtU"):
            return self._open(
                file, mode, buffering, encoding, errors, newline, closefd, opener
            )
        self.reach_file("open", inside)
        self._announced.append(inside)
        raw = _RawFile(file, self, inside, opener)
        if buffering == 0 and "b" in mode:
            return raw
        size = buffering if buffering > 1 else io.DEFAULT_BUFFER_SIZE
        buffered = io.BufferedReader(raw, size)
        if "b" in mode:
            return buffered
        return io.TextIOWrapper(buffered, encoding, errors, newline)


class _RawFile(io.FileIO):
    """A file opened for reading that says when it asks the system for more."""

    def __init__(
        self, file: Any, following: _Following, path: str, opener: Any
    ) -> None:
        super().__init__(file, "r", opener=opener)
        self._following = following
        self._path = path

    def readinto(self, buffer: Any, /) -> int:
        """Report, then read into *buffer*."""
        self._following.reach_file("read", self._path)
        return super().readinto(buffer)

    def read(self, size: int | None = -1, /) -> Any:
        """Report, then read *size* bytes."""
        self._following.reach_file("read", self._path)
        return super().read(size)

    def readall(self) -> Any:
        """Report, then read to the end."""
        self._following.reach_file("read", self._path)
        return super().readall()


def _writes(flags: object) -> bool:
    """Return whether a file is opened to be changed."""
    if not isinstance(flags, int):
        return False
    return bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC))

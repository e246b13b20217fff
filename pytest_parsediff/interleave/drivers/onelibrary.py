"""Refuse a second SQLite library on a database that writers of this process have open.

Two libraries in one process do not see each other's POSIX locks, and closing a file in
one of them drops the locks of the other (https://sqlite.org/howtocorrupt.html section
2.2.1), so nothing that is seen then is the reader's fault.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any

import apsw

from pytest_parsediff.core.errors import TwoLibrariesError, Where
from pytest_parsediff.interleave.drivers.audit import ignore, listen
from pytest_parsediff.interleave.drivers.connections import database_path
from pytest_parsediff.interleave.drivers.driver import Witness
from pytest_parsediff.interleave.writers.connection import Library


class RefusingOthers:
    """Follows a reader, and refuses connections to a database by another library.

    The reader gets the error where it connects, and if it goes on in spite of it, the
    witness keeps it.

    Args:
        following: Follows the reader.
        library: Whose connections the writers of this process are; one in a process of
            its own disturbs nobody.
        root: Folder of the store.
        name: Of the database in it.
    """

    def __init__(
        self,
        following: AbstractContextManager[Witness],
        library: Library,
        root: Path,
        name: str,
    ) -> None:
        self._following = following
        self._library = library
        self._root = root
        self._name = name
        self._witness: Witness | None = None

    def __enter__(self) -> Witness:
        """Follow the reader from now on."""
        self._witness = witness = self._following.__enter__()
        match self._library:
            case Library.APSW:
                listen(self._hear_stdlib, _EVENTS)
            case Library.STDLIB:
                apsw.connection_hooks.append(self._hear_apsw)
        return witness

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave it."""
        match self._library:
            case Library.APSW:
                ignore(self._hear_stdlib, _EVENTS)
            case Library.STDLIB:
                apsw.connection_hooks.remove(self._hear_apsw)
        self._following.__exit__(kind, error, traceback)

    def _hear_apsw(self, connection: apsw.Connection) -> None:
        self._look(Library.APSW, connection.filename)

    def _hear_stdlib(self, _event: str, args: tuple[Any, ...]) -> None:
        self._look(Library.STDLIB, database_path(args[0]))

    def _look(self, other: Library, opened: str | None) -> None:
        path = self._root / self._name
        if opened is None or os.path.realpath(opened) != os.path.realpath(path):
            return
        message = f"writers use {_NAMES[self._library]}, and the reader {_NAMES[other]}"
        error = TwoLibrariesError(f"{message}, in one process", Where(path))
        if self._witness is not None:
            self._witness.failure = self._witness.failure or error
        raise error


_EVENTS = ("sqlite3.connect",)
_NAMES = {Library.STDLIB: "sqlite3", Library.APSW: "apsw"}

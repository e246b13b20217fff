"""Refuse a second SQLite library on a database that writers of this process have open.

Two libraries in one process do not see each other's POSIX locks, and closing a file in
one of them drops the locks of the other (https://sqlite.org/howtocorrupt.html section
2.2.1), so nothing that is seen then is the reader's fault.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from pytest_parsediff.core.errors import TwoLibrariesError, Where
from pytest_parsediff.interleave.drivers.audit import listening
from pytest_parsediff.interleave.drivers.driver import Witness, database_path
from pytest_parsediff.interleave.writers.connection import Library


@contextmanager
def refusing_others(library: Library, path: Path, witness: Witness) -> Iterator[None]:
    """Refuse connections to the database at *path* by another library than *library*.

    The reader gets the error where it connects, and if it goes on in spite of it, the
    witness keeps it.

    Args:
        library: Whose connections the writers of this process are; one in a process of
            its own disturbs nobody.
        path: The database.
        witness: Of the reader.
    """

    def look(other: Library, opened: str | None) -> None:
        if opened is None or os.path.realpath(opened) != os.path.realpath(path):
            return
        message = f"writers use {_NAMES[library]}, and the reader {_NAMES[other]}"
        error = TwoLibrariesError(f"{message}, in one process", Where(path))
        witness.failure = witness.failure or error
        raise error

    def hear_apsw(connection: apsw.Connection) -> None:
        look(Library.APSW, connection.filename)

    def hear_stdlib(_event: str, args: tuple[Any, ...]) -> None:
        look(Library.STDLIB, database_path(args[0]))

    match library:
        case Library.PROCESS:
            yield
        case Library.APSW:
            with listening(hear_stdlib, ("sqlite3.connect",)):
                yield
        case Library.STDLIB:
            apsw.connection_hooks.append(hear_apsw)
            try:
                yield
            finally:
                apsw.connection_hooks.remove(hear_apsw)


_NAMES = {Library.STDLIB: "sqlite3", Library.APSW: "apsw"}

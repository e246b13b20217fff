"""The connection that a reader keeps, and when it has to be made anew."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar, final

import apsw

from pytest_parsediff.adapters.opencode.connection import (
    fetch,
    open_source,
    read_transaction,
    store_errors,
)
from pytest_parsediff.adapters.opencode.layout import Layout, read_layout
from pytest_parsediff.core.errors import StoreOpenError, Where

_T = TypeVar("_T")
_ATTEMPTS = 3


@final
class Handle:
    """One connection to one store; open from the first use to :meth:`close`."""

    __slots__ = ("_connection", "_identity", "_layout", "_path")

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: apsw.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._layout: Layout | None = None

    @property
    def connection(self) -> apsw.Connection:
        """The open connection; :meth:`attach` comes first."""
        assert self._connection is not None
        return self._connection

    def attach(self) -> bool:
        """Open the store, again if another file stands in its place.

        Returns:
            Whether the connection is a new one.

        Raises:
            StoreOpenError: PD422, the file is missing, unreadable or no database.
        """
        identity = _identify(self._path)
        if self._connection is not None and identity == self._identity:
            return False
        for _ in range(_ATTEMPTS):
            self.close()
            connection = open_source(self._path)
            before, identity = identity, _identify(self._path)
            self._connection, self._identity = connection, identity
            if before == identity:
                break
        return True

    def data_version(self) -> int:
        """Return a number that changes when somebody else has committed.

        Source:
            https://sqlite.org/pragma.html#pragma_data_version
        """
        with store_errors(self._path):
            return _number(self.connection, "PRAGMA data_version")

    @contextmanager
    def snapshot(self) -> Iterator[Layout]:
        """Hold one snapshot of the store, and know its tables as they are in it.

        Raises:
            StoreOpenError: PD422. SchemaError: PD421.
        """
        connection = self.connection
        with store_errors(self._path), read_transaction(connection):
            version = _number(connection, "PRAGMA schema_version")
            if self._layout is None or self._layout.version != version:
                place = Where(self._path)
                self._layout = read_layout(connection, version, place)
            yield self._layout

    def read(self, ask: Callable[[apsw.Connection, Layout], _T]) -> _T:
        """Return what *ask* finds in one snapshot, which is released."""
        with self.snapshot() as layout:
            return ask(self.connection, layout)

    def close(self) -> None:
        """Close the connection; may be called twice."""
        if self._connection is not None:
            self._connection.close()
            self._connection = self._layout = None


def _identify(path: Path) -> tuple[int, int]:
    """Return device and inode of the file that *path* names now."""
    try:
        found = os.stat(path)
    except OSError as error:
        message = f"expected a readable SQLite database, got {error.strerror}"
        raise StoreOpenError(message, Where(path)) from error
    return found.st_dev, found.st_ino


def _number(connection: apsw.Connection, sql: str) -> int:
    value = fetch(connection, sql)[0][0]
    assert isinstance(value, int)
    return value

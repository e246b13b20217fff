"""The workload of ``interleaving.py`` for the harness: adapters, writers and a rig."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import apsw
from interleaving_sql import (
    FIXTURE,
    TORN_FIXTURE,
    TORN_READS,
    TORN_WRITES,
    WRITERS,
    poll,
    transactions,
)

from pytest_parsediff.adapters.protocol import Adapter, OpenableAdapter
from pytest_parsediff.core.config import AdapterConfig
from pytest_parsediff.core.event import Checkpoint, Context, Emission, Source
from pytest_parsediff.core.rules import compile_rules
from pytest_parsediff.core.store import build_image
from pytest_parsediff.diff.comparison import compile_comparison
from pytest_parsediff.interleave.databasebench import DatabaseBench
from pytest_parsediff.interleave.drivers.apsw import ApswDriver
from pytest_parsediff.interleave.drivers.stdlib import StdlibDriver
from pytest_parsediff.interleave.rig import Rig
from pytest_parsediff.interleave.states import States
from pytest_parsediff.interleave.subject import Subject
from pytest_parsediff.interleave.writers.connection import Library
from pytest_parsediff.interleave.writers.sqlscript import parse_script

#: What every program starts its databases from.
IMAGE = build_image(FIXTURE.encode(), Path("fixture.sql"), journal="wal").main


def connect_stdlib(path: Path) -> sqlite3.Connection:
    """Return a read-only connection of the standard library."""
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True)


def connect_apsw(path: Path) -> apsw.Connection:
    """Return a read-only connection of apsw."""
    return apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)


class OpenReader:
    """Reads through one connection, kept from poll to poll."""

    def __init__(self, database: Any) -> None:
        self._database = database

    def scan(self, cursor: str | None) -> Iterator[Emission]:
        """Poll."""
        return poll(self._database, cursor, checkpoint=Checkpoint)

    def close(self) -> None:
        """Close the connection."""
        self._database.close()


class Opening:
    """An adapter that is opened once."""

    name = "opening"

    def __init__(self, connect: Callable[[Path], Any]) -> None:
        self._connect = connect

    def open(self, source: Source, _context: Context) -> OpenReader:
        """Connect."""
        return OpenReader(self._connect(source.path))


class Connecting:
    """An adapter that connects for every poll."""

    name = "connecting"

    def __init__(self, connect: Callable[[Path], Any]) -> None:
        self._connect = connect

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Connect, poll, close."""
        database = self._connect(source.path)
        try:
            yield from poll(database, cursor, checkpoint=Checkpoint)
        finally:
            database.close()


class Torn:
    """Counts parents, then children, in two snapshots."""

    name = "torn"

    def scan(self, source: Source, _cursor: str | None) -> Iterator[Emission]:
        """Emit both counts."""
        database = connect_stdlib(source.path)
        try:
            counts = [database.execute(sql).fetchall()[0][0] for sql in TORN_READS]
        finally:
            database.close()
        yield {"id": "counts", "parents": counts[0], "children": counts[1]}


#: Library of reader and writers, how to connect, and the adapter, by name.
READERS: dict[str, tuple[Library, Callable[[Path], Any], Adapter | OpenableAdapter]] = {
    "stdlib, connection kept": (
        Library.STDLIB,
        connect_stdlib,
        Opening(connect_stdlib),
    ),
    "stdlib, connecting per poll": (
        Library.STDLIB,
        connect_stdlib,
        Connecting(connect_stdlib),
    ),
    "apsw, connection kept": (Library.APSW, connect_apsw, Opening(connect_apsw)),
    "apsw, connecting per poll": (
        Library.APSW,
        connect_apsw,
        Connecting(connect_apsw),
    ),
}


def make_rig(
    adapter: Adapter | OpenableAdapter,
    library: Library,
    folder: Path,
    *,
    image: bytes = IMAGE,
    scripts: Sequence[Sequence[Sequence[str]]] | None = None,
) -> Rig:
    """Return what runs plans of *adapter*.

    Args:
        adapter: Who reads.
        library: Its SQLite library.
        folder: For all files.
        image: Content of the database to start from.
        scripts: Statements, per transaction, per writer; by default those of the
            workload.
    """
    if scripts is None:
        scripts = [transactions(writer) for writer in WRITERS]
    config = AdapterConfig(session="/session", key=["/id"])
    rules = compile_rules(config)
    comparison = compile_comparison(config, rules)
    subject = Subject(adapter=adapter, rules=rules, comparison=comparison)
    for inner in ("state", "tmp"):
        (folder / inner).mkdir(parents=True)
    parsed = [
        parse_script(
            "".join(f"{sql};\n" for step in script for sql in step), Path("writer.sql")
        )
        for script in scripts
    ]
    bench = DatabaseBench(
        image=image,
        root=folder / "store",
        spare=folder / "spare",
        name="store.db",
        library=library,
        scripts=tuple(tuple(script) for script in parsed),
        names=tuple(f"writer {number}" for number in range(len(parsed))),
    )
    context = Context(time.monotonic, folder / "state", folder / "tmp")
    return Rig(
        subject=subject,
        bench=bench,
        driver=ApswDriver() if library is Library.APSW else StdlibDriver(),
        context=context,
        states=States(subject, bench.place, context),
    )


def torn_rig(folder: Path) -> Rig:
    """Return what runs plans of the torn read."""
    return make_rig(
        Torn(),
        Library.STDLIB,
        folder,
        image=build_image(
            TORN_FIXTURE.encode(), Path("fixture.sql"), journal="wal"
        ).main,
        scripts=[TORN_WRITES],
    )

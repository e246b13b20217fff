"""Database files opened as plain ones: what the law ``read-only`` sees of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from law_bench import Base, connect, database_rig

from pytest_parsediff.core.event import Emission, Source
from pytest_parsediff.interleave.drivers.apsw import ApswDriver
from pytest_parsediff.interleave.plan import Plan
from pytest_parsediff.interleave.run import Run
from pytest_parsediff.interleave.writers.connection import Library
from pytest_parsediff.laws.checks import checks_for
from pytest_parsediff.laws.explore import Explorer, Finding
from pytest_parsediff.laws.law import Law


class SniffsTheHeader(Base):
    """Looks at the first bytes while it is connected."""

    suffix = ""

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield what the right one does."""
        with closing(connect(source.path)) as db:
            db.execute("SELECT 1 FROM message").fetchall()
            with open(f"{source.path}{self.suffix}", "rb") as file:
                file.read(16)
        yield from super().scan(source, cursor)


class SniffsTheWAL(SniffsTheHeader):
    """Looks at the size of the WAL by opening it."""

    suffix = "-wal"


class SniffsBefore(Base):
    """Looks at the first bytes, and connects then."""

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield what the right one does."""
        with open(source.path, "rb") as file:
            file.read(16)
        yield from super().scan(source, cursor)


class SniffsAfter(Base):
    """Looks at the file when nobody refers to its connection any more."""

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield what the right one does."""
        yield from super().scan(source, cursor)
        rows = connect(source.path).execute("SELECT 1 FROM message").fetchall()
        if rows:
            Path(source.path).read_bytes()


@pytest.mark.parametrize(
    ("reader", "name"), [(SniffsTheHeader, "store.db"), (SniffsTheWAL, "store.db-wal")]
)
def test_opening_a_connected_database_breaks_read_only(
    tmp_path: Path, reader: type[Base], name: str
) -> None:
    """The file is named, and no step of a writer is needed."""
    explorer = Explorer(
        rig=database_rig(reader(), tmp_path), laws=(Law.SNAPSHOT, Law.READ_ONLY)
    )

    found = explorer.replay(Plan((), None, 1))

    assert isinstance(found, Finding)
    assert Law.READ_ONLY is found.violation.law
    assert found.violation.message.startswith(f"{name} was opened as a plain file")


@pytest.mark.parametrize("reader", [Base, SniffsBefore, SniffsAfter])
def test_opening_it_with_no_connection_is_allowed(
    tmp_path: Path, reader: type[Base]
) -> None:
    """Before the first connection, and after the last, locks cannot be lost."""
    explorer = Explorer(rig=database_rig(reader(), tmp_path), laws=(Law.READ_ONLY,))

    found = explorer.replay(Plan((), None, 1))

    assert isinstance(found, Run)
    found.witness.kill()  # Python 3.13 warns of connections that nobody closes


def sniffing(path: Path) -> list[str]:
    """Return the tables of *path*, sniffing at it meanwhile."""
    with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)) as db:
        names = [row[0] for row in db.execute("SELECT name FROM sqlite_schema")]
        path.open("rb").close()
    return names


def not_sniffing(path: Path) -> list[str]:
    """Return the tables of *path*, and look at the file later."""
    with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)) as db:
        names = [row[0] for row in db.execute("SELECT name FROM sqlite_schema")]
    path.open("rb").close()
    return names


@pytest.mark.parametrize(
    ("read", "sniffed"), [(sniffing, ["store.db"]), (not_sniffing, [])]
)
def test_connections_of_apsw_are_known_too(
    tmp_path: Path, read: Callable[[Path], list[str]], sniffed: list[str]
) -> None:
    """Both libraries tell whether a connection is still open."""

    def parse(path: Path) -> Iterator[dict[str, str]]:
        for name in read(path):
            yield {"session": "s", "id": name}

    rig = database_rig(parse, tmp_path, library=Library.APSW, driver=ApswDriver())

    assert sniffed == rig.run(Plan((), None, 1)).witness.sniffed


def test_a_plain_file_beside_the_database_is_no_sniffing(tmp_path: Path) -> None:
    """Only the database and its two sidecars count."""

    def parse(path: Path) -> Iterator[dict[str, str]]:
        with closing(sqlite3.connect(path)) as db:
            db.execute("SELECT 1 FROM message").fetchall()
            Path(__file__).read_bytes()
        yield {"session": "s", "id": "1"}

    rig = database_rig(parse, tmp_path)

    assert [] == rig.run(Plan((), None, 1)).witness.sniffed


def test_checks_are_in_the_order_of_the_laws(tmp_path: Path) -> None:
    """Those with runs of their own have no check of a run."""
    rig = database_rig(Base(), tmp_path)

    assert 2 == len(checks_for(rig, (Law.READ_ONLY, Law.TOLERANT, Law.SNAPSHOT)))
    assert "check_snapshot" == checks_for(rig, (Law.SNAPSHOT,))[0].__name__

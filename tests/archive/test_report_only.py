"""What the diff side is given can read stored sessions, and nothing else."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import apsw
import pytest
from staged_sources import execute, record, staged
from stored_sides import KNOWN, golden_side, query_side

from pytest_parsediff.archive.reader import ArchiveReader
from pytest_parsediff.archive.rows import (
    NEXT_SESSIONS,
    ONE_SESSION,
    ONE_SOURCE,
    RECORDS,
    SESSIONS_OF_SOURCE,
)
from pytest_parsediff.core.proof import observe
from pytest_parsediff.diff.records import StoredSide

#: Everything that a stored side offers: of the protocol, and what recordings ask.
OFFERED = {
    ArchiveReader: {"source"},
}
PROTOCOL = {"close", "get", "has_observations", "records", "sessions", "snapshot"}


def archive_side(folder: Path) -> StoredSide:
    """Return an archive with two sessions."""
    record(folder / "archive.db", staged(f={"a": ["x", "y"], "b": []}))
    return ArchiveReader(folder / "archive.db")


SIDES = pytest.mark.parametrize("make", [archive_side, golden_side, query_side])


def public(thing: object) -> list[str]:
    """Return the names that anybody may use."""
    return sorted(name for name in dir(thing) if not name.startswith("_"))


def call(thing: Callable[..., Any]) -> Any:
    """Call *thing* with ids of the first session, as many as it takes."""
    count = len(inspect.signature(thing).parameters)
    return thing(*("one", "a")[:count])


def reach(thing: object, seen: dict[int, object]) -> None:
    """Go wherever public names, calls, iteration and ``with`` lead from *thing*."""
    if id(thing) in seen or isinstance(thing, type):
        return
    seen[id(thing)] = thing
    if isinstance(thing, AbstractContextManager):
        with thing as inner:
            reach(inner, seen)
        return
    if isinstance(thing, Iterator | tuple | list | dict):
        for inner in list(thing):
            reach(inner, seen)
        return
    if isinstance(thing, str | bytes | int | float | None):
        return
    for name in [name for name in public(thing) if name != "close"]:
        value = getattr(thing, name)
        reach(value, seen)
        if inspect.ismethod(value) and value.__self__ is thing:
            reach(call(value), seen)


@SIDES
def test_every_public_name_of_a_stored_side_only_reads(
    make: Callable[[Path], Any], path: Path
) -> None:
    """Nothing that can be reached is a connection, and no file is changed by reaching."""
    side = make(path.parent)
    before = observe(path.parent)
    seen: dict[int, object] = {}

    reach(side, seen)
    side.close()
    side.close()

    kinds = {type(one) for one in seen.values()}
    assert before == observe(path.parent)
    assert not kinds & {apsw.Connection, apsw.Cursor, apsw.Blob, apsw.Backup}
    assert {"StoredSession", "Record"} <= {kind.__name__ for kind in kinds}


@SIDES
def test_a_stored_side_offers_what_the_protocol_says(
    make: Callable[[Path], Any], path: Path
) -> None:
    """No method is there that nobody asked for, and no attribute can be added."""
    side = make(path.parent)

    offered = {*public(side)} - OFFERED.get(type(side), set())

    assert offered == PROTOCOL
    with pytest.raises(AttributeError):
        side.extra = 1
    side.close()


@pytest.mark.parametrize("make", [archive_side, query_side])
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM sessions",
        "CREATE TABLE t (x)",
        "PRAGMA user_version = 3",
        "PRAGMA journal_mode = wal",
        "PRAGMA query_only = 0; DELETE FROM sessions",
        "PRAGMA writable_schema = 1; DELETE FROM sqlite_schema",
        "VACUUM",
    ],
)
def test_not_even_the_hidden_connection_can_write(
    make: Callable[[Path], Any], path: Path, statement: str
) -> None:
    """The right to write was never had, so that no later code can forget to give it up."""
    side = make(path.parent)
    before = observe(path.parent)
    assert 1 == side._connection.pragma("query_only")

    with suppress(apsw.Error):
        side._connection.execute(statement).fetchall()
    side.close()

    assert before == observe(path.parent)


def test_attached_files_cannot_be_written_either(path: Path) -> None:
    """A connection that may not write its own file may not write others."""
    side = ArchiveReader(archive_and_other(path.parent))
    side._connection.execute("ATTACH ? AS other", (str(path.parent / "other.db"),))

    with pytest.raises(apsw.ReadOnlyError):
        side._connection.execute("DELETE FROM other.t")
    side.close()


def archive_and_other(folder: Path) -> Path:
    """Return an archive beside another database."""
    record(folder / "archive.db", staged(f={"a": ["x"]}))
    execute(folder / "other.db", "CREATE TABLE t (x); INSERT INTO t VALUES (1)")
    return folder / "archive.db"


# --- the reader as a stored side ------------------------------------------------------------


def test_sessions_come_in_order_page_by_page(path: Path) -> None:
    """More sessions than fit one page, of two adapters, each once and sorted."""
    side = staged(f={f"s{number:04}": [] for number in range(300)})
    side.add("g", {f"s{number:04}": ["x"] for number in range(300)}, adapter="a")
    record(path, side)
    reader = ArchiveReader(path)

    names = [(one.adapter, one.session) for one in reader.sessions()]

    assert sorted(names) == names
    assert 600 == len(set(names))
    reader.close()


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (NEXT_SESSIONS, "(adapter,session)>(?,?)"),
        (SESSIONS_OF_SOURCE, "sessions_by_source (adapter=? AND source=?)"),
        (ONE_SESSION, "(adapter=? AND session=?)"),
        (ONE_SOURCE, "(adapter=? AND source=?)"),
        (RECORDS, "(session_id=?)"),
    ],
)
def test_no_query_looks_at_other_rows(path: Path, query: str, index: str) -> None:
    """Each is answered by an index, in order, so that time grows with the sessions only."""
    record(path, staged(f={"a": ["x"]}))
    connection = apsw.Connection(str(path))
    names = (b"x",) * query.count("?")

    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", names)]

    connection.close()
    assert index in str(plan[0])
    assert not [step for step in plan if "SCAN" in str(step) or "B-TREE" in str(step)]


def test_a_reader_that_stops_half_way_sees_what_is_written_next(path: Path) -> None:
    """No read transaction is left open, so that a later look is at the later state."""
    record(path, staged(f={"a": ["x"], "b": ["y"]}))
    reader = ArchiveReader(path)
    sessions = reader.sessions()
    first = next(sessions)

    record(path, staged(f={"a": ["new"], "b": ["y"]}))

    again = reader.get("one", "a")
    assert again
    assert again.revision > first.revision
    reader.close()


def test_a_snapshot_holds_one_state(path: Path) -> None:
    """What is committed meanwhile is not seen inside, also not in an inner snapshot."""
    record(path, staged(f={"a": ["x"]}))
    execute(path, "PRAGMA journal_mode = wal")  # so that a writer may go on
    reader = ArchiveReader(path)
    with reader.snapshot():
        record(path, staged(f={"a": ["new"]}))
        with reader.snapshot():
            inside = [record.line for record in reader.records("one", "a")]
        still = [record.line for record in reader.records("one", "a")]

    assert [b"x"] == inside == still
    assert [b"new"] == [record.line for record in reader.records("one", "a")]
    reader.close()


def test_what_a_reader_does_not_find(path: Path) -> None:
    """Unknown sessions and sources are ``None``, and have no records."""
    record(path, staged(f={"a": ["x"]}))
    reader = ArchiveReader(path)

    assert reader.has_observations
    assert reader.get("two", "a") is None
    assert reader.source("one", "g") is None
    assert [] == list(reader.records("one", "b"))
    reader.close()


def test_a_reader_tells_what_an_incremental_parse_starts_from(path: Path) -> None:
    """Cursor, size and hashes of a source that was recorded as a whole."""
    record(path, staged(f={"a": ["x", "y"]}))
    reader = ArchiveReader(path)

    source = reader.source("one", "f")

    assert source
    assert ("end:f", 2, 2) == (
        source.cursor,
        source.observation.size,
        source.observation.consumed,
    )
    reader.close()


def test_rows_written_by_hand_may_leave_things_unsaid(path: Path) -> None:
    """Counts, versions and observations that nobody noted are told as such."""
    record(path, staged(f={}))
    execute(
        path,
        """INSERT INTO sessions (adapter, session) VALUES ('one', 'h');
           INSERT INTO records (session_id, ordinal, line)
           SELECT id, 0, '{}' FROM sessions""",
    )
    reader = ArchiveReader(path)

    (row,) = reader.sessions()

    assert (1, 0, None, "") == (
        row.record_count,
        row.data_version,
        row.observation,
        row.fingerprint,
    )
    reader.close()
    assert {"one"} <= {*KNOWN}

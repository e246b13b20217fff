"""Laws with runs of their own: resume, no-pin, read-only under writers."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from bench_store import AtOrAfter, CheckpointFirst, make_rig

from pytest_parsediff.core.event import Checkpoint, Emission, Source
from pytest_parsediff.core.store import build_image
from pytest_parsediff.interleave.plan import Gap, Placed, Plan
from pytest_parsediff.laws.enlarge import enlarge
from pytest_parsediff.laws.idle import check_idle_cheap
from pytest_parsediff.laws.law import Law
from pytest_parsediff.laws.nopin import check_no_pin
from pytest_parsediff.laws.readonly import Control
from pytest_parsediff.laws.resume import check_resume

ONE_STEP = Plan((Placed(0, 0, 1, Gap(0, 1)),), None, 1)


class EmitsInTransaction(AtOrAfter):
    """Hands rows out while its cursor is half read."""

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield rows as SQLite steps through them."""
        with closing(
            sqlite3.connect(f"{source.path.as_uri()}?mode=ro", uri=True)
        ) as db:
            for (row,) in db.execute("SELECT id FROM message"):
                yield {"session": "s", "id": row}
        yield Checkpoint(cursor or "0")


class Marks(AtOrAfter):
    """Writes down in the store how far it has read."""

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield what the parent does, and change a row."""
        yield from super().scan(source, cursor)
        with closing(sqlite3.connect(source.path)) as db, db:
            db.execute("UPDATE message SET data = data || '!' WHERE id = 'm1'")


class ForgetsTheFirst(AtOrAfter):
    """Its cursor stands behind one row more than it has emitted."""

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield a checkpoint after each row, each one row ahead."""
        emissions = list(super().scan(source, None))[:-1]
        start = int(cursor or 0)
        for number, emission in enumerate(emissions[start:], start + 1):
            yield emission
            yield Checkpoint(str(number + 1))


class OneByOne(AtOrAfter):
    """Counts the rows that it has emitted."""

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield a checkpoint after each row."""
        emissions = list(super().scan(source, None))[:-1]
        start = int(cursor or 0)
        for number, emission in enumerate(emissions[start:], start + 1):
            yield emission
            yield Checkpoint(str(number))


@pytest.mark.parametrize("reader", [AtOrAfter, OneByOne])
def test_a_right_reader_goes_on_from_every_checkpoint(
    tmp_path: Path, reader: type[AtOrAfter]
) -> None:
    """Before and after any cut make the whole."""
    assert check_resume(make_rig(reader(), tmp_path)) is None


def test_a_cursor_ahead_of_what_was_emitted_breaks_resume(tmp_path: Path) -> None:
    """The row between the two is named."""
    violation = check_resume(make_rig(ForgetsTheFirst(), tmp_path))

    assert violation is not None
    assert Law.RESUME is violation.law
    assert "checkpoint 1" in violation.message
    assert '"m1"' in violation.details[0]


def test_exact_resume_is_held_only_where_it_is_promised(tmp_path: Path) -> None:
    """Emitting the last millisecond again is allowed to those who do not promise."""
    rig = make_rig(AtOrAfter(), tmp_path)
    object.__setattr__(rig.subject, "is_exact_resume", True)

    violation = check_resume(rig)

    assert violation is not None
    assert "emits again" in violation.message
    exact = make_rig(OneByOne(), tmp_path)
    object.__setattr__(exact.subject, "is_exact_resume", True)
    assert check_resume(exact) is None


def test_emitting_under_an_open_cursor_pins_the_wal(tmp_path: Path) -> None:
    """The first rows of each poll come while the snapshot is held."""
    violation = check_no_pin(make_rig(EmitsInTransaction(), tmp_path))

    assert violation is not None
    assert Law.NO_PIN is violation.law
    assert "at 4 of 8 emissions" in violation.message
    assert "emission 1" in violation.message


@pytest.mark.parametrize("reader", [AtOrAfter, CheckpointFirst])
def test_reading_first_and_emitting_then_pins_nothing(
    tmp_path: Path, reader: type[AtOrAfter]
) -> None:
    """Rows that were fetched before the first emission hold no snapshot."""
    assert check_no_pin(make_rig(reader(), tmp_path)) is None


def test_a_reader_that_writes_is_found_under_writers(tmp_path: Path) -> None:
    """The control run of the same steps ends in another store."""
    rig = make_rig(Marks(), tmp_path)

    violation = Control(rig.bench).check(rig.run(ONE_STEP))

    assert violation is not None
    assert Law.READ_ONLY is violation.law


def test_a_reader_that_only_reads_leaves_what_the_steps_make(tmp_path: Path) -> None:
    """Every plan ends as its steps alone do, and equal ends need one control run."""
    rig = make_rig(AtOrAfter(), tmp_path)
    control = Control(rig.bench)

    assert control.check(rig.run(ONE_STEP)) is None
    assert control.check(rig.run(Plan((), None, 1))) is None
    assert control.check(rig.run(ONE_STEP)) is None


class CountsRows(AtOrAfter):
    """Looks for news by counting everything."""

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield what the parent does if the number of rows has changed."""
        with closing(
            sqlite3.connect(f"{source.path.as_uri()}?mode=ro", uri=True)
        ) as db:
            (count,) = db.execute("SELECT count(*) FROM message").fetchone()
        if cursor != str(count):
            yield from list(super().scan(source, None))[:-1]
        yield Checkpoint(str(count))


class AsksForEachRow(AtOrAfter):
    """Takes a statement per row that it has seen, with news or without."""

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield what the parent does, looking every row up again."""
        emissions = list(super().scan(source, cursor))
        seen = list(super().scan(source, None))
        with closing(
            sqlite3.connect(f"{source.path.as_uri()}?mode=ro", uri=True)
        ) as db:
            for event in seen[:-1]:
                assert isinstance(event, dict)
                db.execute("SELECT data FROM message WHERE id = ?", (event["id"],))
        yield from emissions


def test_an_idle_poll_by_an_index_is_cheap(tmp_path: Path) -> None:
    """One SEARCH, whatever the size of the store."""
    assert check_idle_cheap(make_rig(AtOrAfter(), tmp_path)) is None


def test_an_idle_poll_that_walks_a_table_is_found_by_its_plan(tmp_path: Path) -> None:
    """Counting all rows is a walk, though it is one statement."""
    violation = check_idle_cheap(make_rig(CountsRows(), tmp_path))

    assert violation is not None
    assert Law.IDLE_CHEAP is violation.law
    assert violation.details[0].startswith("SCAN message")
    assert "count(*)" in violation.details[0]


def test_an_idle_poll_that_grows_with_the_store_is_found(tmp_path: Path) -> None:
    """Each statement is cheap, and there is one per row."""
    violation = check_idle_cheap(make_rig(AsksForEachRow(), tmp_path))

    assert violation is not None
    assert "ten times the rows" in violation.message


def test_too_many_statements_are_too_many_in_a_small_store(tmp_path: Path) -> None:
    """The bound holds before anything is enlarged."""
    violation = check_idle_cheap(make_rig(AsksForEachRow(), tmp_path), 2)

    assert violation is not None
    assert "more than 2" in violation.message


def test_an_enlarged_store_has_ten_times_the_rows_and_its_journal_mode() -> None:
    """Text keys, integer keys and tables without a key grow; WAL stays WAL."""
    script = b"""
    CREATE TABLE a(id TEXT PRIMARY KEY, n INTEGER); INSERT INTO a VALUES ('x', 1), ('y', 2);
    CREATE TABLE b(id INTEGER PRIMARY KEY); INSERT INTO b VALUES (1), (7);
    CREATE TABLE c(v TEXT UNIQUE); INSERT INTO c VALUES ('one');
    CREATE TABLE d(v TEXT); INSERT INTO d VALUES ('same');
    """
    image = build_image(script, Path("fixture.sql"), journal="wal").main

    larger = enlarge(image)

    assert b"\x02\x02" == larger[18:20]
    connection = apsw.Connection(":memory:")
    connection.deserialize("main", larger[:18] + b"\x01\x01" + larger[20:])
    counts = {
        table: connection.execute(f"SELECT count(*) FROM {table}").get
        for table in "abcd"
    }
    assert {"a": 20, "b": 20, "c": 1, "d": 2} == counts

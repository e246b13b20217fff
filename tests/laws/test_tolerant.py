"""The law ``tolerant``: databases."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from law_bench import Base, connect, database_rig

from pytest_parsediff.adapters.builtin import BUILTIN
from pytest_parsediff.adapters.opencode.adapter import OpencodeAdapter
from pytest_parsediff.core.errors import ParsediffError
from pytest_parsediff.core.event import Emission, Notice, Source
from pytest_parsediff.interleave.databasebench import DatabaseBench
from pytest_parsediff.interleave.drivers.apsw import ApswDriver
from pytest_parsediff.interleave.writers.connection import Library
from pytest_parsediff.laws.badcells import cell_candidates, mutate_cell
from pytest_parsediff.laws.kept import Judge, scan
from pytest_parsediff.laws.law import Law
from pytest_parsediff.laws.tolerant import check_tolerant, try_bad_stores

ROWS = "SELECT id, session, CAST(data AS BLOB), updated FROM message ORDER BY id"
SCENARIOS = Path(__file__).parents[2] / "scenarios" / "opencode"


class OwnError(Exception):
    """What a reader raises that does not know the tables."""


class Careful(Base):
    """Takes cells as they come, and tells of those it cannot read."""

    def scan(self, source: Source, _cursor: str | None) -> Iterator[Emission]:
        """Yield an event per row, or a notice."""
        with closing(connect(source.path)) as db:
            db.text_factory = lambda data: data.decode("utf-8", "replace")
            try:
                rows = db.execute(ROWS).fetchall()
            except sqlite3.OperationalError as error:
                raise OwnError(f"unsupported store: {error}") from error
        for row_id, session, data, updated in rows:
            yield from self.row(str(row_id), str(session), data, updated)

    def row(
        self, row_id: str, session: str, data: bytes | None, updated: object
    ) -> Iterator[Emission]:
        """Yield what one row gives."""
        try:
            value = json.loads(data or b"")
        except ValueError:
            yield from self.bad(row_id)
            return
        known = isinstance(value, dict) and value.get("type") == "text"
        if not known:
            yield from self.unknown(row_id)
            return
        stamp = updated if isinstance(updated, int) else None
        yield {"session": session, "id": row_id, "n": value["n"], "updated": stamp}

    def bad(self, row_id: str) -> Iterator[Emission]:
        """Tell of a cell that cannot be read."""
        yield Notice("bad-cell", "not JSON", f"message/{row_id}")

    def unknown(self, row_id: str) -> Iterator[Emission]:
        """Tell of a type nobody knows."""
        yield Notice("unknown-type", "left out", f"message/{row_id}")


class DropsBadRows(Careful):
    """Leaves out what it cannot read, and says nothing."""

    def bad(self, _row_id: str) -> Iterator[Emission]:
        """Yield nothing."""
        yield from ()


class DropsUnknownTypes(Careful):
    """Leaves out types that it does not know, and says nothing."""

    def unknown(self, _row_id: str) -> Iterator[Emission]:
        """Yield nothing."""
        yield from ()


class TellsTwice(Careful):
    """Tells of everything twice."""

    def bad(self, row_id: str) -> Iterator[Emission]:
        """Yield the notice of each of two passes."""
        yield from super().bad(row_id)
        yield from super().bad(row_id)


class Crashes(Careful):
    """Did not think of cells that are no JSON."""

    def bad(self, row_id: str) -> Iterator[Emission]:
        """Raise what the decoder raises."""
        yield json.loads(f"{{{row_id}")


class StopsAtTheFirst(Careful):
    """Gives up at the first row that it cannot read; a notice says so."""

    is_over = False

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield what comes before."""
        self.is_over = False
        for emission in super().scan(source, cursor):
            if not self.is_over:
                yield emission
            if isinstance(emission, Notice):
                self.is_over = True


class EmptyOnDrift(Careful):
    """Takes a store that it does not know for an empty one."""

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield nothing where the tables are others."""
        try:
            yield from super().scan(source, cursor)
        except OwnError:
            return


class FiltersByStamp(Base):
    """Compares stamps in SQL, where NULL is neither before nor after anything."""

    def scan(self, source: Source, _cursor: str | None) -> Iterator[Emission]:
        """Yield rows of the one column that may be NULL."""
        with closing(connect(source.path)) as db:
            sql = "SELECT id, session FROM message WHERE typeof(updated) <> 'null'"
            for row in db.execute(sql).fetchall():
                yield {"id": str(row[0]), "session": str(row[1])}


def test_a_reader_that_tells_of_what_it_cannot_read_is_tolerant(tmp_path: Path) -> None:
    """Each column that it reads was made bad in every way, and each dropped."""
    tolerated = try_bad_stores(database_rig(Careful(), tmp_path))

    assert tolerated.violation is None
    assert 40 < tolerated.tried <= tolerated.of
    assert 0 < tolerated.failed < tolerated.tried


@pytest.mark.parametrize(
    ("reader", "message"),
    [
        (DropsBadRows, "1 event is lost, silently"),
        (DropsUnknownTypes, "JSON of an unknown type: 1 event is lost, silently"),
        (TellsTwice, "the same notice is given several times"),
        (Crashes, "the whole scan ends with JSONDecodeError, and nothing is kept"),
        (StopsAtTheFirst, "1 other session is gone"),
        (
            EmptyOnDrift,
            "nothing at all is emitted, silently, in place of 3 events",
        ),
        (FiltersByStamp, "message.updated of the first row is NULL: 1 event is lost"),
    ],
)
def test_one_bad_cell_must_be_told_of_and_cost_nothing_else(
    tmp_path: Path, reader: type[Base], message: str
) -> None:
    """The cell and what is wrong with it are named."""
    violation = check_tolerant(database_rig(reader(), tmp_path))

    assert violation is not None
    assert Law.TOLERANT is violation.law
    assert message in violation.message
    assert violation.message.startswith(("message.", "table message"))


def test_columns_that_nobody_reads_may_be_anything(tmp_path: Path) -> None:
    """Only what the statements of the reader read is changed."""
    labels = []

    class Watched(Careful):
        def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
            with closing(connect(source.path)) as db:
                labels.append(db.execute("SELECT * FROM session").fetchall())
            yield from super().scan(source, cursor)

    unread = try_bad_stores(database_rig(Careful(), tmp_path / "a"))
    read = try_bad_stores(database_rig(Watched(), tmp_path / "b"))

    assert unread.of < read.of


def test_bad_stores_are_drawn_where_there_are_many(tmp_path: Path) -> None:
    """The same seed draws the same ones."""
    rig = database_rig(Careful(), tmp_path)

    first = try_bad_stores(rig, cells=5, schema=2, seed=3)

    assert first == try_bad_stores(rig, cells=5, schema=2, seed=3)
    assert first.tried <= 7
    assert first.of == try_bad_stores(rig).of


def test_a_scan_that_fails_on_the_intact_store_is_an_error(tmp_path: Path) -> None:
    """There is nothing to compare with."""

    def parse(path: Path) -> Iterator[dict[str, str]]:
        if path.exists():
            raise OwnError(path.name)
        yield {}

    with pytest.raises(ParsediffError, match="PD401"):
        check_tolerant(database_rig(parse, tmp_path))


@pytest.mark.parametrize(
    "scenario",
    [
        "nested_subagents_three_deep",
        "step_finish_with_bad_tokens",
        "error_then_clean_turn",
    ],
)
def test_the_built_in_adapter_is_tolerant(tmp_path: Path, scenario: str) -> None:
    """Also where a bad id is that of an ancestor of several sessions.

    In the last one a row that says nothing while it is right is told of when it is bad.
    """
    rig = database_rig(
        OpencodeAdapter(),
        tmp_path,
        sql=(SCENARIOS / scenario / "fixture.sql").read_text(),
        writers=(),
        library=Library.APSW,
        driver=ApswDriver(),
        config=BUILTIN["opencode"].config,
    )

    tolerated = try_bad_stores(rig)

    assert tolerated.violation is None
    assert tolerated.tried > 60


class TellsOfQuestions(Base):
    """Tells of a question when something of its session comes behind it."""

    def scan(self, source: Source, _cursor: str | None) -> Iterator[Emission]:
        """Yield each session, and its row with the lowest id."""
        with closing(connect(source.path)) as db:
            db.text_factory = lambda data: data.decode("utf-8", "replace")
            rows = db.execute("SELECT id, session FROM message ORDER BY updated, id")
            told = [(str(row_id), str(session)) for row_id, session in rows]
        for session in sorted({session for _, session in told}):
            yield {"id": "", "session": session}
        for place, (row_id, session) in enumerate(told):
            others = [one for one, other in told if other == session]
            behind = [one for one, other in told[place + 1 :] if other == session]
            if behind and row_id == min(others):
                yield {"id": row_id, "session": session}


class FiltersLateStamps(Base):
    """Takes a time that is far away for no time at all, and says nothing."""

    def scan(self, source: Source, _cursor: str | None) -> Iterator[Emission]:
        """Yield rows with a time of this age."""
        with closing(connect(source.path)) as db:
            sql = "SELECT id, session FROM message WHERE coalesce(updated, 0) < 1e18"
            for row in db.execute(sql).fetchall():
                yield {"id": str(row[0]), "session": str(row[1])}


@pytest.mark.parametrize("what", ["2^63-1", "empty", "NULL"])
@pytest.mark.parametrize(
    ("reader", "loses"),
    [(TellsOfQuestions, ()), (FiltersLateStamps, ("2^63-1", "empty"))],
)
def test_a_row_that_only_stands_elsewhere_is_not_lost(
    tmp_path: Path, reader: type[Base], loses: tuple[str, ...], what: str
) -> None:
    """With a number as late as the bad one the same event is gone."""
    rig = database_rig(reader(), tmp_path)
    assert isinstance(rig.bench, DatabaseBench)
    (wanted,) = [
        one
        for one in cell_candidates(rig.bench.image, [])
        if (one.column, one.place, one.what) == ("updated", "first row", what)
    ]
    mutation = mutate_cell(rig.bench, wanted)
    assert mutation is not None

    found = scan(replace(rig, bench=mutation.bench))
    broken = Judge(rig, scan(rig)).judge(mutation, found)

    assert (what in loses) == (broken is not None), broken

"""What steps write and what gaps read, and that nothing is missed by knowing it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import apsw
import pytest
from law_bench import connect, database_rig

from pytest_parsediff.core.event import Context, Emission, Source
from pytest_parsediff.interleave.databasebench import DatabaseBench
from pytest_parsediff.interleave.drivers.apsw import ApswDriver
from pytest_parsediff.interleave.drivers.files import FileDriver
from pytest_parsediff.interleave.exhaustive import CLOCK, Space
from pytest_parsediff.interleave.plan import Gap
from pytest_parsediff.interleave.rig import Rig
from pytest_parsediff.interleave.run import Keep
from pytest_parsediff.interleave.shape import Shape
from pytest_parsediff.interleave.strategy import Plans, Strategy
from pytest_parsediff.interleave.writers.connection import Library
from pytest_parsediff.laws.explore import Explorer

SQL = """\
CREATE TABLE a(id TEXT PRIMARY KEY, n INTEGER);
CREATE TABLE b(id TEXT PRIMARY KEY, n INTEGER);
CREATE TABLE noise(id TEXT PRIMARY KEY, n INTEGER);
CREATE TABLE log(what TEXT);
CREATE VIEW both_of AS SELECT a.id, a.n + b.n AS n FROM a JOIN b USING (id);
CREATE TRIGGER on_b AFTER UPDATE ON b BEGIN INSERT INTO log VALUES (new.id); END;
INSERT INTO a VALUES ('x', 1), ('y', 1);
INSERT INTO b VALUES ('x', 1), ('y', 1);
"""


class Reads:
    """Reads one statement after another, some of them in one transaction."""

    name = "reads"
    statements: tuple[str, ...] = ("SELECT id, n FROM a", "SELECT id, n FROM b")

    def __init__(self, *statements: str) -> None:
        self.statements = statements or self.statements

    def scan(self, source: Source, _cursor: str | None) -> Iterator[Emission]:
        """Yield an event per row."""
        with closing(self.connect(source.path)) as db:
            for number, sql in enumerate(self.statements):
                for row in db.execute(sql).fetchall():
                    yield {"id": f"{number} {row[0]}", "session": "s", "n": row[-1]}

    def connect(self, path: Path) -> sqlite3.Connection | apsw.Connection:
        """Return a connection that only reads."""
        return connect(path)


class ReadsByApsw(Reads):
    """The same through apsw."""

    def connect(self, path: Path) -> apsw.Connection:
        """Return a connection that only reads."""
        return apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)


def shape_of(rig: Rig, *, polls: int = 1) -> Shape:
    """Return what a quiet run measures."""
    explorer = Explorer(rig=rig, laws=(), polls=polls, may_crash=False, measures=True)
    return explorer.quiet().shape


def rig_of(reader: Reads, folder: Path, *writers: str) -> Rig:
    """Return a rig of *reader* whose writers use its library."""
    is_apsw = isinstance(reader, ReadsByApsw)
    return database_rig(
        reader,
        folder,
        sql=SQL,
        writers=writers or ("UPDATE a SET n = 2;",),
        library=Library.APSW if is_apsw else Library.STDLIB,
        driver=ApswDriver() if is_apsw else None,
    )


@pytest.mark.parametrize("kind", [Reads, ReadsByApsw])
def test_each_gap_reads_what_its_snapshot_reads(
    tmp_path: Path, kind: type[Reads]
) -> None:
    """Views are what they select from; a transaction is one snapshot."""
    reader = kind(
        "SELECT id, n FROM a WHERE n > 0",
        "SELECT count(*) FROM b",
        "BEGIN",
        "SELECT id, n FROM both_of",
        "SELECT what, what FROM log",
        "COMMIT",
    )

    reads = shape_of(rig_of(reader, tmp_path)).reads

    connects = kind is Reads
    expected = [set[str]()] * (1 + connects)
    expected += [{"a"}, {"b"}, {"a", "b", "both_of", "log"}]
    assert expected == [set(tables) for _, tables in sorted(reads.items())]
    assert Gap(0, len(expected) - 1) == max(reads)


@pytest.mark.parametrize(
    "statements",
    [
        ("SELECT id, n FROM a", "PRAGMA data_version"),
        ("SELECT name, 1 FROM sqlite_schema",),
        ("SELECT name, 1 FROM pragma_table_info('a')",),
        ("BEGIN", "SELECT id, n FROM a", "SELECT id, n FROM a", "COMMIT"),
    ],
)
def test_a_reader_that_may_see_more_is_not_known(
    tmp_path: Path, statements: tuple[str, ...]
) -> None:
    """Pragmas, the schema, and statements that cannot be told from others."""
    assert {} == shape_of(rig_of(Reads(*statements), tmp_path)).reads


class KeepsItsSnapshot(Reads):
    """Reads on in the transaction of its first poll."""

    def open(self, source: Source, _context: Context) -> KeepsItsSnapshot:
        """Return a reader that keeps its connection."""
        self.db = connect(source.path)
        self.db.execute("BEGIN")
        self.polls = 0
        return self

    def scan(self, _cursor: object) -> Iterator[Emission]:  # type: ignore[override]
        """Yield the rows of one table in the first poll, and of another later."""
        self.polls += 1
        for id_, n in self.db.execute(self.statements[self.polls > 1]).fetchall():
            yield {"id": id_, "session": "s", "n": n}

    def close(self) -> None:
        """End the transaction."""
        self.db.close()


def test_a_snapshot_that_outlives_its_poll_is_not_known(tmp_path: Path) -> None:
    """What a later poll reads in it was fixed at a gap of an earlier one."""
    rig = rig_of(KeepsItsSnapshot(), tmp_path)

    assert {} == shape_of(rig, polls=2).reads


class ReadsBytes(Reads):
    """Looks at the file itself."""

    def scan(self, source: Source, _cursor: str | None) -> Iterator[Emission]:
        """Yield its size."""
        size = len(source.path.read_bytes())
        yield {"id": "size", "session": "s", "n": size}


def test_of_a_reader_of_bytes_nothing_is_known(tmp_path: Path) -> None:
    """They show what tables do not."""
    rig = database_rig(
        ReadsBytes(), tmp_path, library=Library.PROCESS, driver=FileDriver()
    )

    shape = shape_of(rig)

    assert 1 < sum(shape.gaps)
    assert {} == shape.reads


class ReadsMore(Reads):
    """Reads another table once there is something in it."""

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield as the others do."""
        yield from super().scan(source, cursor)
        with closing(connect(source.path)) as db:
            if db.execute("SELECT count(*) FROM log").fetchone()[0]:
                rows = db.execute("SELECT id, n FROM noise").fetchall()
                yield {"id": "noise", "session": "s", "n": len(rows)}


def test_where_runs_differ_every_gap_may_read_everything(tmp_path: Path) -> None:
    """A gap of one plan is another one of the next."""
    rig = rig_of(ReadsMore(), tmp_path, "INSERT INTO log VALUES ('x');")

    reads = shape_of(rig).reads

    assert {frozenset({"a", "b", "log", "noise"})} == set(reads.values())


@pytest.mark.parametrize(
    ("step", "writes", "uses"),
    [
        ("UPDATE a SET n = 2;", {"a"}, {"a"}),
        ("UPDATE a SET n = (SELECT max(n) FROM b);", {"a"}, {"a", "b"}),
        ("UPDATE b SET n = 2;", {"b", "log"}, {"b", "log"}),
        ("DELETE FROM a;", {"a"}, {"a"}),
        ("INSERT INTO log VALUES (now_ms());", {"log"}, {"log", CLOCK}),
        ("BEGIN; DELETE FROM a; DELETE FROM noise; COMMIT;", {"a", "noise"}, None),
        ("SELECT 1;", set(), set()),
        ("CREATE TABLE c(x);", None, None),
        ("PRAGMA wal_checkpoint(TRUNCATE);", None, None),
        ("VACUUM;", None, None),
        ("INSERT INTO log VALUES (last_insert_rowid());", None, None),
        ("-- step: x\nBEGIN IMMEDIATE;\n-- step: y\nCOMMIT;", None, None),
    ],
)
def test_steps_write_what_sqlite_says(
    tmp_path: Path, step: str, writes: set[str] | None, uses: set[str] | None
) -> None:
    """Triggers and subqueries count; schema, checkpoints, errors and locks are unknown."""
    shape = shape_of(rig_of(Reads(), tmp_path, step))

    found = shape.writes.get((0, 0))
    assert (None if writes is None else frozenset(writes)) == found
    if uses is not None:
        assert frozenset(uses) == shape.uses[0, 0]


def test_nothing_is_known_of_a_store_with_a_rollback_journal(tmp_path: Path) -> None:
    """There a reader's lock stops writers, so every gap counts."""
    rig = rig_of(Reads(), tmp_path)
    bench = rig.bench
    assert isinstance(bench, DatabaseBench)
    image = bench.image[:18] + b"\x01\x01" + bench.image[20:]

    shape = shape_of(replace(rig, bench=replace(bench, image=image)))

    assert ({}, {}, {}) == (shape.reads, shape.writes, shape.uses)


WRITERS = (
    "UPDATE a SET n = n + 1 WHERE id = 'x'; UPDATE noise SET n = 9; UPDATE b SET n = 5;",
    "UPDATE b SET n = n * 3 WHERE id = 'x';",
)


@pytest.mark.parametrize(
    "reader", [Reads(), ReadsMore(), ReadsByApsw("BEGIN", *Reads.statements, "COMMIT")]
)
def test_what_is_left_out_shows_nothing_of_its_own(
    tmp_path: Path, reader: Reads
) -> None:
    """All placements of all steps in all orders show what the few that are run show."""
    rig = rig_of(reader, tmp_path, *WRITERS)
    reduced = shape_of(rig)
    full = replace(reduced, reads={}, writes={}, uses={})

    def seen(space: Space) -> set[bytes]:
        """Return what the reader handed out under all plans of *space*."""
        return {rig.run(plan, keep=Keep.MOMENTS).observation() for plan in space}

    few, all_of = Space(reduced), Space(full, commute=False)
    assert few.count() < all_of.count()
    assert seen(all_of) == seen(few)


def test_a_clock_that_nobody_asks_need_not_move(tmp_path: Path) -> None:
    """All clocks are tried if some step asks, or may ask."""
    sizes = []
    for step in ("UPDATE a SET n = 2;", "UPDATE a SET n = now_ms();", "VACUUM;"):
        shape = shape_of(rig_of(Reads(), tmp_path, step))
        plans = Plans(shape=shape, strategy=Strategy.EXHAUSTIVE)
        sizes.append(plans.space_size // Space(shape).count())
    assert [1, 3, 3] == sizes

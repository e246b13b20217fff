"""Stores that are not what a reader connects to: attached ones, and copies."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from bench_store import AtOrAfter, make_rig

from pytest_parsediff.core.event import Context, Emission, Source
from pytest_parsediff.interleave.drivers.apsw import ApswDriver
from pytest_parsediff.interleave.drivers.files import FileDriver
from pytest_parsediff.interleave.drivers.stdlib import StdlibDriver
from pytest_parsediff.interleave.plan import Placed, Plan
from pytest_parsediff.interleave.writers.connection import Library
from pytest_parsediff.stress.detect import detect


class Attaches(AtOrAfter):
    """Has a database of its own, and attaches the store."""

    attach = "ATTACH DATABASE ? AS store"

    def __init__(self, own: Path) -> None:
        self.own = own

    def scan(self, source: Source, _cursor: str | None) -> Iterator[Emission]:
        """Yield the number of rows, read twice."""
        uri = f"{source.path.as_uri()}?mode=ro"
        with closing(sqlite3.connect(self.own, uri=True)) as db:
            db.execute(self.attach, (uri,))
            count = "SELECT count(*) FROM store.message"
            yield {"session": "s", "id": "n", "n": [*map(list, db.execute(count))]}
            yield {"session": "s", "id": "m", "n": [*map(list, db.execute(count))]}


class AttachesWithAComment(Attaches):
    """Says what it does in front of it."""

    attach = "-- the store\n/* of\n others */ attach ? AS store"


class AttachesByApsw(Attaches):
    """Does the same through apsw, and lets the store go in the end."""

    def scan(self, source: Source, _cursor: str | None) -> Iterator[Emission]:
        """Yield the number of rows, read twice, then as one snapshot, then again."""
        with closing(apsw.Connection(str(self.own))) as db:
            db.execute("CREATE TEMP TABLE mine(n)")
            db.execute("ATTACH ? AS store", (str(source.path),))
            count = "SELECT count(*) FROM store.message"
            for name in "nm":
                yield {"session": "s", "id": name, "n": db.execute(count).fetchall()}
            with db:
                for name in "op":
                    n = db.execute(count).fetchall()
                    yield {"session": "s", "id": name, "n": n}
            db.execute("DETACH store")
            db.execute("SELECT count(*) FROM mine").fetchall()


class Copies(AtOrAfter):
    """Copies the store, then the WAL, and reads the copy."""

    def __init__(self, own: Path) -> None:
        self.own = own

    def scan(self, source: Source, _cursor: str | None) -> Iterator[Emission]:
        """Yield the number of rows."""
        for suffix in ("", "-wal"):
            if Path(f"{source.path}{suffix}").exists():
                shutil.copyfile(f"{source.path}{suffix}", f"{self.own}{suffix}")
        with closing(sqlite3.connect(self.own)) as db:
            (count,) = db.execute("SELECT count(*) FROM message").fetchone()
        yield {"session": "s", "id": "n", "n": count}


@pytest.mark.parametrize("reader", [Attaches, AttachesWithAComment])
@pytest.mark.parametrize("name", [":memory:", "own.db"])
def test_a_store_that_is_attached_is_followed(
    tmp_path: Path, name: str, reader: type[Attaches]
) -> None:
    """Its two reads are two snapshots."""
    own = Path(name) if name.startswith(":") else tmp_path / name
    rig = make_rig(reader(own), tmp_path)

    run = rig.run(Plan((), None, 1))

    labels = [m.label for m in run.moments if m.gap.poll == 0 and m.kind == "snapshot"]
    assert ["SELECT count(*) FROM store.message"] * 2 == labels
    assert run.witness.connections == 2


@pytest.mark.parametrize("name", [":memory:", "own.db", ""])
def test_a_store_that_is_attached_by_apsw_is_followed(
    tmp_path: Path, name: str
) -> None:
    """What the reader's own database is asked is no snapshot of the store."""
    own = tmp_path / name if name.endswith(".db") else name
    rig = make_rig(
        AttachesByApsw(own),  # type: ignore[arg-type]
        tmp_path,
        library=Library.APSW,
        driver=ApswDriver(),
    )

    run = rig.run(Plan((), None, 1))

    found = [m.label for m in run.moments if m.gap.poll == 0 and m.kind == "snapshot"]
    assert ["SELECT count(*) FROM store.message"] * 3 == [
        label for label in found if "store.message" in label
    ]
    assert not any("mine" in label for label in found)
    assert run.witness.connections == 2


def test_a_writer_acts_between_two_reads_of_an_attached_store(tmp_path: Path) -> None:
    """The second one sees what was written before it."""
    rig = make_rig(
        AttachesByApsw(tmp_path / "own.db"),
        tmp_path,
        writers=("DELETE FROM message WHERE id = 'm0';",),
        library=Library.APSW,
        driver=ApswDriver(),
    )
    quiet = rig.run(Plan((), None, 1))
    gaps = [m for m in quiet.moments if m.label == "SELECT count(*) FROM store.message"]

    run = rig.run(Plan((Placed(0, 0, 1, gaps[1].gap),), None, 1))

    counts = [json.loads(line.text)["n"][0][0] for line in run.polls[0].lines]
    assert counts[0] > counts[1] == counts[2] == counts[3]


@pytest.mark.parametrize(
    ("reader", "driver"),
    [(Attaches, StdlibDriver), (AttachesByApsw, ApswDriver), (Copies, FileDriver)],
)
def test_a_reader_of_it_is_followed_by_what_can(
    tmp_path: Path, reader: type[Attaches | Copies], driver: type[object]
) -> None:
    """A copy is made by calls of files, so the writers live in another process."""
    rig = make_rig(reader(tmp_path / "own.db"), tmp_path)
    source = rig.bench.place(rig.bench.image)  # type: ignore[attr-defined]
    context = Context(float, tmp_path, tmp_path)

    found = detect(rig.subject, source, source.root, context)

    assert isinstance(found.driver, driver)
    assert found.is_followed
    assert (found.library is Library.PROCESS) is (driver is FileDriver)

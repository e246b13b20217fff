"""One SQLite library per process: another one beside inline writers is refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import apsw
import pytest

from pytest_parsediff.core.config import AdapterConfig
from pytest_parsediff.core.errors import ParsediffError
from pytest_parsediff.core.event import Checkpoint, Context, Emission, Source
from pytest_parsediff.core.rules import compile_rules
from pytest_parsediff.core.store import build_image
from pytest_parsediff.diff.comparison import compile_comparison
from pytest_parsediff.interleave.databasebench import DatabaseBench
from pytest_parsediff.interleave.drivers.apsw import ApswDriver
from pytest_parsediff.interleave.drivers.both import BothDriver
from pytest_parsediff.interleave.drivers.driver import Driver
from pytest_parsediff.interleave.drivers.stdlib import StdlibDriver
from pytest_parsediff.interleave.plan import Gap, Placed, Plan
from pytest_parsediff.interleave.rig import Rig
from pytest_parsediff.interleave.schedule import Kind
from pytest_parsediff.interleave.states import States
from pytest_parsediff.interleave.subject import Subject
from pytest_parsediff.interleave.writers.connection import Library
from pytest_parsediff.interleave.writers.sqlscript import parse_script
from pytest_parsediff.laws.gatesound import check_gate_sound
from pytest_parsediff.stress.detect import detect

CONFIG = AdapterConfig(session="/session", key=["/id"])
FIXTURE = b"""\
CREATE TABLE message(id TEXT PRIMARY KEY, session TEXT, data TEXT);
INSERT INTO message VALUES ('m0', 's', 'v0'), ('m1', 's', 'v0');
"""
WRITER = "UPDATE message SET data = 'v1' WHERE id = 'm1';"
FIRST = "SELECT id, session, data FROM message WHERE id = 'm0'"
SECOND = "SELECT id, session, data FROM message WHERE id = 'm1'"


def ask_sqlite3(path: Path, sql: str) -> list[tuple[Any, ...]]:
    """Return the rows through the ``sqlite3`` module."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return db.execute(sql).fetchall()


def ask_apsw(path: Path, sql: str) -> list[tuple[Any, ...]]:
    """Return the rows through apsw."""
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return db.execute(sql).fetchall()
    finally:
        db.close()


def row(values: tuple[Any, ...]) -> Emission:
    """Return an event."""
    return dict(zip(("id", "session", "data"), values, strict=True))


class ByStdlib:
    """Reads two messages by two statements."""

    name = "reader"
    asks = (ask_sqlite3, ask_sqlite3)

    def scan(self, source: Source, _cursor: str | None) -> Iterator[Emission]:
        """Yield an event per row, then a checkpoint."""
        for ask, sql in zip(self.asks, (FIRST, SECOND), strict=True):
            yield from map(row, ask(source.path, sql))
        yield Checkpoint("1")


class ByApsw(ByStdlib):
    """The same through apsw."""

    asks = (ask_apsw, ask_apsw)


class ByBoth(ByStdlib):
    """One through each."""

    asks = (ask_sqlite3, ask_apsw)


class ByAnotherLater(ByStdlib):
    """Reads on through another library than it began with."""

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield as the others do."""
        self.asks = (ask_apsw, ask_apsw) if cursor else (ask_sqlite3, ask_sqlite3)
        yield from super().scan(source, cursor)


class Swallows(ByStdlib):
    """Falls back where one library refuses."""

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Try apsw, and go on in any case."""
        with suppress(Exception):
            ask_apsw(source.path, FIRST)
        yield from super().scan(source, cursor)


class EvidenceByApsw(ByStdlib):
    """Reads events through one library and evidence through another."""

    def evidence(self, source: Source) -> dict[str, str]:
        """Return one digest."""
        return {"s": str(ask_apsw(source.path, "SELECT * FROM message"))}


def subject_of(adapter: ByStdlib) -> Subject:
    """Return *adapter* with its rules."""
    rules = compile_rules(CONFIG)
    return Subject(
        adapter=adapter, rules=rules, comparison=compile_comparison(CONFIG, rules)
    )


def rig_of(
    adapter: ByStdlib, folder: Path, library: Library, driver: Driver | None = None
) -> Rig:
    """Return a rig with a writer that goes through *library*."""
    bench = DatabaseBench(
        image=build_image(FIXTURE, Path("fixture.sql"), journal="wal").main,
        root=folder / "store",
        spare=folder / "spare",
        name="store.db",
        library=library,
        scripts=(tuple(parse_script(WRITER, Path("writer.sql"))),),
        names=("writer",),
    )
    for name in ("state", "tmp"):
        (folder / name).mkdir(exist_ok=True)
    context = Context(lambda: 0.0, folder / "state", folder / "tmp")
    subject = subject_of(adapter)
    return Rig(
        subject=subject,
        bench=bench,
        driver=driver or StdlibDriver(),
        context=context,
        states=States(subject, bench.place, context),
    )


MIXED = [
    (ByStdlib(), Library.APSW, StdlibDriver()),
    (ByApsw(), Library.STDLIB, ApswDriver()),
    (ByBoth(), Library.STDLIB, StdlibDriver()),
    (ByBoth(), Library.APSW, ApswDriver()),
    (ByAnotherLater(), Library.STDLIB, StdlibDriver()),
    (Swallows(), Library.STDLIB, StdlibDriver()),
]


@pytest.mark.parametrize(("adapter", "library", "driver"), MIXED)
def test_a_second_library_beside_inline_writers_is_refused(
    tmp_path: Path, adapter: ByStdlib, library: Library, driver: Driver
) -> None:
    """Whoever uses which, in whatever scan, and whatever the reader makes of it."""
    rig = rig_of(adapter, tmp_path, library, driver)

    with pytest.raises(
        ParsediffError, match=r"PD617: .*writers use .*, and the reader"
    ):
        rig.run(Plan((Placed(0, 0, 0, Gap(0, 1)),), None, 2))


@pytest.mark.parametrize(
    ("adapter", "library", "driver"),
    [
        (ByStdlib(), Library.STDLIB, StdlibDriver()),
        (ByApsw(), Library.APSW, ApswDriver()),
        (ByStdlib(), Library.PROCESS, StdlibDriver()),
        (ByBoth(), Library.PROCESS, BothDriver()),
        (ByAnotherLater(), Library.PROCESS, BothDriver()),
    ],
)
def test_one_library_per_process_is_fine(
    tmp_path: Path, adapter: ByStdlib, library: Library, driver: Driver
) -> None:
    """The writer's is the reader's, or in another process; the write is seen."""
    rig = rig_of(adapter, tmp_path, library, driver)

    run = rig.run(Plan((Placed(0, 0, 0, Gap(0, 1)),), None, 2))

    assert b'"v1"' in run.polls[0].lines[1].text
    assert [None, None, None] == [poll.error for poll in run.polls]


def test_another_database_is_another_file(tmp_path: Path) -> None:
    """A parse of a copy in the spare folder disturbs no lock of the store."""
    other = tmp_path / "other.db"
    other.write_bytes(build_image(FIXTURE, Path("fixture.sql"), journal="wal").main)

    class Caches(ByStdlib):
        def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
            ask_apsw(other, FIRST)
            yield from super().scan(source, cursor)

    run = rig_of(Caches(), tmp_path, Library.STDLIB).run(Plan((), None, 1))

    assert run.polls[0].error is None


def test_evidence_through_another_library_is_refused(tmp_path: Path) -> None:
    """The law of the gate reads it while writers are connected."""
    rig = rig_of(EvidenceByApsw(), tmp_path, Library.STDLIB)

    with pytest.raises(ParsediffError, match="PD617"):
        check_gate_sound(rig)


@pytest.mark.parametrize(
    ("adapter", "library", "snapshots"),
    [
        (ByStdlib(), Library.STDLIB, 2),
        (ByApsw(), Library.APSW, 2),
        (ByBoth(), Library.PROCESS, 2),
    ],
)
def test_writers_use_what_the_reader_uses_alone(
    tmp_path: Path, adapter: ByStdlib, library: Library, snapshots: int
) -> None:
    """An adapter with both gets a process for the writers, and all its gaps are seen."""
    root = tmp_path / "placed"
    root.mkdir()
    (root / "store.db").write_bytes(
        build_image(FIXTURE, Path("fixture.sql"), journal="wal").main
    )
    context = Context(lambda: 0.0, root, root)
    detected = detect(
        subject_of(adapter), Source(root / "store.db", root), root, context
    )

    run = rig_of(adapter, tmp_path, detected.library, detected.driver).run(Plan(()))

    assert library is detected.library
    assert detected.is_followed
    assert ("two SQLite libraries" in detected.note) == (library is Library.PROCESS)
    seen = [m for m in run.moments if m.kind is Kind.SNAPSHOT and m.gap.poll == 0]
    assert snapshots == len(seen)

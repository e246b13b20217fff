"""A small store with two writers, and readers of it, right and wrong."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import apsw

from pytest_parsediff.core.config import AdapterConfig, Journal
from pytest_parsediff.core.event import Checkpoint, Context, Emission, Source
from pytest_parsediff.core.rules import compile_rules
from pytest_parsediff.core.store import build_image
from pytest_parsediff.diff.comparison import compile_comparison
from pytest_parsediff.interleave.databasebench import DatabaseBench
from pytest_parsediff.interleave.drivers.apsw import ApswDriver
from pytest_parsediff.interleave.drivers.driver import Driver
from pytest_parsediff.interleave.drivers.stdlib import StdlibDriver
from pytest_parsediff.interleave.plan import Plan
from pytest_parsediff.interleave.rig import Rig
from pytest_parsediff.interleave.shape import Shape
from pytest_parsediff.interleave.states import States
from pytest_parsediff.interleave.subject import Subject
from pytest_parsediff.interleave.writers.connection import Library
from pytest_parsediff.interleave.writers.sqlscript import parse_script

FIXTURE = b"""\
CREATE TABLE message(id TEXT PRIMARY KEY, session TEXT, data TEXT, updated INTEGER);
CREATE INDEX message_updated ON message(updated);
INSERT INTO message VALUES
    ('m0', 's0', 'v0', 1700000000000),
    ('m1', 's0', 'v0', 1700000000000),
    ('m2', 's1', 'v0', 1700000000000);
"""
WRITERS = (
    """\
UPDATE message SET data = 'v1', updated = now_ms() WHERE id = 'm0';
INSERT INTO message VALUES ('a1', 's0', 'v0', now_ms());
PRAGMA wal_checkpoint(PASSIVE);
UPDATE message SET data = 'v2', updated = now_ms() WHERE id = 'm0';
INSERT INTO message VALUES ('a2', 's1', 'v0', now_ms());
""",
    """\
INSERT INTO message VALUES ('b1', 's1', 'v0', now_ms());
UPDATE message SET data = 'w1', updated = now_ms() WHERE id = 'm1';
INSERT INTO message VALUES ('b2', 's0', 'v0', now_ms());
UPDATE message SET data = 'w2', updated = now_ms() WHERE id = 'm2';
PRAGMA wal_checkpoint(TRUNCATE);
""",
)
_SELECT = (
    "SELECT id, session, data, updated FROM message WHERE updated {} ? ORDER BY 4, 1"
)


class AtOrAfter:
    """Reads from its watermark on, the millisecond of the watermark included."""

    name = "at-or-after"
    sign = ">="
    #: How long it waits for a lock, seconds.
    timeout_s = 5.0

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield a row per event, then a checkpoint."""
        uri = f"{source.path.as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, timeout=self.timeout_s, uri=True)) as db:
            watermark = int(cursor or 0)
            for row in db.execute(_SELECT.format(self.sign), (watermark,)).fetchall():
                yield dict(zip(("id", "session", "data", "updated"), row, strict=True))
                watermark = max(watermark, row[3])
            yield Checkpoint(str(watermark))


class AtOrAfterByApsw(AtOrAfter):
    """The same through apsw, beside writers that use it."""

    name = "at-or-after-by-apsw"

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield a row per event, then a checkpoint."""
        flags = apsw.SQLITE_OPEN_READONLY
        with closing(apsw.Connection(str(source.path), flags=flags)) as db:
            watermark = int(cursor or 0)
            for row in db.execute(_SELECT.format(">="), (watermark,)).fetchall():
                yield dict(zip(("id", "session", "data", "updated"), row, strict=True))
                watermark = max(watermark, int(str(row[3])))
            yield Checkpoint(str(watermark))


class After(AtOrAfter):
    """Loses what is written later in the millisecond of its watermark."""

    name = "after"
    sign = ">"


class TwoSnapshots(AtOrAfter):
    """Reads rows in one snapshot and the new watermark in another."""

    name = "two-snapshots"

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield a row per event, then a checkpoint that may be behind them."""
        with closing(
            sqlite3.connect(f"{source.path.as_uri()}?mode=ro", uri=True)
        ) as db:
            rows = db.execute(_SELECT.format(">="), (int(cursor or 0),)).fetchall()
            (latest,) = db.execute("SELECT max(updated) FROM message").fetchone()
            for row in rows:
                yield dict(zip(("id", "session", "data", "updated"), row, strict=True))
            yield Checkpoint(str(latest))


class CheckpointFirst(AtOrAfter):
    """Hands out its cursor before the rows it covers."""

    name = "checkpoint-first"

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield the checkpoint, then the events."""
        emissions = list(super().scan(source, cursor))
        yield emissions.pop()
        yield from emissions


def make_rig(
    adapter: AtOrAfter,
    folder: Path,
    *,
    driver: Driver | None = None,
    writers: tuple[str, ...] = WRITERS,
    library: Library = Library.STDLIB,
    journal: Journal = "wal",
) -> Rig:
    """Return a rig for *adapter* on the small store."""
    config = AdapterConfig(session="/session", key=["/id"])
    rules = compile_rules(config)
    comparison = compile_comparison(config, rules)
    subject = Subject(adapter=adapter, rules=rules, comparison=comparison)
    for name in ("state", "tmp"):
        (folder / name).mkdir(exist_ok=True)
    bench = DatabaseBench(
        image=build_image(FIXTURE, Path("fixture.sql"), journal=journal).main,
        root=folder / "store",
        spare=folder / "spare",
        name="store.db",
        library=library,
        scripts=tuple(tuple(parse_script(w, Path("writer.sql"))) for w in writers),
        names=("one", "two"),
    )
    context = Context(time.monotonic, folder / "state", folder / "tmp")
    return Rig(
        subject=subject,
        bench=bench,
        driver=driver or (ApswDriver() if library is Library.APSW else StdlibDriver()),
        context=context,
        states=States(subject, bench.place, context),
    )


def measure(rig: Rig, polls: int = 2) -> Shape:
    """Return the shape of a quiet run."""
    quiet = rig.run(Plan((), None, polls))
    return Shape(
        writers=rig.bench.lengths,
        gaps=quiet.gaps,
        emissions=quiet.emissions,
        may_crash=True,
    )

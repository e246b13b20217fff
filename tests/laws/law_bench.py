"""Rigs of small stores for the laws: databases, and folders of files."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, cast

from pytest_parsediff.adapters.protocol import Adapter
from pytest_parsediff.adapters.python import as_adapter
from pytest_parsediff.core.config import AdapterConfig
from pytest_parsediff.core.event import Checkpoint, Context, Emission, Source
from pytest_parsediff.core.rules import compile_rules
from pytest_parsediff.core.store import build_image
from pytest_parsediff.diff.comparison import compile_comparison
from pytest_parsediff.interleave.bench import Bench
from pytest_parsediff.interleave.databasebench import DatabaseBench
from pytest_parsediff.interleave.drivers.driver import Driver
from pytest_parsediff.interleave.drivers.files import FileDriver
from pytest_parsediff.interleave.drivers.stdlib import StdlibDriver
from pytest_parsediff.interleave.filebench import FileBench
from pytest_parsediff.interleave.rig import Rig
from pytest_parsediff.interleave.states import States
from pytest_parsediff.interleave.subject import Subject
from pytest_parsediff.interleave.writers.connection import Library
from pytest_parsediff.interleave.writers.sqlscript import parse_script

CONFIG = AdapterConfig(session="/session", key=["/id"])
#: Two sessions, three messages with JSON, and a stamp of their own each.
FIXTURE = """\
CREATE TABLE session(id TEXT PRIMARY KEY, title TEXT);
CREATE TABLE message(
    id TEXT PRIMARY KEY, session TEXT NOT NULL, data TEXT, updated INTEGER
);
CREATE INDEX message_updated ON message(updated);
INSERT INTO session VALUES ('s0', 'first'), ('s1', 'second');
INSERT INTO message VALUES
    ('m0', 's0', '{"type":"text","n":1}', 1699999999001),
    ('m1', 's0', '{"type":"text","n":2}', 1699999999002),
    ('m2', 's1', '{"type":"text","n":3}', 1699999999003);
"""
WRITERS = (
    """\
INSERT INTO message VALUES ('m3', 's1', '{"type":"text","n":4}', now_ms());
UPDATE message SET data = '{"type":"text","n":5}', updated = now_ms() WHERE id = 'm0';
""",
)


class Base:
    """Reads what was written at its watermark or later, in one statement."""

    name = "base"
    query = "SELECT id, session, data, updated FROM message WHERE updated >= ? ORDER BY updated, id"

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield a row per event, then a checkpoint."""
        watermark = int(cursor or 0)
        with closing(connect(source.path)) as db:
            rows = db.execute(self.query, (watermark,)).fetchall()
        for row in rows:
            yield dict(zip(("id", "session", "data", "updated"), row, strict=True))
            watermark = max(watermark, row[3])
        yield Checkpoint(str(watermark))


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection that only reads."""
    return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)


def subject_of(adapter: object, config: AdapterConfig = CONFIG, **more: Any) -> Subject:
    """Return *adapter*, an object or a function, as a subject."""
    rules = compile_rules(config)
    more = {"config": config, **more}
    return Subject(
        adapter=cast("Adapter", as_adapter(adapter, "adapter")),
        rules=rules,
        comparison=compile_comparison(config, rules),
        **more,
    )


def database_rig(
    adapter: object,
    folder: Path,
    *,
    sql: str = FIXTURE,
    writers: tuple[str, ...] = WRITERS,
    library: Library = Library.STDLIB,
    driver: Driver | None = None,
    config: AdapterConfig = CONFIG,
) -> Rig:
    """Return a rig of *adapter* on the database that *sql* makes."""
    bench = DatabaseBench(
        image=build_image(sql.encode(), Path("fixture.sql"), journal="wal").main,
        root=folder / "store",
        spare=folder / "spare",
        name="store.db",
        library=library,
        scripts=tuple(tuple(parse_script(w, Path("writer.sql"))) for w in writers),
        names=tuple(f"w{number}" for number, _ in enumerate(writers)),
    )
    return _rig(subject_of(adapter, config), bench, driver or StdlibDriver(), folder)


def file_rig(
    adapter: object,
    folder: Path,
    files: Mapping[str, bytes],
    *,
    name: str = "",
    config: AdapterConfig = CONFIG,
) -> Rig:
    """Return a rig of *adapter* on *files*."""
    bench = FileBench(
        files=files,
        root=folder / "store",
        spare=folder / "spare",
        name=name,
        scripts=(),
        names=(),
    )
    return _rig(subject_of(adapter, config), bench, FileDriver(), folder)


def _rig(subject: Subject, bench: Bench, driver: Driver, folder: Path) -> Rig:
    for name in ("state", "tmp"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    context = Context(time.monotonic, folder / "state", folder / "tmp")
    states = States(subject, bench.place, context)
    return Rig(
        subject=subject, bench=bench, driver=driver, context=context, states=states
    )

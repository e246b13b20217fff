"""Strategies: every store is one, every writer can write to it, and failures shrink."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import apsw
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from pytest_parsediff.adapters.opencode.adapter import OpencodeAdapter
from pytest_parsediff.core.errors import FixtureSQLError
from pytest_parsediff.core.event import Notice, Source
from pytest_parsediff.core.store import build_image
from pytest_parsediff.interleave.clock import HarnessClock
from pytest_parsediff.interleave.writers.connection import Batch, Library
from pytest_parsediff.interleave.writers.opening import open_writer
from pytest_parsediff.interleave.writers.sqlscript import parse_script
from pytest_parsediff.strategies import (
    OPENCODE_SCHEMA,
    opencode_stores,
    opencode_writers,
    stores,
    writers,
)
from pytest_parsediff.tableshapes import read_shapes

SCHEMA = """\
CREATE TABLE project(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE item(
    project_id INTEGER NOT NULL REFERENCES project(id), pos INTEGER,
    kind TEXT NOT NULL CHECK (kind IN ('a', 'it''s')), size INTEGER CHECK (size > 3),
    data JSON, updated_at INTEGER, raw BLOB, price REAL,
    PRIMARY KEY (project_id, pos)
) WITHOUT ROWID;
CREATE TABLE note(id TEXT PRIMARY KEY, item TEXT, project_id INTEGER);
CREATE INDEX note_item ON note(item);
"""
FEW = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def place(script: str, path: Path) -> Path:
    """Write the store that *script* makes to *path*."""
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    image = build_image(script.encode(), Path("fixture.sql"), journal="wal")
    path.write_bytes(image.main)
    return path


def write(script: str, path: Path) -> int:
    """Run all steps of *script*; return how many there were."""
    writer = open_writer(Library.APSW, path, HarnessClock())
    steps = parse_script(script, Path("writer.sql"))
    for step in steps:
        writer.run(Batch(step.statements))
    writer.close()
    return len(steps)


@FEW
@given(script=stores(SCHEMA))
def test_generated_rows_fit_their_schema(script: str) -> None:
    """SQLite accepts all of them, foreign keys and CHECKs included."""
    build_image(f"PRAGMA foreign_keys = ON;{script}".encode(), Path("fixture.sql"))


@FEW
@given(store=stores(SCHEMA), script=writers(SCHEMA))
def test_a_generated_writer_fits_every_store(
    tmp_path: Path, store: str, script: str
) -> None:
    """No step is refused, whatever the rows are."""
    assert write(script, place(store, tmp_path / "store.db")) >= 1


@FEW
@given(store=opencode_stores(), script=opencode_writers())
def test_the_built_in_adapter_reads_every_opencode_store_without_a_notice(
    tmp_path: Path, store: str, script: str
) -> None:
    """Before the writer came, and after it."""
    path = place(store, tmp_path / "opencode.db")
    for has_writer in (False, True):
        if has_writer:
            write(script, path)
        found = list(OpencodeAdapter().scan(Source(path, tmp_path), None))
        assert [] == [one for one in found if isinstance(one, Notice)]
        started = [
            one
            for one in found
            if isinstance(one, dict) and one["kind"] == "session_started"
        ]
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        with contextlib.closing(connection):
            assert connection.execute("SELECT count(*) FROM session").get == len(
                started
            )


def drawn(strategy: st.SearchStrategy[str], count: int) -> list[str]:
    """Return *count* examples."""
    found = []

    @settings(FEW, max_examples=count, phases=[Phase.generate])
    @given(one=strategy)
    def collect(one: str) -> None:
        found.append(one)

    collect()
    return found


def test_ids_of_sessions_descend_and_stamps_collide() -> None:
    """As they do in life."""
    scripts = drawn(opencode_stores(), 60)

    ids = [re.findall(r"VALUES \('(ses_\w+)'", script) for script in scripts]
    assert all(found == sorted(found, reverse=True) for found in ids)
    assert ["ses_fff", "ses_ffe", "ses_ffd"] in ids
    stamps = [re.findall(r"169999999900\d, (169999999900\d)", one) for one in scripts]
    assert any(len(found) > len(set(found)) for found in stamps)


def test_a_failing_store_shrinks_to_what_matters() -> None:
    """Two messages in one session, and nothing else."""

    def has_two_messages(script: str) -> bool:
        return script.count("INSERT INTO message") >= 2

    script = find(opencode_stores(max_sessions=2), has_two_messages, settings=FEW)

    rows = script.removeprefix(OPENCODE_SCHEMA).splitlines()
    assert ["session(id,", "message", "message"] == [row.split()[2] for row in rows]


def test_a_failing_writer_shrinks_to_what_matters() -> None:
    """One deletion in a transaction of one."""
    schema = "CREATE TABLE note(id TEXT PRIMARY KEY, item TEXT);"

    script = find(writers(schema), lambda one: "DELETE" in one, settings=FEW)

    assert 1 == script.count("-- step:")
    assert 2 == len(script.splitlines())


def test_every_kind_of_step_is_made() -> None:
    """Inserts, upserts, updates with and without a new time, deletions, checkpoints."""
    scripts = drawn(writers(SCHEMA), 300)

    steps = [step for one in scripts for step in one.split("-- step: ")[1:]]
    bodies = [step.partition("\n")[2] for step in steps]
    assert any("ON CONFLICT" in body for body in bodies)
    updates = [body for body in bodies if body.startswith("UPDATE OR IGNORE")]
    assert {True, False} == {'"updated_at" = now_ms()' in body for body in updates}
    assert any(body.startswith("DELETE FROM") for body in bodies)
    assert any("wal_checkpoint(TRUNCATE)" in body for body in bodies)
    assert any(len(body.splitlines()) == 3 for body in bodies)


def test_every_kind_of_change_to_an_opencode_store_is_made() -> None:
    """Deletions, late commits, ids that descend, messages that move, migrations."""
    text = "".join(drawn(opencode_writers(), 300))

    labels = set(re.findall(r"-- step: ([a-z]+:? ?[a-z]* ?[a-z]*)", text))
    assert {
        "begin a session",
        "commit an old",
        "delete a session",
        "give a session",
        "mend a part",
        "migrate: a column",
        "migrate: an index",
        "migrate: message is",
        "migrate: part is",
        "move a message",
        "rename a session",
        "revert a message",
    } <= labels


def test_a_schema_says_what_rows_must_be() -> None:
    """Affinity, keys, references declared or by name, and lists of texts."""
    shapes = {shape.name: shape for shape in read_shapes(SCHEMA)}

    assert list(shapes).index("project") < list(shapes).index("item")
    item = {column.name: column for column in shapes["item"].columns}
    assert ("project", "id") == item["project_id"].refers
    assert ("a", "it's") == item["kind"].one_of
    assert ["INTEGER", "TEXT", "BLOB", "REAL"] == [
        item[name].kind for name in ("size", "data", "raw", "price")
    ]
    note = {column.name: column for column in shapes["note"].columns}
    assert ("project", "id") == note["project_id"].refers
    assert note["item"].refers is None
    assert [False, True] == [shapes["project"].is_only_key, shapes["note"].is_only_key]


def test_columns_can_be_given() -> None:
    """What no schema says, the caller does."""
    schema = "CREATE TABLE note(id TEXT PRIMARY KEY);"
    given_ids = stores(schema, columns={"note.id": st.just("the-one")})

    scripts = drawn(given_ids, 10)

    assert any('INTO "note" ("id") VALUES (\'the-one\')' in one for one in scripts)


def test_a_schema_that_is_none_is_an_error() -> None:
    """With line and column."""
    with pytest.raises(FixtureSQLError, match="PD201"):
        stores("CREATE TABEL x(y);")

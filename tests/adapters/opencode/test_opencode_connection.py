"""How a source is addressed and opened."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from opencode_stores import build, kinds, scan, split

from pytest_parsediff.adapters.opencode.connection import (
    BUSY_TIMEOUT_MS,
    fetch,
    open_source,
    read_transaction,
    source_uri,
)
from pytest_parsediff.core.errors import StoreOpenError

HOSTILE = (
    "_pragma=query_only(false)&_pragma=main.busy_timeout(1)&_pragma=cache_size(-2000)"
    "&_pragma=wal_checkpoint(TRUNCATE)&_pragma=foreign_keys(on)&_txlock=exclusive"
    "&mode=rwc&immutable=1&nolock=1&vfs=unix-none&cache=shared"
)


@pytest.mark.parametrize(
    ("source", "uri"),
    [
        (Path("/a/b.db"), "file:///a/b.db?mode=ro"),
        ("/a/b.db", "file:///a/b.db?mode=ro"),
        ("/a b/c?d=%41#e:f", "file:///a%20b/c%3Fd%3D%2541%23e%3Af?mode=ro"),
        ("/a/\u00e9.db", "file:///a/%C3%A9.db?mode=ro"),
        ("//a//b.db", "file:////a//b.db?mode=ro"),
        (Path("/file:x"), "file:///file%3Ax?mode=ro"),
        ("file:/a/b%20c.db", "file:///a/b%20c.db?mode=ro"),
        ("file:///a/b.db", "file:///a/b.db?mode=ro"),
        ("file://localhost/a/b.db", "file:///a/b.db?mode=ro"),
        ("file:/a/b.db?mode=rwc#x", "file:///a/b.db?mode=ro"),
        (f"file:/a/b.db?{HOSTILE}", "file:///a/b.db?mode=ro"),
        (":memory:", "file::memory:?mode=ro"),
        ("file::memory:?cache=shared", "file::memory:?mode=ro"),
    ],
)
def test_source_uri(source: str | Path, uri: str) -> None:
    """Of a source only the path survives; everything else is ours."""
    assert uri == source_uri(source)


@pytest.mark.parametrize("source", ["x.db", Path("x.db"), "file:x.db"])
def test_relative_paths_are_made_absolute(source: str | Path) -> None:
    """A relative path is one below the working directory."""
    assert f"file://{Path.cwd()}/x.db?mode=ro" == source_uri(source)


def test_a_path_may_be_named_like_the_memory_database() -> None:
    """Only text can mean the memory database; a path is always a file."""
    assert source_uri(Path(":memory:")).endswith("/%3Amemory%3A?mode=ro")


@pytest.mark.parametrize(
    "source",
    [
        *("", "file:", "file://", "file:?mode=ro", "a\0b", "file:/a%00b"),
        *("file:/a%zz", "file:/a.db?x=%", "file:/a.db?x=%4", "file://host/a.db"),
    ],
)
def test_bad_addresses_are_errors(source: str) -> None:
    """An empty path, NUL, a malformed escape or a foreign host is refused."""
    with pytest.raises(StoreOpenError, match="PD422"):
        source_uri(source)


def test_settings_of_the_connection(tmp_path: Path) -> None:
    """The connection is for queries, waits five seconds, and has no transaction."""
    path = build(tmp_path / "store.db")
    with closing(open_source(f"file:{path}?{HOSTILE}")) as connection:
        assert 1 == connection.pragma("query_only")
        assert 5000 == BUSY_TIMEOUT_MS == connection.pragma("busy_timeout")
        assert 0 == connection.pragma("foreign_keys")
        assert connection.readonly("main")
        assert not connection.in_transaction
        assert 1 == len(fetch(connection, "PRAGMA database_list"))


def test_memory_database() -> None:
    """The memory database can be opened, and is empty."""
    with closing(open_source(":memory:")) as connection:
        assert [] == fetch(connection, "SELECT name FROM sqlite_schema")


def test_a_missing_file_is_not_created(tmp_path: Path) -> None:
    """Opening what is not there is an error, and leaves nothing behind."""
    with pytest.raises(StoreOpenError, match=r"PD422: .*gone\.db: expected a readable"):
        open_source(tmp_path / "gone.db")

    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["what?mode=rwc", "50%.db", "a#b", "x:y", "file:z"])
def test_odd_names_are_opened_as_they_are(tmp_path: Path, name: str) -> None:
    """Characters that mean something in a URI are part of a path's name."""
    build(tmp_path / "plain.db", ("session", {}))
    (tmp_path / "plain.db").rename(tmp_path / name)

    assert ["session_started"] == kinds(split(scan(tmp_path / name))[0])
    assert [tmp_path / name] == list(tmp_path.iterdir())


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    """A file whose name is not valid UTF-8 can be opened."""
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/x\xff.db"))
    try:
        os.close(os.open(path, os.O_CREAT))
    except OSError:
        pytest.skip("this file system refuses names that are not UTF-8")

    with closing(open_source(path)) as connection:
        assert [] == fetch(connection, "SELECT name FROM sqlite_schema")


@pytest.mark.parametrize(
    "content", [b"not a database" * 100, b"SQLite format 3\0" * 90]
)
def test_what_is_no_database_is_an_error(tmp_path: Path, content: bytes) -> None:
    """A file that is no database is refused when it is opened."""
    path = tmp_path / "text.db"
    path.write_bytes(content)

    with pytest.raises(StoreOpenError, match=r"NotADBError|CorruptError"):
        open_source(path)
    assert content == path.read_bytes()


def test_a_folder_is_an_error(tmp_path: Path) -> None:
    """A folder is no store."""
    with pytest.raises(StoreOpenError, match="PD422"):
        open_source(tmp_path)


def test_a_failed_open_closes_its_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No handle on a file stays open after the file was refused."""
    made: list[apsw.Connection] = []
    monkeypatch.setattr(apsw, "connection_hooks", [made.append])
    (tmp_path / "x").write_bytes(b"no database at all" * 100)

    with pytest.raises(StoreOpenError):
        open_source(tmp_path / "x")
    with pytest.raises(apsw.ConnectionClosedError):
        made[0].execute("SELECT 1")


def test_errors_inside_a_transaction_end_it(tmp_path: Path) -> None:
    """After a failed query no transaction is left open."""
    with closing(open_source(build(tmp_path / "store.db"))) as connection:
        with pytest.raises(apsw.SQLError), read_transaction(connection):
            fetch(connection, "SELECT nothing")

        assert not connection.in_transaction


def test_a_transaction_that_sqlite_ended_is_not_ended_again(tmp_path: Path) -> None:
    """When SQLite has rolled back by itself there is nothing left to do."""
    with closing(open_source(build(tmp_path / "store.db"))) as connection:
        with read_transaction(connection):
            fetch(connection, "ROLLBACK")

        assert not connection.in_transaction

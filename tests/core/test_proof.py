"""The proof that an adapter only read."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest
from sqlite_child import query

from pytest_parsediff.core import proof
from pytest_parsediff.core.proof import Content, FileState, observe, violations
from pytest_parsediff.core.states import enter_state
from pytest_parsediff.core.store import build_image

IMAGE = build_image(
    b"CREATE TABLE t(a);INSERT INTO t VALUES (1);", Path("fixture.sql"), journal="wal"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a root with a database, its WAL and its shared memory, all at rest."""
    root = tmp_path / "store [x] é"
    root.mkdir()
    enter_state("killed-wal", root / "store.db", IMAGE.main, "wal")
    return root


def found(root: Path, act: Callable[[], object]) -> list[str]:
    """Return what is noticed of *act*."""
    before = observe(root)
    act()
    return violations(before, observe(root))


def append(path: Path, data: bytes = b"x") -> None:
    """Write behind the end of *path*."""
    with path.open("ab") as file:
        file.write(data)


def flip(path: Path) -> None:
    """Change one byte of *path*; size and time stay."""
    status = path.stat()
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    with path.open("r+b") as file:
        file.write(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def replace(path: Path) -> None:
    """Put another file with equal bytes in the place of *path*."""
    copy = path.with_name("copy")
    shutil.copy2(path, copy)
    copy.replace(path)


# --- violations -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (lambda r: (r / "cache x").write_bytes(b"12"), "created cache x (2 bytes)"),
        (lambda r: (r / "d").mkdir(), "created d/ (0 bytes)"),
        (lambda r: (r / "link").symlink_to("store.db"), "created link (8 bytes)"),
        (lambda r: (r / "x-wal").write_bytes(b"1"), "created x-wal (1 byte)"),
        (
            lambda r: (r / "store.db-journal").touch(),
            "created store.db-journal (0 bytes)",
        ),
        (
            lambda r: flip(r / "store.db"),
            "changed store.db (4096 bytes before, 4096 after)",
        ),
        (
            lambda r: append(r / "store.db"),
            "changed store.db (4096 bytes before, 4097 after)",
        ),
        (lambda r: os.truncate(r / "store.db-wal", 0), "changed store.db-wal"),
        (lambda r: flip(r / "store.db-wal"), "changed store.db-wal"),
        (
            lambda r: os.utime(r / "store.db", (0, 0)),
            "changed the modification time of store.db",
        ),
        (
            lambda r: (r / "store.db").chmod(0o400),
            "changed the permissions of store.db",
        ),
        (lambda r: replace(r / "store.db"), "replaced store.db by another file"),
        (lambda r: (r / "store.db").unlink(), "removed store.db"),
        (lambda r: (r / "store.db-wal").unlink(), "removed store.db-wal"),
    ],
)
def test_violations(root: Path, act: Callable[[Path], object], expected: str) -> None:
    """Each kind of change is named, once."""
    lines = found(root, lambda: act(root))
    assert 1 == len(lines)
    assert lines[0].startswith(expected)


def test_permissions_beside_another_change(root: Path) -> None:
    """They are named too, but of a file that was replaced, and those of folders."""
    (root / "d").mkdir()

    def act() -> None:
        append(root / "store.db-wal")
        (root / "store.db-wal").chmod(0o400)
        replace(root / "store.db")
        (root / "store.db").chmod(0o400)
        (root / "store.db-shm").chmod(0o400)
        (root / "d").chmod(0o500)

    lines = found(root, act)
    assert 4 == len(lines)
    assert "changed the permissions of d/" == lines[0]
    assert "replaced store.db by another file" == lines[1]
    assert lines[2].startswith("changed store.db-wal (")
    assert "changed the permissions of store.db-wal" == lines[3]


def test_an_empty_wal_gets_the_permissions_of_its_database(tmp_path: Path) -> None:
    """SQLite's read-only connections do that, so a reader may."""
    (tmp_path / "store.db").write_bytes(IMAGE.main)
    (tmp_path / "store.db-wal").touch(0o600)
    (tmp_path / "store.db").chmod(0o644)
    lines = found(tmp_path, lambda: query(tmp_path / "store.db", "SELECT a FROM t"))
    assert [] == lines
    assert 0o644 == (tmp_path / "store.db-wal").stat().st_mode & 0o777


def test_several_violations_are_sorted(root: Path) -> None:
    """All of them are named."""

    def act() -> None:
        (root / "store.db").rename(root / "old.db")
        (root / "b").mkdir()
        (root / "b" / "a").touch()

    expected = [
        "created b/ (0 bytes)",
        "created b/a (0 bytes)",
        "created old.db (4096 bytes)",
        "removed store.db",
    ]
    assert expected == found(root, act)


def test_files_below_folders(tmp_path: Path) -> None:
    """Trees are watched to any depth, links and empty folders included."""
    root = tmp_path / "root"
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "b" / "c\udcff").write_bytes(b"1")
    (root / "a" / "link").symlink_to("b")
    (root / "empty").mkdir()
    assert {"a/", "a/b/", "a/b/c\udcff", "a/link", "empty/"} == set(observe(root))

    def act() -> None:
        flip(root / "a" / "b" / "c\udcff")
        (root / "a" / "link").unlink()
        (root / "a" / "link").symlink_to("b/c")
        (root / "empty").rmdir()

    lines = found(root, act)
    assert 3 == len(lines)
    assert lines[0].startswith("changed a/b/c\udcff (1 byte before, 1 after)")
    assert lines[2] == "removed empty/"
    assert "a/link" in lines[1]


def test_a_root_that_is_gone(root: Path) -> None:
    """An adapter that removes the whole store has removed every file of it."""
    expected = ["removed store.db", "removed store.db-wal"]
    assert expected == found(root, lambda: shutil.rmtree(root))


def test_a_folder_that_is_replaced(tmp_path: Path) -> None:
    """A folder has an identity; its times are not watched."""
    (tmp_path / "a").mkdir()
    assert [] == found(tmp_path, lambda: os.utime(tmp_path / "a", (0, 0)))
    (tmp_path / "b").mkdir()

    def act() -> None:
        (tmp_path / "a").rmdir()
        (tmp_path / "b").rename(tmp_path / "a")

    assert ["replaced a/ by another file", "removed b/"] == found(tmp_path, act)


# --- what readers of SQLite may do --------------------------------------------------------


@pytest.mark.parametrize(
    "act",
    [
        lambda _: None,
        lambda r: (r / "store.db").read_bytes(),
        lambda r: append(r / "store.db-shm"),
        lambda r: (r / "store.db-shm").unlink(),
        lambda r: (r / "other.db-shm").write_bytes(b"1"),
        lambda r: (r / "other.db-wal").touch(),
    ],
)
def test_what_is_allowed(root: Path, act: Callable[[Path], object]) -> None:
    """Shared memory, and an empty WAL that was not there before."""
    assert [] == found(root, lambda: act(root))


@pytest.mark.parametrize("state", ["live", "killed-wal", "clean-exit"])
def test_a_reader_in_another_process(tmp_path: Path, state: Any) -> None:
    """A connection that is opened read-only passes in every state."""
    path = tmp_path / "store.db"
    writer = None
    if state == "clean-exit":
        path.write_bytes(IMAGE.main)
    else:
        writer = enter_state(state, path, IMAGE.main, "wal")
    assert [] == found(tmp_path, lambda: query(path, "SELECT a FROM t"))
    if writer is not None:
        writer.kill()


def test_a_reader_that_opens_for_writing(root: Path) -> None:
    """A plain connection to a killed store moves the WAL into the main file."""
    code = "import sqlite3,sys;c=sqlite3.connect(sys.argv[1]);c.execute('SELECT * FROM t');c.close()"
    command = [sys.executable, "-c", code, str(root / "store.db")]
    lines = found(root, lambda: subprocess.run(command, check=True))
    assert lines[0].startswith("changed store.db (4096 bytes before, 8192 after)")
    assert "removed store.db-wal" == lines[1]


# --- digests ------------------------------------------------------------------------------


def test_known_digests_are_not_computed(tmp_path: Path) -> None:
    """What is known is taken as it is; names that are not there mean nothing."""
    (tmp_path / "a").write_bytes(b"a")
    seen = observe(tmp_path, {"a": b"known", "b": b"other"})
    assert {"a"} == set(seen)
    assert b"known" == seen["a"].digest
    assert FileState(1, 2, (3, 4), b"", 5) == FileState(1, 2, (3, 4), b"", 5)


@pytest.mark.parametrize(
    ("data", "places"),
    [(b"abc", []), (b"ab", ["here"]), (b"abcd", ["here"]), (b"abd", ["here"])],
)
def test_likely_contents_are_compared(
    tmp_path: Path, readings: list[str], data: bytes, places: list[str]
) -> None:
    """A file that holds just what was expected is not hashed; any other one is."""
    (tmp_path / "a").write_bytes(b"abc")
    expected = observe(tmp_path)
    readings.clear()
    digest = hashlib.sha256(data).digest()
    seen = observe(
        tmp_path, likely={"a": Content(data, digest), "b": Content(b"", b"")}
    )
    assert expected == seen
    assert places == readings


def test_an_empty_root(tmp_path: Path, readings: list[str]) -> None:
    """Nothing is found, and nothing read."""
    assert {} == observe(tmp_path)
    assert [] == readings


def test_shared_memory_is_not_read(root: Path) -> None:
    """Readers change it, so only its presence is seen."""
    assert b"" == observe(root)["store.db-shm"].digest
    assert 32 == len(observe(root)["store.db-wal"].digest)


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return where digests are taken from now on: here, or in a child."""
    places: list[str] = []
    here, child = proof._digest, proof._digests_in_child

    def digest(path: str) -> bytes:
        places.append("here")
        return here(path)

    def digests(root: str, names: list[str]) -> list[bytes]:
        places.append("child")
        return child(root, names)

    monkeypatch.setattr(proof, "_digest", digest)
    monkeypatch.setattr(proof, "_digests_in_child", digests)
    return places


def test_without_open_files_digests_are_taken_here(
    root: Path, readings: list[str]
) -> None:
    """A process costs more than reading."""
    observe(root)
    assert {"here"} == set(readings)


def test_with_an_open_file_a_child_takes_the_same_digests(
    root: Path, readings: list[str]
) -> None:
    """Names of any kind reach the child."""
    (root / "x\udcff '\n\"").write_bytes(b"1")
    here = observe(root)
    readings.clear()
    with (root / "store.db").open("rb"):
        assert here == observe(root)
    assert ["child"] == readings


@pytest.mark.parametrize("elsewhere", ["link", "renamed"])
def test_an_open_file_is_found_under_any_name(
    root: Path, tmp_path: Path, readings: list[str], elsewhere: str
) -> None:
    """A file that was opened through another link, or under an older name."""
    outside = tmp_path / "outside"
    outside.mkdir()
    if elsewhere == "link":
        os.link(root / "store.db", outside / "other")
        held = (outside / "other").open("rb")
    else:
        held = (root / "store.db").open("rb")
        (root / "store.db").rename(root / "renamed")
    with held:
        observe(root)
    assert ["child"] == readings


def test_a_connection_in_a_cycle_is_collected_first(
    root: Path, readings: list[str]
) -> None:
    """What only waits for the garbage collector costs no process."""

    class Holder:
        """Keeps a file open, and itself alive."""

    holder = Holder()
    holder.itself = holder  # type: ignore[attr-defined]
    holder.file = os.open(root / "store.db", os.O_RDONLY)  # type: ignore[attr-defined]
    descriptor: int = holder.file  # type: ignore[attr-defined]
    callback = gc.callbacks.append
    callback(lambda phase, _info: _close(descriptor) if phase == "stop" else None)
    try:
        observe(root)
    finally:
        gc.callbacks.pop()
    assert {"here"} == set(readings)


def _close(descriptor: int) -> None:
    """Close *descriptor* if it is open."""
    with contextlib.suppress(OSError):
        os.close(descriptor)


@pytest.mark.parametrize(("system", "place"), [("nt", "here"), ("posix", "child")])
def test_where_descriptors_cannot_be_listed(
    root: Path,
    readings: list[str],
    monkeypatch: pytest.MonkeyPatch,
    system: str,
    place: str,
) -> None:
    """On Windows nothing can be lost; elsewhere the worst is assumed."""

    def fail(_path: str) -> list[str]:
        raise FileNotFoundError

    monkeypatch.setattr(os, "listdir", fail)
    monkeypatch.setattr(os, "name", system)
    try:
        observe(root)
    finally:
        monkeypatch.undo()
    assert {place} == set(readings)


# --- locks --------------------------------------------------------------------------------


def hold_stdlib(path: Path) -> Any:
    """Take the write lock with Python's own SQLite, in this process."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    return connection


def hold_apsw(path: Path) -> Any:
    """Take the write lock with apsw, in this process."""
    connection = apsw.Connection(str(path))
    connection.execute("BEGIN IMMEDIATE")
    return connection


@pytest.mark.parametrize("journal", ["wal", "delete"])
@pytest.mark.parametrize("hold", [hold_stdlib, hold_apsw])
def test_observing_takes_no_lock_away(
    tmp_path: Path, hold: Callable[[Path], Any], journal: Any
) -> None:
    """A connection that an adapter keeps open in this process keeps its locks."""
    path = tmp_path / "store.db"
    path.write_bytes(build_image(b"CREATE TABLE t(a)", path, journal=journal).main)
    connection = hold(path)
    try:
        locked = "database is locked"
        assert locked == query(path, "BEGIN IMMEDIATE", options="mode=rw")
        observe(tmp_path)
        assert locked == query(path, "BEGIN IMMEDIATE", options="mode=rw")
    finally:
        connection.close()
    assert [] == query(path, "BEGIN IMMEDIATE", options="mode=rw")


def test_reading_here_would_take_the_lock_away(tmp_path: Path) -> None:
    """The hazard is real: this is what the child process is for."""
    path = tmp_path / "store.db"
    path.write_bytes(build_image(b"CREATE TABLE t(a)", path).main)
    connection = hold_stdlib(path)
    try:
        proof._digest(str(path))
        assert [] == query(path, "BEGIN IMMEDIATE", options="mode=rw")
    finally:
        connection.close()

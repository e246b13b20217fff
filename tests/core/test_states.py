"""Databases as their writers leave them, seen from another process."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_child import query

from pytest_parsediff.core import states
from pytest_parsediff.core.config import Journal, State
from pytest_parsediff.core.errors import StoreStateError, Unavailable
from pytest_parsediff.core.states import Writer, check_state, enter_state
from pytest_parsediff.core.store import build_image

PLACE = Path("fixture.sql")
SQL = b"CREATE TABLE t(a);INSERT INTO t VALUES ('\xc3\xa9'),(2);"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where a store may be, in a folder of its own."""
    folder = tmp_path / "a [b] é"
    folder.mkdir()
    return folder / "store x.db"


@contextlib.contextmanager
def entered(
    state: State, path: Path, journal: Journal = "wal", script: bytes = SQL
) -> Iterator[Writer | None]:
    """Put a store at *path* in *state*; end its writer afterwards."""
    image = build_image(script, PLACE, journal=journal)
    check_state(state, journal, PLACE)
    writer = enter_state(state, path, image.main, journal)
    try:
        yield writer
    finally:
        if writer is not None:
            writer.kill()


def sizes(path: Path) -> dict[str, int]:
    """Return the sizes of the files beside *path*, by what is behind its name."""
    return {
        file.name.removeprefix(path.name): file.stat().st_size
        for file in path.parent.iterdir()
    }


def is_running(writer: Writer | None) -> bool:
    """Return whether a process lives; one that ended and waits to be reaped does not."""
    assert writer is not None
    return writer._process.poll() is None


def test_live(path: Path) -> None:
    """The rows are in the WAL, the writer runs, and readers see everything."""
    with entered("live", path) as writer:
        assert is_running(writer)
        assert {"", "-wal", "-shm"} == set(sizes(path))
        assert 0 < sizes(path)["-wal"]
        assert [["é"], [2]] == query(path, "SELECT a FROM t")
        assert "no such table: t" == query(
            path, "SELECT a FROM t", options="immutable=1"
        )
        changed = query(
            path,
            "INSERT INTO t VALUES (3)",
            "SELECT count(*) FROM t",
            options="mode=rw",
        )
        assert [[3]] == changed
    assert not is_running(writer)


def test_killed_wal(path: Path) -> None:
    """The writer is gone, its WAL is not; who ignores it sees an old store."""
    with entered("killed-wal", path) as writer:
        assert writer is None
        assert 0 < sizes(path)["-wal"]
        stale = query(path, "SELECT a FROM t", options="immutable=1")
        assert "no such table: t" == stale
        assert [["é"], [2]] == query(path, "SELECT a FROM t")


def test_main_only(path: Path) -> None:
    """A copy of the main file alone: a database, and without its rows."""
    with entered("main-only", path) as writer:
        assert writer is None
        assert {"": 4096} == sizes(path)
        assert [] == query(path, "SELECT * FROM sqlite_schema")


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_locked(path: Path, journal: Journal) -> None:
    """No other process can read or write while the writer runs."""
    with entered("locked", path, journal) as writer:
        assert is_running(writer)
        locked = "database is locked"
        assert locked == query(path, "SELECT a FROM t")
        assert locked == query(path, "BEGIN IMMEDIATE", options="mode=rw")
    assert not is_running(writer)
    assert [["é"], [2]] == query(path, "SELECT a FROM t", options="mode=rw")


@pytest.mark.parametrize("state", ["live", "killed-wal", "locked"])
def test_empty_and_other_stores(path: Path, state: State) -> None:
    """Page size, encoding and an empty schema go through the writer unchanged."""
    script = b"PRAGMA page_size=1024;PRAGMA encoding='UTF-16le';PRAGMA user_version=7"
    with entered(state, path, script=script):
        pass
    assert [[7]] == query(path, "PRAGMA user_version", options="mode=rw")
    assert [] == query(path, "SELECT * FROM sqlite_schema", options="mode=rw")


def test_large_stores(path: Path) -> None:
    """More than a pipe holds reaches the writer."""
    script = b"CREATE TABLE t(a);INSERT INTO t VALUES (zeroblob(3000000));"
    with entered("killed-wal", path, script=script):
        assert [[3_000_000]] == query(path, "SELECT length(a) FROM t")


def test_kill_leaves_the_files(path: Path) -> None:
    """The end of the writer is that of kill -9: nothing is tidied up."""
    with entered("live", path) as writer:
        before = sizes(path)
        assert writer is not None
        writer.kill()
        assert before == sizes(path)
        writer.kill()


RUN = """\
import os, sys
from pathlib import Path
from pytest_parsediff.core.states import enter_state
writer = enter_state("live", Path(sys.argv[1]), b"", "wal")
print(writer._process.pid, flush=True)
os.kill(os.getpid(), 9)
"""


def test_a_writer_does_not_outlive_a_killed_run(path: Path) -> None:
    """Where the run itself is killed, its writers end by themselves."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(path)],
        stdout=subprocess.PIPE,
        env=environment,
        check=False,
    )
    assert -signal.SIGKILL == done.returncode
    pid = int(done.stdout)
    for _ in range(1000):
        if not is_alive(pid):
            break
        time.sleep(0.01)
    assert not is_alive(pid)
    assert "-wal" in sizes(path)


def is_alive(pid: int) -> bool:
    """Return whether *pid* runs; a zombie that nobody reaps does not."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


# --- what cannot be produced ------------------------------------------------------------


@pytest.mark.parametrize("state", ["live", "killed-wal", "main-only"])
def test_states_that_need_wal(state: State) -> None:
    """A rollback journal has no WAL to leave behind."""
    with pytest.raises(StoreStateError, match=r"PD209: fixture.sql: state = .* needs"):
        check_state(state, "delete", PLACE)


def test_systems_without_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that cannot be killed cannot be had; other states can."""
    monkeypatch.delattr(signal, "SIGKILL")
    with pytest.raises(Unavailable, match="'locked' needs POSIX signals"):
        check_state("locked", "delete", PLACE)
    check_state("clean-exit", "delete", PLACE)


def test_read_only_folders_of_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Permissions mean nothing to root, so the state does not exist there."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(Unavailable, match=r"read-only-dir.*may write everywhere"):
        check_state("read-only-dir", "delete", PLACE)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    check_state("read-only-dir", "delete", PLACE)
    monkeypatch.delattr(os, "geteuid")
    with pytest.raises(Unavailable, match="read-only-dir"):
        check_state("read-only-dir", "delete", PLACE)


READ_ONLY = """\
import os, sqlite3, sys
from pathlib import Path
path = Path(sys.argv[1])
if os.geteuid() == 0:  # root may write anywhere: another user has to try
    os.setuid(int(sys.argv[2]))
for make in (lambda: path.write_bytes(b""), lambda: (path.parent / "new").touch()):
    try:
        make()
        print("written")
    except PermissionError:
        print("refused")
connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
print(connection.execute("SELECT count(*) FROM t").fetchall())
"""


def test_read_only_dir() -> None:
    """Neither the file nor its folder can be written by an ordinary user."""
    folder = Path(tempfile.mkdtemp())
    try:
        folder.chmod(0o755)
        (folder / "s").mkdir()
        path = folder / "s" / "store.db"
        image = build_image(SQL, PLACE)
        assert enter_state("read-only-dir", path, image.main, "delete") is None
        assert 0o400 == stat.S_IMODE(path.stat().st_mode)
        assert 0o500 == stat.S_IMODE(path.parent.stat().st_mode)
        user = os.geteuid() or 65534
        os.chown(path, user, -1)
        os.chown(path.parent, user, -1)
        done = subprocess.run(
            [sys.executable, "-c", READ_ONLY, str(path), str(user)],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        assert ["refused", "refused", "[(2,)]"] == done.stdout.splitlines()
    finally:
        (folder / "s").chmod(0o700)
        shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("state", "body", "message"),
    [
        ("live", "raise SystemExit('no room')", "no room"),
        ("locked", "sys.stdin.buffer.read(); print('other')", "status 0"),
        ("live", "os.kill(os.getpid(), 9)", "status -9"),
        ("killed-wal", "raise SystemExit(3)", "status 3"),
        ("main-only", "x" * 10, "NameError"),
    ],
)
def test_a_writer_that_fails(
    path: Path, monkeypatch: pytest.MonkeyPatch, state: State, body: str, message: str
) -> None:
    """Whatever a writer dies of, it is an error with a code and the cause."""
    monkeypatch.setattr(states, "_WRITER", f"import os, sys\n{textwrap.dedent(body)}\n")
    with pytest.raises(StoreStateError, match=f"(?s)PD209: the writer.*{message}"):
        enter_state(state, path, b"x" * 1_000_000, "wal")


def test_a_store_that_cannot_be_written(tmp_path: Path) -> None:
    """SQLite's own message is kept."""
    with pytest.raises(
        StoreStateError, match=r"(?s)PD209: .*unable to open database file"
    ):
        enter_state("live", tmp_path / "none" / "store.db", b"", "wal")

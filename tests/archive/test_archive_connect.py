"""Opening an archive: versions, damage, locks, and migrations."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
import pytest
from staged_sources import content, execute, plan_of, query, record, staged

from pytest_parsediff.archive.connect import (
    close_recording,
    open_for_reading,
    open_for_recording,
    translated,
)
from pytest_parsediff.archive.reader import ArchiveReader
from pytest_parsediff.archive.recording import Recording
from pytest_parsediff.archive.schema import (
    APPLICATION_ID,
    CONTENT_TABLES,
    CONTROL_TABLES,
    CURRENT,
    HISTORY,
    Schema,
)
from pytest_parsediff.core.errors import (
    ArchiveLockedError,
    ArchiveMissingError,
    ArchiveUnreadableError,
    ArchiveVersionError,
    ParsediffError,
    RecordingAbortedError,
)
from pytest_parsediff.core.proof import observe


@pytest.fixture
def archive(path: Path) -> Path:
    """Return an archive with one session of some pages."""
    record(path, staged(f={"a": ["x" * 2_000] * 40}))
    return path


def read_all(path: Path, wait_s: float = 0) -> int:
    """Read everything, as a parse-diff does; return how many records there are."""
    reader = ArchiveReader(path, wait_s=wait_s)
    try:
        return sum(
            len(list(reader.records(one.adapter, one.session)))
            for one in reader.sessions()
        )
    finally:
        reader.close()


def write_all(path: Path) -> None:
    """Record, as a recording does."""
    side = staged(f={"a": ["new"]})
    Recording.begin(path, plan_of(side), wait_s=0).commit(side)


BOTH = pytest.mark.parametrize("use", [read_all, write_all])


# --- bad input ------------------------------------------------------------------------------


def test_a_missing_archive(path: Path) -> None:
    """Reading makes nothing; recording makes an archive, but no folder."""
    with pytest.raises(ArchiveMissingError, match=r"PD504.*no such file"):
        read_all(path)
    with pytest.raises(ArchiveMissingError, match=r"PD504.*folder does not exist"):
        write_all(path.parent / "none" / "archive.db")

    assert [] == list(path.parent.iterdir())


@BOTH
def test_a_folder_is_no_archive(path: Path, use: Callable[[Path], Any]) -> None:
    """A folder is named as what it is."""
    path.mkdir()

    with pytest.raises(ArchiveUnreadableError, match=r"PD501.*is a folder"):
        use(path)


def test_an_empty_file(path: Path) -> None:
    """Nothing can be read from it, and a recording makes an archive of it."""
    path.touch()

    with pytest.raises(ArchiveUnreadableError, match=r"PD501.*nothing was recorded"):
        read_all(path)
    write_all(path)
    assert 1 == read_all(path)


@BOTH
@pytest.mark.parametrize("size", [1, 99, 100, 5_000])
def test_a_file_that_is_no_database(
    path: Path, use: Callable[[Path], Any], size: int
) -> None:
    """Neither side takes it for an archive, and neither changes it."""
    path.write_bytes(b"text of somebody\n"[: size % 17 or 17] * (size // 17 + 1))
    before = path.read_bytes()

    with pytest.raises(ArchiveUnreadableError, match=r"PD501.*not a SQLite database"):
        use(path)

    assert before == path.read_bytes()


@BOTH
@pytest.mark.parametrize(
    "script", ["CREATE TABLE message (id)", "CREATE TABLE t (x); DROP TABLE t"]
)
def test_a_database_of_another_program(
    path: Path, use: Callable[[Path], Any], script: str
) -> None:
    """A store that was given by mistake is refused, and not changed."""
    execute(path, script)
    before = path.read_bytes()

    with pytest.raises(ArchiveUnreadableError, match=r"PD501.*another program"):
        use(path)

    assert before == path.read_bytes()


@BOTH
@pytest.mark.parametrize("pages", [1, 2, 8])
def test_a_truncated_archive(
    archive: Path, use: Callable[[Path], Any], pages: int
) -> None:
    """A file that lost its end is damaged, whatever is still there."""
    with archive.open("r+b") as file:
        file.truncate(4096 * pages)

    with pytest.raises(ArchiveUnreadableError, match="PD501"):
        use(archive)


def test_a_damaged_page(archive: Path) -> None:
    """Damage that is met while reading is typed as well."""
    [(root,)] = query(
        archive, "SELECT rootpage FROM sqlite_schema WHERE name = 'records'"
    )
    with archive.open("r+b") as file:
        file.seek(4096 * (root - 1))
        file.write(b"\xff" * 4096)

    with pytest.raises(ArchiveUnreadableError, match="PD501"):
        read_all(archive)


def test_a_table_that_is_gone(archive: Path) -> None:
    """An archive that somebody took apart is unreadable, not a crash of ours."""
    execute(archive, "DROP TABLE records")

    with pytest.raises(ArchiveUnreadableError, match=r"PD501.*no such table"):
        read_all(archive)


def test_text_that_is_no_text(archive: Path) -> None:
    """A fingerprint that is not UTF-8 is damage, and told as such."""
    execute(archive, "UPDATE sessions SET fingerprint = CAST(x'ff' AS TEXT)")

    with pytest.raises(ArchiveUnreadableError, match="PD501"):
        read_all(archive)


@BOTH
@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything"
)
def test_an_archive_without_permission(
    archive: Path, use: Callable[[Path], Any]
) -> None:
    """What the system does not let us open is unreadable."""
    archive.chmod(0)

    with pytest.raises(ArchiveUnreadableError, match="PD501"):
        use(archive)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere"
)
def test_an_archive_in_a_folder_that_is_read_only(archive: Path) -> None:
    """It can be read there, and a recording says why it cannot be written."""
    archive.chmod(0o444)
    archive.parent.chmod(0o555)
    try:
        assert 40 == read_all(archive)
        with pytest.raises(ArchiveUnreadableError, match="PD501"):
            write_all(archive)
    finally:
        archive.parent.chmod(0o755)


def test_any_refusal_by_the_system_is_typed(path: Path) -> None:
    """Each class of SQLite's errors becomes one of ours."""

    def translate(error: BaseException) -> ParsediffError:
        with pytest.raises(ParsediffError) as caught, translated(path, 3):
            raise error
        return caught.value

    locked = translate(apsw.BusyError("busy"))
    read_only = apsw.ReadOnlyError("read-only")

    assert ("PD503", True) == (locked.code, "more than 3 s" in locked.message)
    assert "PD503" == translate(apsw.LockedError("locked")).code
    assert "PD501" == translate(apsw.CantOpenError("no permission")).code
    assert "PD501" == translate(read_only).code
    read_only.extendedresult = apsw.SQLITE_READONLY_ROLLBACK  # type: ignore[attr-defined]
    assert "Record into it again" in translate(read_only).hint
    assert isinstance(translate(apsw.FullError("full")), RecordingAbortedError)


# --- versions -------------------------------------------------------------------------------


@BOTH
def test_an_archive_of_a_newer_version(
    archive: Path, use: Callable[[Path], Any]
) -> None:
    """Both versions are named, and nothing is written."""
    execute(archive, f"PRAGMA user_version = {CURRENT.version + 1}")
    before = archive.read_bytes()

    with pytest.raises(
        ArchiveVersionError, match=r"PD502.*version 2; this plugin has 1"
    ):
        use(archive)

    assert before == archive.read_bytes()


OLDER = Schema(
    version=7,
    script="""
        CREATE TABLE session_rows (name TEXT, is_deleted TEXT);
        INSERT INTO session_rows VALUES ('a', 'yes'), ('b', 'no');
        CREATE TABLE lines (session TEXT);""",
)
NEWER = Schema(
    version=9,
    script="""
        CREATE TABLE sessions (name TEXT PRIMARY KEY, is_trashed INTEGER) STRICT;
        CREATE TABLE lines (session TEXT REFERENCES sessions (name)) STRICT;""",
    migrations={
        7: "ALTER TABLE session_rows RENAME COLUMN is_deleted TO is_trashed",
        8: """
            CREATE TABLE sessions (name TEXT PRIMARY KEY, is_trashed INTEGER) STRICT;
            INSERT INTO sessions SELECT name, is_trashed = 'yes' FROM session_rows;
            DROP TABLE session_rows;
            ALTER TABLE lines RENAME TO old_lines;
            CREATE TABLE lines (session TEXT REFERENCES sessions (name)) STRICT;
            INSERT INTO lines SELECT session FROM old_lines;
            DROP TABLE old_lines""",
    },
)


def make(path: Path, schema: Schema) -> None:
    """Make or migrate an archive."""
    close_recording(open_for_recording(path, schema=schema))


def test_an_older_archive_is_migrated_step_by_step(path: Path, tmp_path: Path) -> None:
    """Recording leads it to the newest version, with its rows and the same tables."""
    make(path, OLDER)

    make(path, NEWER)

    assert [("a", 1), ("b", 0)] == query(path, "SELECT * FROM sessions ORDER BY name")
    assert [(9,)] == query(path, "PRAGMA user_version")
    assert [(APPLICATION_ID,)] == query(path, "PRAGMA application_id")
    make(tmp_path / "fresh.db", NEWER)
    tables = "SELECT name, sql FROM sqlite_schema ORDER BY name"
    assert query(tmp_path / "fresh.db", tables) == query(path, tables)


def test_a_migration_that_fails_changes_nothing(path: Path) -> None:
    """All steps are one transaction: the version before, with everything in it."""
    make(path, OLDER)
    broken = Schema(
        version=9, script="", migrations={**NEWER.migrations, 8: "DROP TABLE nothing"}
    )
    before = query(path, "SELECT * FROM sqlite_schema")

    with pytest.raises(ArchiveUnreadableError, match=r"PD501.*nothing"):
        make(path, broken)

    assert before == query(path, "SELECT * FROM sqlite_schema")
    assert [(7,)] == query(path, "PRAGMA user_version")


def test_a_migration_may_not_lose_references(path: Path) -> None:
    """Rows that would hang in the air abort the migration."""
    make(path, OLDER)
    execute(path, "INSERT INTO lines VALUES ('nobody')")

    with pytest.raises(ArchiveUnreadableError, match=r"PD501.*without a session"):
        make(path, NEWER)

    assert [(7,)] == query(path, "PRAGMA user_version")


def test_a_version_that_is_too_old_to_migrate(path: Path) -> None:
    """Without a way to the next version the archive is refused as it is."""
    make(path, Schema(version=3, script="CREATE TABLE t (x)"))

    with pytest.raises(
        ArchiveVersionError, match=r"PD502.*version 3; this plugin has 9"
    ):
        make(path, NEWER)

    assert [(3,)] == query(path, "PRAGMA user_version")


def test_reading_never_migrates(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An older archive is refused with the way to migrate it, and not changed."""
    execute(archive, "PRAGMA user_version = 0")
    before = archive.read_bytes()

    with pytest.raises(ArchiveVersionError, match="PD502") as caught:
        read_all(archive)
    older = Schema(version=1, script="", migrations={0: "SELECT 1"})
    monkeypatch.setattr("pytest_parsediff.archive.connect.CURRENT", older)
    with pytest.raises(ArchiveVersionError, match="PD502") as migratable:
        read_all(archive)

    assert before == archive.read_bytes()
    assert ArchiveVersionError.hint == caught.value.hint
    assert "that migrates it" in migratable.value.hint


def test_two_processes_that_are_first(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tables are made once, by whoever has the write lock first."""
    real = apsw.Connection.execute

    class Late(apsw.Connection):
        def execute(self, statement: str, *rest: Any, **more: Any) -> Any:  # type: ignore[override]
            if statement == "BEGIN IMMEDIATE":
                monkeypatch.setattr("apsw.Connection", apsw_connection)
                make(path, CURRENT)
            return real(self, statement, *rest, **more)

    apsw_connection = apsw.Connection
    monkeypatch.setattr("apsw.Connection", Late)
    connection = open_for_recording(path)

    assert [(0,)] == connection.execute("SELECT revision FROM archive").fetchall()
    close_recording(connection)


def test_the_history_is_complete() -> None:
    """One line per version, from the first to the current, and a way between them."""
    versions = [version for version, _ in HISTORY]

    assert list(range(1, CURRENT.version + 1)) == versions
    assert set(range(1, CURRENT.version)) == set(CURRENT.migrations)


def test_each_table_is_of_one_plane(archive: Path) -> None:
    """Content and control together are all tables, and none is in both."""
    tables = query(
        archive,
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    )

    assert sorted([*CONTENT_TABLES, *CONTROL_TABLES]) == sorted(
        name for (name,) in tables
    )


# --- locks ----------------------------------------------------------------------------------


HOLD = """\
import sys, apsw
connection = apsw.Connection(sys.argv[1])
connection.execute(sys.argv[2]).fetchall()
connection.execute("BEGIN " + sys.argv[3])
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held(
    path: Path, *, how: str = "EXCLUSIVE", first: str = "SELECT 1"
) -> Iterator[None]:
    """Keep the archive locked by another process."""
    command = [sys.executable, "-c", HOLD, str(path), first, how]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert b"held\n" == process.stdout.readline()
        try:
            yield
        finally:
            process.communicate()


def test_an_archive_that_a_writer_keeps(archive: Path) -> None:
    """Reading waits for a bounded time, then says who is to be waited for."""
    with held(archive), pytest.raises(ArchiveLockedError, match=r"PD503.*than 0.01 s"):
        read_all(archive, wait_s=0.01)

    assert 40 == read_all(archive)


@pytest.mark.parametrize("how", ["EXCLUSIVE", "IMMEDIATE"])
def test_two_writers(archive: Path, how: str) -> None:
    """A recording waits for another writer, then gives up without a trace."""
    with held(archive, how=how), pytest.raises(ArchiveLockedError, match="PD503"):
        write_all(archive)

    assert 40 == read_all(archive)
    assert [(1,)] == query(archive, "SELECT count(*) FROM sync_runs")


@pytest.mark.parametrize("how", ["IMMEDIATE", "EXCLUSIVE"])
@pytest.mark.parametrize("use", ["read", "write"])
def test_a_writer_that_is_done_in_time(archive: Path, how: str, use: str) -> None:
    """Waiting for a lock is enough where the other one gives it back."""
    script = HOLD.replace("sys.stdin.read()", "import time; time.sleep(0.1)")
    command = [sys.executable, "-c", script, str(archive), "SELECT 1", how]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        if use == "read":
            assert 40 == read_all(archive, wait_s=60)
        else:
            side = staged(f={"a": ["new"]})
            Recording.begin(archive, plan_of(side), wait_s=60).commit(side)
            assert 1 == read_all(archive)


def test_a_writer_that_comes_between_begin_and_commit(archive: Path) -> None:
    """The commit waits, then fails; content is as before."""
    side = staged(f={"a": ["new"]})
    recording = Recording.begin(archive, plan_of(side), wait_s=0)

    with (
        held(archive, how="IMMEDIATE"),
        pytest.raises(ArchiveLockedError, match="PD503"),
    ):
        recording.commit(side)

    assert 40 == read_all(archive)
    assert {"committed"} != set(query(archive, "SELECT state FROM sync_runs"))


def test_readers_do_not_see_half_a_recording(archive: Path) -> None:
    """While somebody writes in WAL mode the state before can be read."""
    uncommitted = "PRAGMA journal_mode = wal"
    with held(archive, how="IMMEDIATE; DELETE FROM records", first=uncommitted):
        assert 40 == read_all(archive)


def test_a_reader_does_not_keep_a_recording_from_its_work(archive: Path) -> None:
    """With a snapshot held elsewhere it stays in the mode that it finds."""
    connection = open_for_recording(archive)
    reader = ArchiveReader(archive)
    with reader.snapshot():
        close_recording(connection)
        assert [(1,)] == query(archive, "SELECT count(*) FROM sync_runs")
    reader.close()

    write_all(archive)
    assert 1 == read_all(archive)


def test_a_snapshot_does_not_stop_a_recording_to_begin(archive: Path) -> None:
    """Switching to WAL needs the file alone; where that cannot be had it is not done."""
    reader = ArchiveReader(archive)
    with reader.snapshot():
        connection = open_for_recording(archive, wait_s=0)
        assert "delete" == connection.pragma("journal_mode")
        connection.close()
    reader.close()


# --- no trace -------------------------------------------------------------------------------


def test_reading_leaves_no_trace(archive: Path) -> None:
    """Bytes, times and names beside the archive are the same after reading it all."""
    before = observe(archive.parent)

    read_all(archive)

    assert before == observe(archive.parent)


def test_a_connection_for_reading_cannot_write(archive: Path) -> None:
    """Not even when it is asked to: the file is opened without the right to."""
    connection = open_for_reading(archive)
    for statement in ("DELETE FROM sessions", "PRAGMA user_version = 9"):
        with pytest.raises(apsw.ReadOnlyError):
            connection.execute(statement)
    assert 1 == connection.pragma("query_only")
    connection.pragma("query_only", False)
    with pytest.raises(apsw.ReadOnlyError):
        connection.execute("DELETE FROM sessions")
    connection.close()


def test_odd_characters_in_the_path(tmp_path: Path) -> None:
    """Question marks, hashes, percent signs and spaces are parts of names."""
    path = tmp_path / "a b?c#d%20e" / "ärchive?.db"
    path.parent.mkdir()

    write_all(path)

    assert 1 == read_all(path)
    assert [path] == list(path.parent.iterdir())
    assert content(path)["sessions"]

"""Nothing that is done through the adapter's connection changes a store.

Bytes are only read while no connection of this process is open: closing any other
handle on a database file would drop the locks of such a connection.
"""

from __future__ import annotations

import shutil
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import apsw
import pytest
from opencode_stores import kinds, scan, scan_all, split
from opencode_writer import writing

from pytest_parsediff.adapters.opencode.connection import fetch, open_source
from pytest_parsediff.core.errors import StoreOpenError

PROBES = {
    "INSERT INTO session (id) VALUES ('ses_2')": apsw.ReadOnlyError,
    "UPDATE session SET title = 'changed'": apsw.ReadOnlyError,
    "DELETE FROM session": apsw.ReadOnlyError,
    "VACUUM": apsw.SQLError,
    "PRAGMA user_version = 7": apsw.ReadOnlyError,
    "CREATE TABLE probe (x)": apsw.ReadOnlyError,
    "CREATE TEMP TABLE probe (x)": apsw.ReadOnlyError,
}
JOURNALS = ["wal", "delete"]


def digests(folder: Path) -> dict[str, str]:
    """Return a digest of every file of *folder* but the shared memory of a WAL."""
    return {
        entry.name: sha256(entry.read_bytes()).hexdigest()
        for entry in folder.iterdir()
        if not entry.name.endswith("-shm")
    }


@pytest.mark.parametrize("journal", JOURNALS)
def test_every_write_is_refused_while_a_writer_lives(
    tmp_path: Path, journal: str
) -> None:
    """No probe writes, checkpoints or creates a file, with a live writer beside it."""
    path = tmp_path / "store.db"
    with writing(path, journal) as writer:
        before = digests(tmp_path)
        with closing(open_source(path)) as connection:
            for sql, error in PROBES.items():
                with pytest.raises(error):
                    fetch(connection, sql)
            kept = fetch(connection, "SELECT title FROM session")
        after = digests(tmp_path)
        seen_by_writer = writer.run("SELECT title FROM session")

    assert [("kept",)] == kept
    assert "[('kept',)]" == seen_by_writer
    assert before == after
    assert ("store.db-wal" in before) is (journal == "wal")


@pytest.mark.parametrize("mode", ["PASSIVE", "FULL", "RESTART", "TRUNCATE"])
def test_a_hot_wal_cannot_be_checkpointed(tmp_path: Path, mode: str) -> None:
    """With frames in the WAL every form of checkpoint is an error and moves nothing."""
    path = tmp_path / "store.db"
    with writing(path, "wal"):
        before = digests(tmp_path)
        with closing(open_source(path)) as connection, pytest.raises(apsw.IOError):
            fetch(connection, f"PRAGMA wal_checkpoint({mode})")
        after = digests(tmp_path)

    assert before == after
    assert before["store.db-wal"] != sha256().hexdigest()  # it is not empty


def test_an_idle_wal_stays_as_it_is(tmp_path: Path) -> None:
    """With nothing to move a checkpoint may report so, and the files stay."""
    path = tmp_path / "store.db"
    with writing(path, "wal") as writer:
        assert "[(0, 0, 0)]" == writer.run("PRAGMA wal_checkpoint(TRUNCATE)")
        before = digests(tmp_path)
        with closing(open_source(path)) as connection:
            rows = fetch(connection, "PRAGMA wal_checkpoint(TRUNCATE)")
        after = digests(tmp_path)

    assert [(0, 0, 0)] == rows
    assert before == after


def test_a_rollback_journal_has_nothing_to_checkpoint(tmp_path: Path) -> None:
    """Outside WAL mode a checkpoint reports -1 and does nothing."""
    path = tmp_path / "store.db"
    with writing(path, "delete"):
        before = digests(tmp_path)
        with closing(open_source(path)) as connection:
            rows = fetch(connection, "PRAGMA wal_checkpoint(TRUNCATE)")
        after = digests(tmp_path)

    assert [(0, -1, -1)] == rows
    assert before == after


@pytest.mark.parametrize("journal", JOURNALS)
def test_no_other_database_can_be_created(tmp_path: Path, journal: str) -> None:
    """Neither ATTACH nor VACUUM INTO leaves a file, so nothing can be written there."""
    path, side = tmp_path / "store.db", tmp_path / "side.db"
    with writing(path, journal), closing(open_source(path)) as connection:
        for sql in (
            f"ATTACH 'file:{side}?mode=rwc' AS side",
            "ATTACH ':memory:' AS side",
            f"VACUUM INTO '{side}'",
        ):
            with pytest.raises(apsw.SQLError, match="too many attached databases"):
                fetch(connection, sql)
        with pytest.raises(apsw.SQLError, match="unknown database side"):
            fetch(connection, "CREATE TABLE side.probe (x)")

    assert not side.exists()


def test_writes_stay_refused_when_query_only_is_switched_off(tmp_path: Path) -> None:
    """The file itself is opened read-only, so the pragma is not the only guard."""
    path = tmp_path / "store.db"
    with writing(path, "wal"):
        before = digests(tmp_path)
        with closing(open_source(path)) as connection:
            connection.pragma("query_only", False)
            for sql in list(PROBES)[:3]:
                with pytest.raises(apsw.ReadOnlyError):
                    fetch(connection, sql)
            with pytest.raises(apsw.IOError):
                fetch(connection, "PRAGMA wal_checkpoint(TRUNCATE)")
        after = digests(tmp_path)

    assert before == after


@pytest.mark.parametrize("journal", JOURNALS)
def test_a_whole_scan_changes_nothing(tmp_path: Path, journal: str) -> None:
    """After a scan beside a live writer every byte of the store is as before."""
    path = tmp_path / "store.db"
    with writing(path, journal) as writer:
        writer.run("INSERT INTO part VALUES ('p', 'm', 'ses_1', 1, 1, '{}')")
        before = digests(tmp_path)
        events, _ = split(scan(path))
        after = digests(tmp_path)

    assert ["session_started"] == kinds(events)
    assert before == after


def test_a_writer_can_work_between_any_two_emissions(tmp_path: Path) -> None:
    """While an emission is handed out the WAL can be emptied and grow again."""
    path = tmp_path / "store.db"
    with writing(path, "wal") as writer:
        writer.run(
            "INSERT INTO session (id, time_created, time_updated)"
            " VALUES ('ses_2', 1, 5000), ('ses_3', 1, 6000);"
            "INSERT INTO part VALUES ('p', 'm', 'ses_gone', 1, 1, '{}')"
        )
        emitted = 0
        for _ in scan_all(path):
            emitted += 1
            writer.run(f"UPDATE session SET title = '{emitted}'")
            assert "[(0, 0, 0)]" == writer.run("PRAGMA wal_checkpoint(TRUNCATE)")

    assert 8 == emitted  # a checkpoint among them


def test_uncommitted_rows_are_not_seen(tmp_path: Path) -> None:
    """A reader sees what is committed, whether the writer is in the middle or not."""
    path = tmp_path / "store.db"
    with writing(path, "wal") as writer:
        writer.run("BEGIN IMMEDIATE; UPDATE session SET title = 'half'")
        half = split(scan(path))[0]
        writer.run("COMMIT")
        whole = split(scan(path))[0]

    assert ["kept", "half"] == [
        events[0]["payload"]["Extras"]["title"] for events in (half, whole)
    ]


def test_a_locked_store_is_a_typed_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer that keeps the store locked longer than the timeout is told."""
    path = tmp_path / "store.db"
    monkeypatch.setattr(
        "pytest_parsediff.adapters.opencode.connection.BUSY_TIMEOUT_MS", 1
    )
    with writing(path, "delete") as writer:
        writer.run("BEGIN EXCLUSIVE")
        with pytest.raises(StoreOpenError, match=r"BusyError.*\n.*Another program"):
            split(scan(path))


def test_a_killed_writer_leaves_its_wal_in_place(tmp_path: Path) -> None:
    """Rows that are only in a WAL left behind are read, and the WAL is kept."""
    live, killed = tmp_path / "live", tmp_path / "killed"
    live.mkdir()
    with writing(live / "store.db", "wal"):
        shutil.copytree(live, killed, ignore=shutil.ignore_patterns("*-shm"))
    before = digests(killed)

    events, _ = split(scan(killed / "store.db"))

    assert {"title": "kept"} == events[0]["payload"]["Extras"]
    assert before == digests(killed)
    assert {"store.db", "store.db-wal"} == set(before)

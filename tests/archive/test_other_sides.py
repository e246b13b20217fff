"""Goldens and databases of tools as the stored side."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import apsw
import msgspec
import pytest
from staged_sources import execute
from stored_sides import (
    GOLDEN,
    KNOWN,
    RECORDS,
    SESSIONS,
    golden_side,
    known,
    query_side,
)

from pytest_parsediff.archive.goldenside import GoldenSide
from pytest_parsediff.archive.queryside import QuerySide
from pytest_parsediff.core.config import DefaultsConfig, StoredConfig
from pytest_parsediff.core.errors import (
    ArchiveLockedError,
    ArchiveMissingError,
    ArchiveUnreadableError,
    BadValueError,
    GoldenMissingError,
    GoldenUnreadableError,
    StoredSQLError,
    UnknownKeyError,
)
from pytest_parsediff.core.toml import read_toml
from pytest_parsediff.diff.observation import Observation
from pytest_parsediff.diff.records import Record

AGENTSVIEW = Path(__file__).parents[2] / "examples" / "agentsview"


# --- golden ---------------------------------------------------------------------------------


def test_a_golden_holds_the_sessions_of_its_events(tmp_path: Path) -> None:
    """Events are told apart by their session; those without one are not dropped."""
    side = golden_side(tmp_path)

    sessions = list(side.sessions())

    assert ["(source)", "a", "b"] == [one.session for one in sessions]
    assert [1, 2, 1] == [one.record_count for one in sessions]
    assert {"store.db"} == {one.source for one in sessions}
    assert {None} == {one.observation for one in sessions}
    assert not side.has_observations
    assert sessions[1] == side.get("one", "a")
    assert KNOWN["one"].comparison.form == sessions[0].form


def test_records_of_a_golden_are_its_lines(tmp_path: Path) -> None:
    """Each line as it stands, with the identity that the adapter declares."""
    side = golden_side(tmp_path)

    assert [
        Record(0, '{"0":1}', b'{"n":1,"session":"a"}'),
        Record(1, '{"0":2}', b'{"n":2,"session":"a"}'),
    ] == list(side.records("one", "a"))
    assert [] == list(side.records("two", "a"))
    assert [] == list(side.records("one", "z"))
    assert side.get("two", "a") is None
    assert side.get("one", "z") is None


def test_a_golden_without_session_place_is_one_session(tmp_path: Path) -> None:
    """Then the source names it, and the version of the adapter is the current one."""
    path = tmp_path / "expected.jsonl"
    path.write_text(GOLDEN, "utf-8")

    side = GoldenSide(path, "one", known(data_version=9), source="store.db")

    (session,) = side.sessions()
    assert ("store.db", 4, 9) == (
        session.session,
        session.record_count,
        session.data_version,
    )


def test_a_golden_is_read_once(tmp_path: Path) -> None:
    """What happens to the file later does not tear what is compared."""
    side = golden_side(tmp_path)
    (tmp_path / "expected.jsonl").unlink()

    with side.snapshot():
        assert 2 == len(list(side.records("one", "a")))


@pytest.mark.parametrize("line", ["[1]", "{", "", "null", '{"n":1}\r{'])
def test_a_golden_that_is_unreadable(tmp_path: Path, line: str) -> None:
    """PD307 names the line that is no object."""
    path = tmp_path / "expected.jsonl"
    path.write_text(f'{{"n":1}}\n{{}}\n{line}\n', "utf-8", newline="")

    with pytest.raises(GoldenUnreadableError, match=r"PD307.*expected.jsonl:3"):
        GoldenSide(path, "one", KNOWN["one"], source="s")


def test_a_golden_that_is_not_there(tmp_path: Path) -> None:
    """A missing golden and a folder in its place are told apart."""
    with pytest.raises(GoldenMissingError, match="PD301"):
        GoldenSide(tmp_path / "none", "one", KNOWN["one"], source="s")
    with pytest.raises(GoldenUnreadableError, match="PD307"):
        GoldenSide(tmp_path, "one", KNOWN["one"], source="s")


# --- a tool's own database -----------------------------------------------------------------


def test_sessions_of_a_query(tmp_path: Path) -> None:
    """Columns become what is stored, in order, whatever order the query has."""
    side = query_side(tmp_path)

    a, b, c = side.sessions()

    assert ("a", "b", "c") == (a.session, b.session, c.session)
    assert ("/s/a.jsonl", 7, False, False) == (
        a.source,
        a.data_version,
        a.is_incremental,
        a.is_trashed,
    )
    assert Observation(size=20, mtime_ns=2000, content_hash="aa") == a.observation
    assert (True, False) == (b.is_incremental, b.is_trashed)
    assert ("", None, 0, True) == (
        c.source,
        c.observation,
        c.data_version,
        c.is_trashed,
    )
    assert b == side.get("one", "b")
    assert side.has_observations
    side.close()


def test_records_of_a_query(tmp_path: Path) -> None:
    """Rows become events by the adapter's own rules; NULL is null."""
    side = query_side(tmp_path)

    assert [
        Record(
            0,
            '{"0":0}',
            b'{"cost":0.0,"n":0,"output_tokens":null,"role":"user","session":"a"}',
        ),
        Record(
            1,
            '{"0":1}',
            b'{"cost":0.5,"n":1,"output_tokens":12,"role":"assistant","session":"a"}',
        ),
    ] == list(side.records("one", "a"))
    assert [] == list(side.records("one", "z"))
    assert [] == list(side.records("two", "a"))
    side.close()


def test_only_adapters_of_the_run_are_seen(tmp_path: Path) -> None:
    """Sessions of others are in the database, and none of our business."""
    side = query_side(tmp_path)
    execute(tmp_path / "tool.db", "UPDATE sessions SET agent = 'two' WHERE id = 'b'")

    assert ["a", "c"] == [one.session for one in side.sessions()]
    assert side.get("two", "b") is None
    assert side.get("one", "b") is None
    assert side.get("one", "z") is None
    side.close()


def test_the_adapter_may_be_fixed_and_most_columns_left_out(tmp_path: Path) -> None:
    """A query without watermarks is a side without observations, at the current version."""
    side = query_side(
        tmp_path, adapter="one", sessions="SELECT id AS session FROM sessions"
    )

    session = side.get("one", "a")

    assert not side.has_observations
    assert session
    assert ("", None, 0) == (session.source, session.observation, session.data_version)
    side.close()


@pytest.mark.parametrize("column", ["id", "id + 0"])
@pytest.mark.parametrize("text", ["7", "-7", "0", "123456789012345678"])
def test_ids_may_be_numbers(tmp_path: Path, text: str, column: str) -> None:
    """A tool that numbers its sessions is asked by number."""
    execute(
        tmp_path / "tool.db",
        f"CREATE TABLE s (id INTEGER PRIMARY KEY); INSERT INTO s VALUES ({text})",
    )
    side = query_side(
        tmp_path,
        adapter="one",
        sessions=f"SELECT {column} AS session FROM s",
        records="SELECT id AS n FROM s WHERE id = :session",
    )

    assert [text] == [one.session for one in side.sessions()]
    assert side.get("one", "8") is None
    assert side.get("one", text)
    assert [f'{{"n":{text}}}'.encode()] == [
        one.line for one in side.records("one", text)
    ]
    side.close()


def test_a_snapshot_of_a_tools_database_holds_one_state(tmp_path: Path) -> None:
    """What the tool writes meanwhile is seen afterwards only."""
    side = query_side(tmp_path)
    path = tmp_path / "tool.db"
    execute(path, "PRAGMA journal_mode = wal")
    with side.snapshot():
        execute(path, "DELETE FROM messages")
        with side.snapshot():
            assert 2 == len(list(side.records("one", "a")))
        assert 2 == len(list(side.records("one", "a")))

    assert [] == list(side.records("one", "a"))
    side.close()


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"sessions": "SELECT lost FROM sessions"}, "sessions: .*no such column"),
        (
            {"sessions": "SELECT id AS sesion FROM sessions"},
            "nearest known one is 'session'",
        ),
        (
            {"sessions": "SELECT id AS session, 1 AS q FROM sessions"},
            "column 'q' means",
        ),
        ({"sessions": "SELECT 1 AS adapter"}, "no column is named 'session'"),
        ({"sessions": "SELECT 1 AS session"}, "neither `adapter` nor a column"),
        ({"sessions": "SELECT 1 AS session, 2 AS session"}, "sessions: column"),
        ({"sessions": "DELETE FROM sessions"}, "sessions: "),
        ({"sessions": "-- none"}, "sessions: "),
        ({"records": "SELECT 1 AS n"}, "records: does not use :session"),
    ],
)
def test_a_query_that_gives_no_sessions(
    tmp_path: Path, changes: dict[str, str], text: str
) -> None:
    """PD517 at once, before anything is compared."""
    with pytest.raises(StoredSQLError, match=rf"PD517.*{text}"):
        query_side(tmp_path, **changes)


@pytest.mark.parametrize(
    ("sessions", "text"),
    [
        ("SELECT NULL AS session", "'session': expected str or int, got None"),
        ("SELECT 1.5 AS session", "'session': expected str or int"),
        ("SELECT 'a' AS session, 'x' AS size", "'size': expected int, got 'x'"),
        ("SELECT 'a' AS session, 1 AS source", "'source': expected str, got 1"),
        ("SELECT 'a' AS session UNION ALL SELECT 'a'", "session 'a' is there twice"),
        ("SELECT x'00' AS session", "column 'session' holds a BLOB"),
    ],
)
def test_rows_that_are_no_sessions(tmp_path: Path, sessions: str, text: str) -> None:
    """A value of the wrong type, and an id that is there twice, are not guessed at."""
    side = query_side(tmp_path, adapter="one", sessions=sessions)

    with pytest.raises(StoredSQLError, match=rf"PD517.*{text}"):
        list(side.sessions())
    side.close()


def test_one_session_twice_is_no_session(tmp_path: Path) -> None:
    """Asked for alone it is refused as well."""
    side = query_side(
        tmp_path, adapter="one", sessions="SELECT 'a' AS session UNION ALL SELECT 'a'"
    )

    with pytest.raises(StoredSQLError, match=r"PD517.*twice"):
        side.get("one", "a")
    side.close()


@pytest.mark.parametrize(
    ("records", "text"),
    [
        ("SELECT lost AS n, :session", "records: .*no such column"),
        ("SELECT x'00' AS n, :session AS s", "records: column 'n' holds a BLOB"),
        (
            "SELECT 1 AS n, 2 AS n WHERE :session = 'a'",
            "records: column names twice: n",
        ),
        ("SELECT CAST(x'ff' AS TEXT) AS n, :session AS s", "records: "),
    ],
)
def test_rows_that_are_no_records(tmp_path: Path, records: str, text: str) -> None:
    """What cannot be an event is refused when it is met."""
    side = query_side(tmp_path, records=records)

    with pytest.raises(StoredSQLError, match=rf"PD517.*{text}"):
        list(side.records("one", "a"))
    side.close()


def test_a_tools_database_that_cannot_be_read(tmp_path: Path) -> None:
    """Missing, a folder, and something that is no database."""
    with pytest.raises(ArchiveMissingError, match=r"PD504.*does not exist"):
        QuerySide(
            StoredConfig(db="none.db", sessions=SESSIONS, records=RECORDS), tmp_path, {}
        )
    (tmp_path / "tool.db").write_text("no database\n" * 100)
    with pytest.raises(ArchiveUnreadableError, match="PD501"):
        query_side(tmp_path)


def test_a_tools_database_that_is_locked(tmp_path: Path) -> None:
    """A tool that keeps its database to itself is waited for, then named."""
    side = query_side(tmp_path)
    code = (
        "import apsw, sys; c = apsw.Connection(sys.argv[1]); "
        "c.execute('BEGIN EXCLUSIVE'); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "tool.db")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        process.stdout.readline()
        with pytest.raises(ArchiveLockedError, match="PD503"):
            list(side.sessions())
        process.communicate()
    side.close()


def test_other_refusals_of_sqlite_are_typed(tmp_path: Path) -> None:
    """Outside of a query it is the database that is unreadable."""
    side = query_side(tmp_path)

    with pytest.raises(ArchiveUnreadableError, match="PD501"), side._translated(None):
        raise apsw.IOError("input/output error")
    side.close()


# --- its table in TOML ---------------------------------------------------------------------


def test_the_table_is_checked(tmp_path: Path) -> None:
    """Unknown keys and values of the wrong type are named with their line."""
    path = tmp_path / "parsediff.toml"
    path.write_text('[stored.mine]\ndb = "x"\nsessions = "s"\nrecord = "r"\n', "utf-8")
    with pytest.raises(
        UnknownKeyError, match=r"PD101.*:4.*nearest known key is 'records'"
    ):
        read_toml(path, DefaultsConfig)
    path.write_text('[stored.mine]\ndb = 1\nsessions = "s"\nrecords = "r"\n', "utf-8")
    with pytest.raises(BadValueError, match=r"PD103.*:2.*stored\.mine"):
        read_toml(path, DefaultsConfig)


# --- the real tool -------------------------------------------------------------------------


STORED_TOML = """\
[stored.agentsview]
db = "sessions.db"
adapter = "one"
sessions = '''
SELECT id AS session, file_path AS source, file_size AS size, file_mtime AS mtime_ns,
       file_hash AS content_hash, data_version,
       last_write_incremental AS is_incremental, deleted_at IS NOT NULL AS is_trashed
FROM sessions'''
records = '''
SELECT session_id AS session, ordinal AS n, role, content, model, output_tokens
FROM messages WHERE session_id = :session ORDER BY ordinal'''
"""


@pytest.mark.skipif(
    not shutil.which("agentsview"), reason="agentsview is not installed"
)
def test_agentsview_as_the_stored_side(tmp_path: Path) -> None:
    """What the published client stored is read with its own watermarks."""
    store = AGENTSVIEW / "scenarios/claude-code/two_sessions/files"
    subprocess.run(
        ["agentsview", "sync"],
        env={
            "PATH": str(Path(shutil.which("agentsview") or "").parent),
            "HOME": str(tmp_path),
            "AGENTSVIEW_DATA_DIR": str(tmp_path),
            "AGENTSVIEW_NO_DAEMON": "1",
            "CLAUDE_PROJECTS_DIR": str(store / "projects"),
            "DO_NOT_TRACK": "1",
            "AGENTSVIEW_DISABLE_UPDATE_CHECK": "1",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    toml = tmp_path / "parsediff.toml"
    toml.write_text(STORED_TOML, "utf-8")
    tables = read_toml(toml, DefaultsConfig).stored
    assert tables is not msgspec.UNSET
    side = QuerySide(tables["agentsview"], tmp_path, KNOWN)

    sessions = list(side.sessions())

    assert 2 == len(sessions)
    for session in sessions:
        assert session.observation
        assert session.observation.size == Path(session.source).stat().st_size
        assert session.data_version > 0
        assert list(side.records("one", session.session))
    side.close()

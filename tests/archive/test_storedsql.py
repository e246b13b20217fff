"""``stored.sql``: stored sessions written by hand, the rest recorded from the fixture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from staged_sources import Staged, column, lines_of, query, staged
from stored_sides import known

from pytest_parsediff.archive.reader import ArchiveReader
from pytest_parsediff.archive.storedsql import build_stored, fill_missing
from pytest_parsediff.core.errors import (
    BuildTimeError,
    FixtureSQLError,
    ForbiddenSQLError,
    OpenTransactionError,
    StoredSQLError,
)
from pytest_parsediff.core.store import BuildLimits

PLACE = Path("scenarios/one/stored.sql")
ADAPTERS = {"one": known(data_version=5)}

TWO_SESSIONS = """
-- one that a newer parser reads differently, and one that was thrown away
INSERT INTO sessions (id, adapter, session, mtime_ns, data_version)
VALUES (1, 'one', 'a', 1000, 4), (2, 'one', 'b', NULL, NULL);
UPDATE sessions SET is_trashed = 1 WHERE session = 'b';
INSERT INTO records (session_id, ordinal, line) VALUES
    (1, 0, ' { "n": 1,  "b": 1.50, "a": "é" } '),
    (1, 1, '{}');
"""


def build(path: Path, script: str, **more: Any) -> Path:
    """Run *script* in a new archive."""
    build_stored(script.encode(), PLACE, path, adapters=ADAPTERS, **more)
    return path


def test_rows_may_be_written_as_people_write_them(path: Path) -> None:
    """Lines become canonical, keys are filled in, and an unsaid version is the current."""
    build(path, TWO_SESSIONS)

    reader = ArchiveReader(path)
    a, b = reader.sessions()
    records = list(reader.records("one", "a"))
    reader.close()

    assert [b'{"a":"\xc3\xa9","b":1.5,"n":1}', b"{}"] == [one.line for one in records]
    assert ['{"0":1}', ""] == [one.key for one in records]
    assert ((4, False), (5, True)) == (
        (a.data_version, a.is_trashed),
        (b.data_version, b.is_trashed),
    )
    assert a.observation
    assert (1000, None) == (a.observation.mtime_ns, b.observation)
    assert ["archive.db"] == [one.name for one in path.parent.iterdir()]


def test_what_a_script_leaves_out_is_recorded(path: Path) -> None:
    """Sessions without a row, and the records of rows that say nothing about them."""
    build(
        path,
        """INSERT INTO sessions (adapter, session, data_version, is_trashed, aggregates)
           VALUES ('one', 'a', 4, 1, '{"length": 9}');
           INSERT INTO sessions (adapter, session, record_count, source)
           VALUES ('one', 'b', 0, 'mine'), ('one', 'e', NULL, 'mine');""",
    )
    side = staged(f={"a": ["x", "y"], "b": ["z"], "c": ["w"], "d": ["v"], "e": ["u"]})

    fill_missing(path, side.change("d", excluded="veto").add("g", {"h": []}).fail("g"))

    assert (["x", "y"], [], ["w"]) == tuple(lines_of(path, one) for one in "abc")
    assert {"a": "f", "b": "mine", "c": "f", "e": "mine"} == column(path, "source")
    assert {"a": 4, "b": 5, "c": 0, "e": 5} == column(path, "data_version")
    assert {"a": 1, "b": 0, "c": 0, "e": 0} == column(path, "is_trashed")
    assert {"a": 0, "b": 0, "c": 1, "e": 0} == column(path, "is_observed")
    assert '{"length": 9}' == column(path, "aggregates")["a"]
    assert {"a": 2, "b": 0, "c": 1, "e": 1} == column(path, "record_count")
    assert "" != column(path, "fingerprint")["a"]


def test_rows_with_records_of_their_own_are_left_alone(path: Path) -> None:
    """What was written by hand is what is compared."""
    build(path, TWO_SESSIONS)
    before = query(path, "SELECT * FROM records WHERE session_id = 1")

    fill_missing(path, staged(f={"a": ["x"]}))

    assert before == query(path, "SELECT * FROM records WHERE session_id = 1")
    assert {"a": None, "b": None} == column(path, "record_count")


def test_an_empty_script_records_everything(path: Path) -> None:
    """Without any row the whole fixture is stored as it is parsed."""
    build(path, "")

    fill_missing(path, Staged().add("f", {"a": ["x"]}))

    assert ["x"] == lines_of(path, "a")


@pytest.mark.parametrize(
    ("script", "error", "text"),
    [
        ("INSERT INTO session VALUES (1)", FixtureSQLError, "PD201.*stored.sql:1"),
        ("\nATTACH 'x' AS y", ForbiddenSQLError, "PD202.*stored.sql:2"),
        (
            "BEGIN; INSERT INTO sessions (adapter, session) VALUES ('one', 'a')",
            OpenTransactionError,
            "PD207",
        ),
        (
            "INSERT INTO sessions (adapter, session, size) VALUES ('one', 'a', 'x')",
            FixtureSQLError,
            "PD201",
        ),
        (
            "INSERT INTO sessions (adapter, session, aggregates) VALUES ('one', 'a', '[]')",
            FixtureSQLError,
            "PD201",
        ),
        ("DROP TABLE records", StoredSQLError, "PD517.*changed the tables"),
        ("CREATE TABLE mine (x)", StoredSQLError, "PD517.*changed the tables"),
        ("PRAGMA user_version = 7", StoredSQLError, "PD517.*changed the tables"),
        ("PRAGMA application_id = 7", StoredSQLError, "PD517.*changed the tables"),
        ("DELETE FROM archive", StoredSQLError, "PD517.*changed the tables"),
        ("DROP TABLE archive", StoredSQLError, "PD517"),
        (
            "PRAGMA foreign_keys = 0; INSERT INTO records VALUES (9, 0, '', '{}')",
            StoredSQLError,
            "PD517.*changed the tables",
        ),
        (
            TWO_SESSIONS.replace("'{}'", "'[]'"),
            StoredSQLError,
            r"PD517.*'a': expected a JSON object, got b'\[\]'",
        ),
        (
            TWO_SESSIONS.replace("'{}'", "'{'"),
            StoredSQLError,
            "PD517.*'a': expected a JSON object",
        ),
        (
            TWO_SESSIONS.replace("(1, 1,", "(1, 2,"),
            StoredSQLError,
            "PD517.*'a': expected ordinal 1, got 2",
        ),
        (TWO_SESSIONS.replace("1.50", "1e999"), StoredSQLError, "PD517.*'a': "),
    ],
)
def test_scripts_that_do_not_give_stored_sessions(
    path: Path, script: str, error: type[Exception], text: str
) -> None:
    """Errors of SQL are those of fixture.sql; what the rows say is PD517."""
    with pytest.raises(error, match=text):
        build(path, script)


def test_deleting_a_session_deletes_its_records(path: Path) -> None:
    """The references between the tables are enforced while the script runs."""
    build(path, f"{TWO_SESSIONS}; DELETE FROM sessions WHERE session = 'a'")

    assert [(0,)] == query(path, "SELECT count(*) FROM records")


def test_a_script_is_bounded(path: Path) -> None:
    """It runs under the limits of fixture.sql."""
    endless = """WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)
                 SELECT count(*) FROM n"""

    with pytest.raises(BuildTimeError, match="PD203"):
        build(path, endless, limits=BuildLimits(timeout_s=0.05))


def test_rows_of_other_adapters_stay_as_they_were_written(path: Path) -> None:
    """Only what this scenario compares is brought into form."""
    build(
        path,
        """INSERT INTO sessions (id, adapter, session) VALUES (1, 'two', 'a');
           INSERT INTO records (session_id, ordinal, line) VALUES (1, 5, ' {}');""",
    )

    assert [" {}"] == lines_of(path, "a")

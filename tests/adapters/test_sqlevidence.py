"""Digests and inventories that a query gives."""

from __future__ import annotations

import hashlib
import math
import random
import time
import tracemalloc
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_parsediff.adapters import sqlevidence
from pytest_parsediff.adapters.sqlevidence import (
    encode_row,
    read_evidence,
    read_sessions,
)
from pytest_parsediff.core.errors import (
    AdapterTimeoutError,
    EvidenceQueryError,
    OutputTooLargeError,
)
from pytest_parsediff.core.event import SessionInfo

ENDLESS = "WITH r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n, n FROM r"
SMALL = -(2**63)


def store(path: Path, *rows: tuple[Any, ...]) -> Path:
    """Make a database of one table with rows of session and value."""
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE t (session, value)")
    with connection:
        connection.executemany("INSERT INTO t VALUES (?, ?)", rows)
    connection.close()
    return path


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """Return a database; its name needs escaping."""
    return store(tmp_path / "a b?c#d%41.db", ("s1", 1), ("s2", 2), ("s1", 3))


def evidence(
    db: Path,
    query: str = "SELECT session, value FROM t",
    *,
    end: float = math.inf,
    max_bytes: float = 2**20,
) -> dict[str, str]:
    """Return the digests of a query."""
    return read_evidence(db, query, end=end, max_bytes=max_bytes)


def sessions(db: Path, query: str) -> list[SessionInfo]:
    """Return the inventory of a query."""
    return read_sessions(db, query, end=math.inf, max_bytes=2**20)


# --- digests ----------------------------------------------------------------------------


def test_a_digest_is_that_of_the_documented_form(db: Path) -> None:
    """Number of values per row, then letter, length and bytes per value."""
    content = b"parsediff evidence 1\n1\ni1;1\ni3;"

    assert hashlib.sha256(content).hexdigest() == evidence(db)["s1"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((None,), b"1\nn"),
        ((-7,), b"1\ni-7;"),
        ((1.0,), b"1\nr\x3f\xf0\0\0\0\0\0\0"),
        (("é",), b"1\nt2:\xc3\xa9"),
        ((b"\0",), b"1\nb1:\0"),
        ((1, ""), b"2\ni1;t0:"),
    ],
)
def test_the_canonical_form_of_a_row(values: tuple[Any, ...], expected: bytes) -> None:
    """It is stable: archives hold digests of it."""
    assert expected == encode_row(values)


def test_rows_of_a_session_may_be_apart(tmp_path: Path) -> None:
    """What lies between the rows of a session does not matter to it."""
    together = store(tmp_path / "a.db", ("s1", 1), ("s1", 3), ("s2", 2))
    apart = store(tmp_path / "b.db", ("s1", 1), ("s2", 2), ("s1", 3))

    assert evidence(together) == evidence(apart)


def test_the_order_of_rows_counts(tmp_path: Path) -> None:
    """A query that orders its rows says what order means."""
    db = store(tmp_path / "a.db", ("s", 1), ("s", 2))
    query = "SELECT session, value FROM t ORDER BY value"

    assert evidence(db, query) != evidence(db, f"{query} DESC")


VALUES = st.one_of(
    st.none(),
    st.integers(SMALL, -SMALL - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(codec="utf-8")),
    st.binary(),
)
ROWS = st.lists(st.tuples(VALUES, VALUES) | st.tuples(VALUES), max_size=3)


def typed(rows: list[tuple[Any, ...]]) -> list[list[tuple[type, str]]]:
    """Return *rows* so that they are equal only if types and bytes are."""
    return [[(type(value), repr(value)) for value in row] for row in rows]


@given(ROWS, ROWS)
def test_different_rows_have_different_forms(
    one: list[tuple[Any, ...]], other: list[tuple[Any, ...]]
) -> None:
    """No values can pass for others: not of another type, number, or boundary."""
    forms = [b"".join(map(encode_row, rows)) for rows in (one, other)]

    assert (typed(one) == typed(other)) == (forms[0] == forms[1])


@pytest.mark.parametrize("value", [None, 1, 1.0, "1", b"1", "", b"", 0])
@pytest.mark.parametrize("other", [None, 1, 1.0, "1", b"1", "", b"", 0])
def test_storage_classes_differ(tmp_path: Path, value: Any, other: Any) -> None:
    """A cell that changes its type has changed."""
    one = evidence(store(tmp_path / "a.db", ("s", value)))
    two = evidence(store(tmp_path / "b.db", ("s", other)))

    same = (type(value), value) == (type(other), other)
    assert same == (one == two)


def test_ids_that_are_numbers_are_text(tmp_path: Path) -> None:
    """A whole number is its decimal digits, as an event's id would be."""
    assert ["7", "-1"] == list(evidence(store(tmp_path / "a.db", (7, 1), (-1, 1))))


def test_no_rows_are_no_sessions(db: Path) -> None:
    """A session whose rows are gone has no digest."""
    assert {} == evidence(db, "SELECT session, value FROM t WHERE 0")


def test_memory_does_not_grow_with_rows(db: Path) -> None:
    """A hundred times the rows of one session take no more memory."""

    def peak(rows: int) -> int:
        text = random.Random(7).randbytes(2000).hex()
        query = (
            f"WITH r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < {rows}) "
            f"SELECT 's', '{text}' || n FROM r"
        )
        tracemalloc.start()
        evidence(db, query)
        taken = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return taken

    peak(10)  # what is loaded once
    assert peak(10) + 20_000 > peak(1000)


# --- what is refused ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "SELECT session,\n  missing FROM t",
            "no such column: missing (line 2, column 3 ",
        ),
        ("SELEC 1", 'near "SELEC": syntax error (line 1, column 1 of the query)'),
        ("SELECT 'é', missing FROM t", "(line 1, column 13 of the query)"),
        ("SELECT session FROM t", "expected at least 2 columns, got 1"),
        ("SELECT 1, 2; SELECT 1, 2", "holds more than one statement"),
        ("-- nothing", "holds no statement"),
        ("DELETE FROM t", "returns no rows"),
        ("UPDATE t SET value = 9 RETURNING session, value", "readonly"),
        ("VACUUM INTO 'copy.db'", "returns no rows"),
        ("ATTACH 'other.db' AS o", "returns no rows"),
        (
            "SELECT value, 1 FROM t WHERE 0 UNION ALL SELECT NULL, 1",
            "row 1: expected a",
        ),
        (
            "SELECT session, 1 FROM t UNION ALL SELECT '', 1",
            "row 4: expected a session",
        ),
        ("SELECT 1.5, 1", "row 1: expected a session id, got 1.5"),
        ("SELECT x'31', 1", "row 1: expected a session id, got b'1'"),
        ("SELECT 's', CAST(x'ff' AS TEXT)", "utf-8"),
    ],
)
def test_a_bad_query_is_refused(
    db: Path, query: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PD516 says what and where, and nothing is made or changed."""
    monkeypatch.chdir(db.parent)
    before = db.read_bytes()
    with pytest.raises(EvidenceQueryError, match="PD516") as caught:
        evidence(db, query)

    assert message in caught.value.message
    assert caught.value.message.startswith("evidence")
    assert [db] == list(db.parent.iterdir())
    assert before == db.read_bytes()


def test_sources_that_are_no_database_are_refused(tmp_path: Path) -> None:
    """A folder, nothing, and a file of another kind cannot be asked."""
    (tmp_path / "text").write_text("no database" * 100)

    with pytest.raises(
        EvidenceQueryError, match=r"PD516: .*SQLite database, got a fol"
    ):
        evidence(tmp_path)
    with pytest.raises(EvidenceQueryError, match=r"PD516: .*database, there is none"):
        evidence(tmp_path / "gone")
    with pytest.raises(EvidenceQueryError, match=r"PD516: .*file is not a database"):
        evidence(tmp_path / "text")
    assert [tmp_path / "text"] == list(tmp_path.iterdir())


def test_limits_hold(db: Path) -> None:
    """A query may neither run nor name sessions without end."""
    count = ENDLESS.replace("SELECT n, n", "SELECT count(*), 1")
    with pytest.raises(AdapterTimeoutError, match=r"PD402: .*the evidence did not end"):
        evidence(db, count, end=time.monotonic())
    with pytest.raises(
        OutputTooLargeError, match=r"PD407: .*sessions of evidence exceed"
    ):
        evidence(db, ENDLESS)


def test_one_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that commits while rows are read is not seen, not even in part."""
    db = store(tmp_path / "a.db", *((f"s{n}", n) for n in range(1000)))
    writer = apsw.Connection(str(db))
    writer.pragma("journal_mode", "wal")
    before = evidence(db)
    updates = iter(["UPDATE t SET value = -value"])

    def encode(values: tuple[Any, ...]) -> bytes:
        list(writer.execute(next(updates, "SELECT 1")))
        return encode_row(values)

    monkeypatch.setattr(sqlevidence, "encode_row", encode)
    during = evidence(db)
    after = evidence(db)
    writer.close()

    assert before == during
    assert before.keys() == after.keys()
    assert ["s0"] == [name for name in before if before[name] == after[name]]


# --- inventory ----------------------------------------------------------------------------


def test_an_inventory_lists_each_session_once(db: Path) -> None:
    """The newest time of a session stays, in the order of the first rows."""
    expected = [SessionInfo("s1", 3), SessionInfo("s2", 2)]

    assert expected == sessions(db, "SELECT session, value FROM t")
    assert expected == sessions(
        db, "SELECT session, value FROM t ORDER BY session, value DESC"
    )


def test_an_inventory_may_know_less_or_more(db: Path) -> None:
    """Time and size may be left out or be NULL."""
    assert [SessionInfo("s1")] == sessions(db, "SELECT 's1'")
    assert [SessionInfo("s1")] == sessions(db, "SELECT 's1', NULL")
    assert [SessionInfo("s1", 5, 6)] == sessions(db, "SELECT 's1', 5, 6")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT 's', 1.5", "session_list: expected a whole number or NULL, got 1.5"),
        (
            "SELECT 's', '2026'",
            "session_list: expected a whole number or NULL, got '20",
        ),
        ("SELECT 's', 1, 2, 3", "session_list: expected 1 to 3 columns, got 4"),
        ("SELECT NULL", "session_list: row 1: expected a session id, got None"),
    ],
)
def test_a_bad_inventory_is_refused(db: Path, query: str, message: str) -> None:
    """PD516 names the key and what is wrong."""
    with pytest.raises(EvidenceQueryError, match="PD516") as caught:
        sessions(db, query)

    assert message in caught.value.message

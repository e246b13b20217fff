"""A whole scan: which sessions, in which order, from which snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest
from opencode_stores import (
    DDL,
    Insert,
    build,
    insert,
    kinds,
    payloads,
    pick,
    scan,
    scan_rows,
    split,
)

from pytest_parsediff.adapters.opencode import OpencodeAdapter, load, pages
from pytest_parsediff.adapters.protocol import Adapter
from pytest_parsediff.core.errors import SchemaError, StoreOpenError
from pytest_parsediff.core.event import Checkpoint, Event, Notice, Source


def session(number: int, updated: Any, **cells: Any) -> Insert:
    """Return a row of session."""
    return "session", {"id": f"ses_{number}", "time_updated": updated, **cells}


def order(events: list[Event]) -> list[str]:
    """Return the ids of the sessions in the order of their start."""
    return [name for (name,) in pick(events, "session_started", "NativeID")]


def told(notices: Iterable[Notice]) -> list[tuple[str, str]]:
    """Return code and place of *notices*."""
    return [(notice.code, notice.where) for notice in notices]


def each_statement(
    monkeypatch: pytest.MonkeyPatch, act: Callable[[apsw.Connection, str], None]
) -> None:
    """Call *act* whenever a connection that is opened later begins a statement."""

    def register(connection: apsw.Connection) -> None:
        def trace(event: dict[str, Any]) -> None:
            act(connection, event["sql"])

        connection.trace_v2(apsw.SQLITE_TRACE_STMT, trace)

    monkeypatch.setattr(apsw, "connection_hooks", [register])


def test_adapter_has_the_interface() -> None:
    """The adapter is one, and is called opencode."""
    adapter = OpencodeAdapter()

    assert isinstance(adapter, Adapter)
    assert "opencode" == adapter.name


def test_source_id_is_the_path(tmp_path: Path) -> None:
    """Every event names the path that was given, as it was given."""
    path = tmp_path / "a<b.db"
    events, _ = scan_rows(path, session(1, 1))

    assert [f"opencode:{path}"] == [e["payload"]["SourceID"] for e in events]


def test_a_foreign_cursor_starts_from_the_beginning(tmp_path: Path) -> None:
    """A cursor of whatever origin gives everything again, and says so first."""
    path = build(tmp_path / "s.db", session(1, 1), ("message", {}))
    source = Source(path, tmp_path)
    adapter = OpencodeAdapter()
    first = list(adapter.scan(source, None))

    for cursor in ("{}", "x", "", "null", '{"version":2,"tables":{}}', "\ud800"):
        notice, *again = adapter.scan(source, cursor)
        assert isinstance(notice, Notice)
        assert "cursor-unknown" == notice.code
        assert first == again
    assert [Checkpoint] == [type(e) for e in first if isinstance(e, Checkpoint)]
    assert isinstance(first[-1], Checkpoint)


def test_nothing_is_opened_before_the_first_emission(tmp_path: Path) -> None:
    """A scan is lazy: a missing store is told when the scan is begun."""
    emissions = scan(tmp_path / "gone.db")

    with pytest.raises(StoreOpenError):
        next(emissions)


def test_empty_store(tmp_path: Path) -> None:
    """A store without rows has no events and no notices."""
    assert ([], []) == scan_rows(tmp_path / "s.db")


def test_sessions_come_by_time_of_change_then_by_id(tmp_path: Path) -> None:
    """The order is that of time_updated, then of the id, not that of the rows."""
    rows = (session(9, 50), session(2, 70), session(3, 50), session(1, 70))
    events, _ = scan_rows(tmp_path / "s.db", *rows)

    assert ["ses_3", "ses_9", "ses_1", "ses_2"] == order(events)


def test_each_session_comes_once(tmp_path: Path) -> None:
    """A session that several rows name is handed out once."""
    events, _ = scan_rows(
        tmp_path / "s.db",
        session(1, 1),
        ("message", {}),
        ("part", {}),
        ("session_message", {}),
    )

    assert ["ses_1"] == order(events)


def test_orphans_are_noticed_in_the_order_of_tables(tmp_path: Path) -> None:
    """Sessions that only other tables name are told after those that have a row."""
    events, notices = scan_rows(
        tmp_path / "s.db",
        session(1, 99),
        ("session_message", {"id": "e1", "session_id": "ses_sm", "time_updated": 1}),
        ("part", {"id": "p1", "session_id": "ses_p", "time_updated": 1}),
        ("message", {"id": "m2", "session_id": "ses_b", "time_updated": 3}),
        ("message", {"id": "m1", "session_id": "ses_a", "time_updated": 4}),
        ("message", {"id": "m3", "session_id": "ses_b", "time_updated": 5}),
    )

    assert ["ses_1"] == order(events)
    places = ["ses_b", "ses_a", "ses_p", "ses_sm"]
    assert [("session-missing", f"session/{p}") for p in places] == told(notices)
    assert {"session row not found"} == {notice.message for notice in notices}


@pytest.mark.parametrize("page", [1, 2, 3, 7, 100])
def test_pages_do_not_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    """The size of a page has no influence on what is handed out, ties included."""
    monkeypatch.setattr(pages, "PAGE_ROWS", page)
    rows = [session(n, n // 3, time_created=n) for n in range(7, 0, -1)]
    events, _ = scan_rows(tmp_path / "s.db", *rows)

    assert [f"ses_{n}" for n in range(1, 8)] == order(events)


def test_a_page_has_a_thousand_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are read a thousand at a time, until a page is not full."""
    selects: list[str] = []
    rows = [("part", {"id": f"p{n}", "session_id": "ses_1"}) for n in range(2000)]
    path = build(tmp_path / "s.db", session(1, 1), *rows)
    each_statement(monkeypatch, lambda _connection, sql: selects.append(sql))
    split(scan(path))

    paged = [sql for sql in selects if "LIMIT 1000" in sql and "FROM part" in sql]
    assert 3 == len(paged)


def test_times_of_any_storage_class_are_paged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where columns have no type, numbers in text keep their place in the order."""
    monkeypatch.setattr(pages, "PAGE_ROWS", 1)
    ddl = DDL.replace("time_updated INTEGER", "time_updated")
    rows: list[Insert] = [
        session(1, "20"),
        session(2, 10),
        session(3, b"30"),
        session(4, 15.0),
        session(5, -1),
    ]
    events, _ = scan_rows(tmp_path / "s.db", *rows, ddl=ddl)

    assert ["ses_5", "ses_2", "ses_4", "ses_1", "ses_3"] == order(events)


@pytest.mark.parametrize(
    ("table", "column"),
    [
        *(("session", "id"), ("session", "time_updated"), ("message", "session_id")),
        *(("message", "time_updated"), ("part", "message_id"), ("part", "session_id")),
        *(("part", "id"), ("session_message", "session_id")),
    ],
)
@pytest.mark.parametrize("value", [None, "", "  "])
def test_required_cells(tmp_path: Path, table: str, column: str, value: Any) -> None:
    """A row without a required cell is an error, and all other sessions are read."""
    rows: list[Insert] = [(table, {column: value}), session(2, 2), session(3, 3)]
    if table != "session":
        rows.append(session(1, 1))

    events, notices = scan_rows(tmp_path / "s.db", *rows)

    error = next(one for one in notices if one.code == "session-error")
    assert error.message.startswith(f"PD423: {table}/")
    assert f": expected {column}, got " in error.message
    is_named = column not in ("session_id", "id") or (table, column) == ("part", "id")
    assert error.where == ("ses_1" if is_named else "(source)")
    assert {"ses_2", "ses_3"} <= set(order(events))


@pytest.mark.parametrize("value", ["soon", "1_0", 1.5])
def test_required_times_are_integers(tmp_path: Path, value: Any) -> None:
    """A time of change that is no integer is an error; no event depends on it."""
    rows = (session(1, 1), ("message", {"time_updated": value}))

    events, notices = scan_rows(tmp_path / "s.db", *rows)

    assert ["session_started", "turn_started"] == kinds(events)
    assert [("session-error", "ses_1")] == told(notices)
    assert "message/msg_1: expected time_updated, got '" in notices[0].message


def test_optional_cells_that_are_no_numbers(tmp_path: Path) -> None:
    """An unreadable optional number is zero and noticed, whatever its column."""
    bad = {"time_created": "soon"}
    events, notices = scan_rows(
        tmp_path / "s.db",
        session(1, 1, **bad, time_archived="x", time_compacting="y", cost="z"),
        ("session_message", {**bad, "seq": "w"}),
        ("message", bad),
        ("part", bad),
    )

    assert {0} == {event["payload"]["Ts"] for event in events}
    assert "session_finalized" not in kinds(events)
    assert [
        ("session/ses_1", "cost is not a number; read as 0"),
        ("session/ses_1", "time_created is not a number; read as 0"),
        ("session/ses_1", "time_archived is not a number; read as 0"),
        ("session/ses_1", "time_compacting is not a number; read as 0"),
        ("part/prt_1", "time_created is not a number; read as 0"),
        ("message/msg_1", "time_created is not a number; read as 0"),
        ("session_message/evt_1", "seq is not a number; read as 0"),
        ("session_message/evt_1", "time_created is not a number; read as 0"),
    ] == [(notice.where, notice.message) for notice in notices]
    assert {"bad-cell"} == {notice.code for notice in notices}


@pytest.mark.parametrize("value", [None, "", " "])
def test_empty_optional_cells_are_silent(tmp_path: Path, value: Any) -> None:
    """An optional number that is NULL or blank is zero without a notice."""
    row = session(1, 1, time_created=value, time_archived=value, tokens_input=value)
    events, notices = scan_rows(tmp_path / "s.db", row)

    assert [(0,)] == pick(events, "session_started", "Ts")
    assert [] == notices


def test_data_that_is_null_is_undecodable(tmp_path: Path) -> None:
    """A message or part whose data is NULL is logged as empty."""
    rows: tuple[Insert, ...] = (
        session(1, 1),
        ("message", {}),
        ("part", {"data": None}),
    )
    events, _ = scan_rows(tmp_path / "s.db", *rows)

    assert [("part data undecodable: opencode: empty data blob",)] == pick(
        events, "log_entry", "Message"
    )


def test_compacting_session_is_skipped(tmp_path: Path) -> None:
    """A session that is being compacted is told and left out, others are not."""
    rows = (session(1, 1, time_compacting=5), session(2, 2, time_compacting=0))
    events, notices = scan_rows(tmp_path / "s.db", *rows)

    assert ["ses_2"] == order(events)
    assert [("needs-retry", "ses_1")] == told(notices)


def test_messages_come_by_time_of_creation_then_by_id(tmp_path: Path) -> None:
    """Messages are not in the order of rows, of change, or of ids alone."""
    rows: list[Insert] = [
        ("message", {"id": name, "time_created": created, "time_updated": 9 - created})
        for name, created in (("m3", 5), ("m1", 7), ("m2", 5))
    ]
    rows = [(t, {**c, "data": f'{{"role":"{c["id"]}"}}'}) for t, c in rows]
    events, _ = scan_rows(tmp_path / "s.db", session(1, 1), *rows)

    assert ["m2", "m3", "m1"] == [
        log["Extras"]["message_id"] for log in payloads(events, "log_entry")
    ]


def test_parts_come_by_id_not_by_time(tmp_path: Path) -> None:
    """Parts of a message are in the order of their ids as text."""
    rows: list[Insert] = [
        ("part", {"id": f"p{n}", "time_created": created, "data": '{"type":"retry"}'})
        for n, created in ((10, 1), (9, 2), (8, 3))
    ]
    rows.append(("part", {"id": "p7", "message_id": "msg_other"}))
    events, _ = scan_rows(tmp_path / "s.db", session(1, 1), ("message", {}), *rows)

    assert ["p10", "p8", "p9"] == [
        log["Extras"]["part_id"] for log in payloads(events, "log_entry")
    ]


def test_rows_of_other_sessions_are_left_out(tmp_path: Path) -> None:
    """A tree has the rows that name its session, and no others."""
    rows = (
        ("message", {"id": "m1", "session_id": "ses_1"}),
        ("message", {"id": "m2", "session_id": "ses_2"}),
        ("part", {"id": "p1", "message_id": "m1", "session_id": "ses_2"}),
    )
    events, _ = scan_rows(tmp_path / "s.db", session(1, 1), session(2, 2), *rows)

    assert [("ses_1", 1), ("ses_2", 1)] == pick(
        events, "turn_started", "SessionNativeID", "Seq"
    )
    assert "op_started" not in kinds(events)


@pytest.mark.parametrize("kind", ["messages", "parts"])
def test_large_sessions_are_noticed_and_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """A session beyond the limit is told and nothing of it is left out."""
    monkeypatch.setattr(load, "LARGE_SESSION_ROWS", 2)
    rows: list[Insert] = [(kind[:-1], {"id": f"x{n}"}) for n in range(3)]
    if kind == "parts":
        rows.append(("message", {}))
    events, notices = scan_rows(tmp_path / "s.db", session(1, 1), *rows)

    assert [("large-session", "session/ses_1")] == told(notices)
    assert f"the session has 3 {kind}" == notices[0].message
    assert 3 == kinds(events).count(
        "turn_started" if kind == "messages" else "op_started"
    )


def test_a_session_at_the_limit_is_not_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only more rows than the limit are worth a notice."""
    monkeypatch.setattr(load, "LARGE_SESSION_ROWS", 1)
    rows: tuple[Insert, ...] = (session(1, 1), ("message", {}), ("part", {}))

    assert [] == scan_rows(tmp_path / "s.db", *rows)[1]


def test_notices_come_before_the_events_of_their_session(tmp_path: Path) -> None:
    """What was seen while reading a session is told first, then its events."""
    rows = (
        session(1, 1, time_archived="x", model="{"),
        ("message", {"data": "{"}),
        session(2, 2),
    )
    emissions = scan(build(tmp_path / "s.db", *rows))

    assert [
        *("bad-cell", "bad-model", "bad-message"),
        *("session_started", "log_entry", "session_started"),
    ] == [e.code if isinstance(e, Notice) else e["kind"] for e in emissions]  # type: ignore[index]


def test_no_transaction_is_open_at_any_emission(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is handed out, no snapshot is held meanwhile."""
    made: list[apsw.Connection] = []
    ddl = DDL.replace("slug TEXT, ", "")
    rows: tuple[Insert, ...] = (
        session(1, 1, time_archived="x"),
        session(2, 2),
        ("message", {}),
    )
    orphan = ("part", {"session_id": "ses_gone"})
    path = build(tmp_path / "s.db", *rows, orphan, ddl=ddl)
    monkeypatch.setattr(apsw, "connection_hooks", [made.append])

    seen = 0
    for _ in scan(path):
        seen += 1
        assert [False] == [connection.in_transaction for connection in made]
        assert [apsw.SQLITE_TXN_NONE] == [c.txn_state() for c in made]

    assert seen > 5


def test_a_tree_is_one_snapshot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit between two statements of one tree does not show in it at all."""
    rows: list[Insert] = [
        session(1, 1, parent_id="ses_0", title="old"),
        session(0, 0),
        ("message", {"data": '{"role":"assistant","modelID":"old"}'}),
        ("part", {"data": '{"type":"step-start"}'}),
    ]
    path = build(tmp_path / "s.db", *rows)
    writer = apsw.Connection(str(path))
    writer.pragma("journal_mode", "wal")
    expected = split(scan(path))[0]
    armed: list[bool] = []
    interrupted: list[str] = []

    def commit(_connection: apsw.Connection, sql: str) -> None:
        if not armed:
            return
        if "session_id = CAST" in sql or "SELECT CASE typeof(parent_id)" in sql:
            interrupted.append(sql)
            data = f'{{"role":"assistant","modelID":"new{len(interrupted)}"}}'
            list(writer.execute("UPDATE message SET data = ?", (data,)))
            list(writer.execute("UPDATE session SET title = 'new', parent_id = NULL"))
            list(writer.execute("DELETE FROM part"))

    each_statement(monkeypatch, commit)
    emissions = scan(path)
    before = [next(emissions)]  # ses_0
    armed.append(True)
    with closing(writer):
        actual = before + list(emissions)

    assert expected == actual
    assert 5 == len(interrupted)


def test_a_session_created_meanwhile_is_found_by_its_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session that appears after the sessions were listed is found by its message."""
    path = build(tmp_path / "s.db", session(1, 1))
    emissions = scan(path)
    events: list[Any] = [next(emissions)]
    with closing(apsw.Connection(str(path))) as writer:
        insert(writer, session(2, 2))
        insert(writer, ("message", {"session_id": "ses_2"}))
    events += emissions

    assert ["ses_1", "ses_2"] == order(events)


def test_a_session_deleted_meanwhile_is_told(tmp_path: Path) -> None:
    """A session that is gone when its turn comes is a notice, not an error."""
    path = build(tmp_path / "s.db", session(1, 1), session(2, 2))
    emissions = scan(path)
    next(emissions)
    with closing(apsw.Connection(str(path))) as writer:
        list(writer.execute("DELETE FROM session WHERE id = 'ses_2'"))

    assert [("session-missing", "session/ses_2")] == told(split(emissions)[1])


def test_an_owner_that_got_lost_meanwhile_is_told(tmp_path: Path) -> None:
    """A part that names no message any more is left out of the tree, with a notice."""
    path = build(tmp_path / "s.db", session(1, 1), session(2, 2))
    emissions = scan(path)
    next(emissions)
    with closing(apsw.Connection(str(path))) as writer:
        insert(writer, ("message", {"session_id": "ses_2"}))
        insert(writer, ("part", {"session_id": "ses_2", "message_id": " "}))
    found = [next(emissions) for _ in range(3)]

    assert [("ownerless-row", "part/prt_1")] == told(
        [notice for notice in found if isinstance(notice, Notice)]
    )
    assert ["session_started", "turn_started"] == kinds(found[1:])  # type: ignore[arg-type]


def test_a_schema_changed_meanwhile_is_read_as_it_is(tmp_path: Path) -> None:
    """A migration in the middle of a scan is told, and the next session read by it."""
    path = build(tmp_path / "s.db", session(1, 1, title="a"), session(2, 2, title="b"))
    emissions = scan(path)
    assert {"title": "a"} == next(emissions)["payload"]["Extras"]  # type: ignore[index]
    with closing(apsw.Connection(str(path))) as writer:
        list(writer.execute("ALTER TABLE session DROP COLUMN title"))

    events, notices = split(emissions)

    assert [("column-absent", "session.title")] == told(notices)
    assert [("ses_2", None)] == pick(events, "session_started", "NativeID", "Extras")


def test_a_table_dropped_meanwhile_is_a_typed_error(tmp_path: Path) -> None:
    """A store that cannot be read any more is no store."""
    path = build(tmp_path / "s.db", session(1, 1), session(2, 2))
    emissions = scan(path)
    next(emissions)
    with closing(apsw.Connection(str(path))) as writer:
        list(writer.execute("ALTER TABLE part DROP COLUMN data"))

    with pytest.raises(SchemaError, match="PD421"):
        next(emissions)


def test_a_broken_switch_hides_nothing_else(tmp_path: Path) -> None:
    """It is an error of its session, of which the rest is handed out, as are others."""
    rows = (
        session(1, 1),
        session(2, 2),
        ("session_message", {"session_id": "ses_2", "data": "{"}),
        session(3, 3),
    )

    events, notices = scan_rows(tmp_path / "s.db", *rows)

    assert ["ses_1", "ses_2", "ses_3"] == order(events)
    assert [("session-error", "ses_2")] == told(notices)
    assert "PD423: session_message/evt_1: expected its data" in notices[0].message


def test_errors_of_one_session_are_told_one_by_one_up_to_a_number(
    tmp_path: Path,
) -> None:
    """Then one more says that there are more; each session has a number of its own."""
    bad = [("message", {"id": f"m{n}", "time_updated": None}) for n in range(150)]
    other = ("message", {"id": "m", "session_id": "ses_2", "time_updated": None})
    rows = (session(1, 1), session(2, 2), *bad, other)

    _, notices = scan_rows(tmp_path / "s.db", *rows)

    first = [one.message for one in notices if one.where == "ses_1"]
    assert 101 == len(first) == len(set(first))
    assert "more than 100 rows" in first[-1]
    assert [("session-error", "ses_2")] == told(
        n for n in notices if n.where != "ses_1"
    )


def test_invalid_text_is_read_with_replacement(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 become U+FFFD, in ids, cells and JSON."""
    bad = "CAST(x'6100ff62' AS TEXT)"
    ddl = (
        f"{DDL}; INSERT INTO session (id, title, time_created, time_updated)"
        f" VALUES ({bad}, {bad}, 1, 1);"
        f"INSERT INTO message VALUES ({bad}, {bad}, 1, 1,"
        " CAST(x'7b22726f6c65223a2278ff227d' AS TEXT));"
    )
    events, notices = scan_rows(tmp_path / "s.db", ddl=ddl)

    assert [("a\0\ufffdb", {"title": "a\0\ufffdb"})] == pick(
        events, "session_started", "NativeID", "Extras"
    )
    assert [('unknown message role "x\ufffd"', {"message_id": "a\0\ufffdb"})] == pick(
        events, "log_entry", "Message", "Extras"
    )
    assert [] == notices


def test_ids_that_look_alike_are_told_apart(tmp_path: Path) -> None:
    """Ids that differ only in invalid bytes or after a NUL are different sessions."""
    names = ("6100", "610062", "61ff", "61fe", "61")
    values = ", ".join(f"(CAST(x'{name}' AS TEXT), 1, 1)" for name in names)
    ddl = f"{DDL}; INSERT INTO session (id, time_created, time_updated) VALUES {values}"
    events, notices = scan_rows(tmp_path / "s.db", ddl=ddl)

    assert ["a", "a\0", "a\0b", "a\ufffd", "a\ufffd"] == order(events)
    assert [] == notices


@pytest.mark.parametrize("encoding", ["UTF-16le", "UTF-16be"])
def test_utf16_stores(tmp_path: Path, encoding: str) -> None:
    """A store whose text is UTF-16 reads like any other."""
    rows: list[Insert] = [
        session(1, 1, title="\u00e9\U0001f600", parent_id="ses_0"),
        session(0, 0),
        ("message", {"data": '{"role":"\u00e9"}'}),
    ]
    plain = scan_rows(tmp_path / "plain.db", *rows)
    ddl = f"PRAGMA encoding = '{encoding}'; {DDL}"
    events, notices = scan_rows(tmp_path / "plain.db2", *rows, ddl=ddl)
    for event in events:
        event["payload"]["SourceID"] = f"opencode:{tmp_path / 'plain.db'}"

    assert plain == (events, notices)


def test_memory_does_not_grow_with_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only one tree is held: the next one is read after the last was handed out."""
    reads: list[str] = []
    path = build(tmp_path / "s.db", *(session(n, n) for n in range(3)))
    each_statement(
        monkeypatch,
        lambda _connection, sql: (
            reads.append(sql) if "FROM session WHERE" in sql else None
        ),
    )

    counts = [len(reads) for _ in scan(path)]

    assert [1, 2, 3] == counts


def test_the_connection_is_closed_when_a_scan_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scan that is given up does not leave the store open."""
    made: list[apsw.Connection] = []
    path = build(tmp_path / "s.db", session(1, 1), session(2, 2))
    monkeypatch.setattr(apsw, "connection_hooks", [made.append])
    emissions: Any = scan(path)
    next(emissions)
    emissions.close()

    with pytest.raises(apsw.ConnectionClosedError):
        made[0].execute("SELECT 1")

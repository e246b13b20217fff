"""Digests of sessions, and the inventory: what they follow, and what they ignore."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from opencode_stores import DDL, Insert, build, insert, scan_all

from pytest_parsediff.adapters.opencode import OpencodeAdapter
from pytest_parsediff.core.errors import SchemaError, StoreOpenError
from pytest_parsediff.core.event import Evidence, Notice, SessionInfo, Source

SCENARIOS = Path(__file__).parents[3] / "scenarios" / "opencode"
NAMES = sorted(path.parent.name for path in SCENARIOS.glob("*/fixture.sql"))
TABLES = ("session", "message", "part", "session_message", "session_input")
OWNER = {"session": "id"}

#: Cells that no event depends on: nothing shows if they change.
SILENT = {
    *(("session", c) for c in ("cost", "tokens_input", "tokens_output")),
    *(("session", c) for c in ("tokens_reasoning", "tokens_cache_read")),
    *(("session", c) for c in ("tokens_cache_write", "time_updated")),
    ("message", "time_updated"),
    ("part", "time_updated"),
    ("session_message", "time_updated"),
    ("session_input", "time_created"),
}

STEP = {"type": "step-finish", "cost": 0.5, "tokens": {"input": 9, "output": 4}}
TOOL = {
    "type": "tool",
    "tool": "read",
    "state": {"status": "completed", "input": {}, "time": {"start": 1, "end": 2}},
}


def as_json(**members: Any) -> str:
    """Return an object as JSON."""
    return json.dumps(members)


#: A family of three sessions and one apart, with rows of every kind.
FAMILY: tuple[Insert, ...] = (
    (
        "session",
        {
            "id": "ses_1",
            "title": "root",
            "agent": "build",
            "model": as_json(id="m-1", providerID="p-1"),
            "directory": "/d",
            "slug": "s",
            "version": "1",
            "project_id": "prj",
            "cost": 0.5,
            "tokens_input": 9,
        },
    ),
    ("session", {"id": "ses_2", "parent_id": "ses_1", "time_archived": 9000}),
    ("session", {"id": "ses_3", "parent_id": "ses_2"}),
    ("session", {"id": "ses_4", "parent_id": "ses_gone", "time_compacting": 0}),
    ("message", {"id": "msg_0", "time_created": 1, "data": as_json(role="user")}),
    ("message", {"id": "msg_1", "data": as_json(role="assistant", parentID="msg_0")}),
    ("message", {"id": "msg_2", "session_id": "ses_2"}),
    ("message", {"id": "msg_4", "session_id": "ses_4"}),
    ("part", {"id": "prt_1"}),
    ("part", {"id": "prt_2", "data": as_json(type="text", text="hello")}),
    ("part", {"id": "prt_3", "data": json.dumps(TOOL)}),
    ("part", {"id": "prt_4", "data": json.dumps(STEP)}),
    ("part", {"id": "prt_5", "message_id": "msg_2", "session_id": "ses_2"}),
    ("part", {"id": "prt_6", "message_id": "msg_4", "session_id": "ses_4"}),
    ("session_message", {"id": "evt_1", "data": as_json(agent="plan")}),
    ("session_message", {"id": "evt_2", "session_id": "ses_4", "seq": 2}),
    ("session_input", {"id": "msg_0", "prompt": as_json(text="do it")}),
)


@dataclass(frozen=True)
class Seen:
    """What a store gives.

    Attributes:
        events: Of each session, as text.
        digests: Of each session, as a scan emits them.
    """

    events: dict[str, list[str]]
    digests: dict[str, str]


def look(path: Path) -> Seen:
    """Scan the store at *path*."""
    events: dict[str, list[str]] = {}
    digests: dict[str, str] = {}
    for emission in scan_all(path):
        if isinstance(emission, Evidence):
            assert emission.session not in digests
            digests[emission.session] = emission.digest
        elif isinstance(emission, dict):
            payload = emission["payload"]
            session = payload.get("SessionNativeID") or payload["NativeID"]
            events.setdefault(session, []).append(json.dumps(emission))
    return Seen(events, digests)


def evidence(path: Path) -> dict[str, str]:
    """Return what the adapter says without a parse."""
    return OpencodeAdapter().evidence(Source(path, path.parent))


def sessions(path: Path) -> list[SessionInfo]:
    """Return the inventory."""
    return OpencodeAdapter().sessions(Source(path, path.parent))


def run(path: Path, sql: str, *bindings: Any) -> list[Any]:
    """Run *sql* as another program would."""
    with closing(apsw.Connection(str(path))) as connection:
        connection.pragma("synchronous", "off")
        return list(connection.execute(sql, bindings))


@pytest.fixture
def family(tmp_path: Path) -> Path:
    """Return a store of the family."""
    return build(tmp_path / "s.db", *FAMILY)


# --- evidence of a scan and evidence alone -------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_scan_emits_what_evidence_says(tmp_path: Path, name: str) -> None:
    """Both give the same digests, whatever the store; sessions with events have one."""
    script = (SCENARIOS / name / "fixture.sql").read_text(encoding="utf-8")
    path = tmp_path / "s.db"
    run(path, script)

    seen = look(path)

    assert seen.digests == evidence(path)
    assert set(seen.events) <= set(seen.digests)
    assert set(seen.digests) == {info.session for info in sessions(path)}


#: What older stores lack.
LATER_COLUMNS = [
    *(
        ("session", c)
        for c in ("project_id", "parent_id", "slug", "directory", "title")
    ),
    *(("session", c) for c in ("version", "agent", "model", "cost", "tokens_input")),
    *(("session", c) for c in ("time_archived", "time_compacting")),
    *((table, "time_created") for table in TABLES[1:]),
    ("session_message", "seq"),
]


@pytest.mark.parametrize(("table", "column"), LATER_COLUMNS)
def test_a_migration_that_adds_a_column_touches_no_session(
    family: Path, table: str, column: str
) -> None:
    """A new column is empty at first, and reads as it read before."""
    run(family, f"ALTER TABLE {table} DROP COLUMN {column}")
    before = look(family)
    default = "TEXT NOT NULL DEFAULT ''" if column == "agent" else "INTEGER"
    run(family, f"ALTER TABLE {table} ADD COLUMN {column} {default}")
    after = look(family)

    assert before == after


def test_a_table_that_comes_later_touches_no_session(family: Path) -> None:
    """Neither do the two tables that older stores lack, while they are empty."""
    for table in ("session_message", "session_input"):
        run(family, f"DELETE FROM {table}")
    before = evidence(family)
    for table in ("session_message", "session_input"):
        run(family, f"DROP TABLE {table}")

    assert before == look(family).digests == evidence(family)


def test_evidence_comes_before_the_events_of_its_session(family: Path) -> None:
    """A session of which something cannot be read has evidence all the same."""
    run(family, "UPDATE session_message SET data = '[' WHERE session_id = 'ses_1'")
    first, second, *_ = scan_all(family)

    assert isinstance(first, Evidence)
    assert "ses_1" == first.session
    assert isinstance(second, Notice)
    assert "session-error" == second.code


# --- what changes a digest ------------------------------------------------------------------


def rows_of(path: Path, table: str) -> list[dict[str, Any]]:
    """Return the rows of *table*; a table that is not there has none."""
    with closing(apsw.Connection(str(path))) as connection:
        info = list(connection.execute(f"PRAGMA table_info({table})"))
        names = [column[1] for column in info]
        rows = list(connection.execute(f"SELECT * FROM {table}")) if names else []
    return [dict(zip(names, row, strict=True)) for row in rows]


def related(path: Path) -> dict[str, list[Any]]:
    """Return all cells of all rows that belong to each session, its ancestors' too.

    An oracle of its own: it knows nothing of how the adapter reads.
    """
    cells = {table: rows_of(path, table) for table in TABLES}
    parents = {row["id"]: row.get("parent_id") for row in cells["session"]}
    found = {}
    for session in parents:
        own = [
            (table, sorted(row.items()))
            for table in TABLES
            for row in cells[table]
            if row[OWNER.get(table, "session_id")] == session
        ]
        chain, current = [], session
        while current and current not in chain:
            chain.append(current)
            current = parents.get(current)
        found[session] = [own, chain, current in parents]
    return found


def hold(old: Seen, new: Seen, before: Any, after: Any) -> None:
    """Assert both directions for each session."""
    for session in {*old.events, *new.events}:
        if old.events.get(session) != new.events.get(session):
            assert old.digests.get(session) != new.digests.get(session), session
    for session in {*before, *after}:
        if before.get(session) == after.get(session):
            assert old.digests.get(session) == new.digests.get(session), session


def cells_of(path: Path) -> Iterator[tuple[str, str, str, Any]]:
    """Yield table, id, column and value of each cell."""
    for table in TABLES:
        for row in rows_of(path, table):
            for name, value in row.items():
                yield table, row["id"], name, value


def changed(value: Any) -> list[Any]:
    """Return other values for a cell."""
    others: list[Any] = [None, "", 7, "other", b"{}", "ses_2"]
    if isinstance(value, str) and value.startswith("{"):
        members = json.loads(value)
        others.append(json.dumps({**members, "type": "text", "cost": 3}))
        others.append(json.dumps({**members, "role": "user", "agent": "x"}))
    if isinstance(value, int):
        others.append(value + 1)
    return [other for other in others if (type(other), other) != (type(value), value)]


@pytest.mark.parametrize("table", TABLES)
def test_every_cell_of_a_store(tmp_path: Path, table: str) -> None:
    """Whatever changes an event of a session changes its digest; nothing else does.

    Every cell of a store takes some six other values, one at a time. A value with
    which no scan is possible shows nothing.
    """
    path = build(tmp_path / "s.db", *FAMILY)
    image = path.read_bytes()
    old, before = look(path), related(path)
    differ = set()
    for where, row, column, value in list(cells_of(path)):
        for other in changed(value) if where == table else ():
            path.write_bytes(image)
            sql = f"UPDATE {table} SET {column} = ? WHERE id = ?"
            try:
                run(path, sql, other, row)
                new = look(path)
            except apsw.ConstraintError:
                continue
            hold(old, new, before, related(path))
            assert new.digests == evidence(path)
            if old.digests != new.digests:
                differ.add((table, column))
    assert not differ & SILENT
    expected = {(t, c) for t, _, c, _ in cells_of(path) if t == table} - SILENT
    assert expected == differ


STORES = st.sampled_from([n for n in NAMES if n != "more_sessions_than_a_page"])
VALUES = st.one_of(
    st.none(),
    st.integers(-5, 9_000_000_000_000),
    st.sampled_from(["", " ", "x", "{}", "null", '{"type":"step-start"}', 1.5, b"{}"]),
    st.sampled_from(['{"role":"assistant"}', '{"role":"user"}', "agent-switched"]),
)


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(name=STORES, data=st.data())
def test_any_cell_of_any_scenario(
    tmp_path: Path, name: str, data: st.DataObject
) -> None:
    """The same holds for cells of all scenarios, with values of other cells too."""
    path = tmp_path / "s.db"
    path.unlink(missing_ok=True)
    script = (SCENARIOS / name / "fixture.sql").read_text(encoding="utf-8")
    run(path, f"{script};PRAGMA journal_mode = delete")
    cells = list(cells_of(path))
    assume(cells)
    table, row, column, value = data.draw(st.sampled_from(cells))
    twins = [cell[3] for cell in cells if (cell[0], cell[2]) == (table, column)]
    other = data.draw(VALUES | st.sampled_from(twins))
    assume((type(other), other) != (type(value), value))
    old, before = look(path), related(path)
    try:
        run(path, f"UPDATE {table} SET {column} = ? WHERE id = ?", other, row)
        new = look(path)
    except apsw.ConstraintError:
        assume(False)

    hold(old, new, before, related(path))
    assert new.digests == evidence(path)


@pytest.mark.parametrize(
    ("sql", "sessions"),
    [
        ("DELETE FROM part WHERE id = 'prt_2'", {"ses_1"}),
        ("DELETE FROM message WHERE id = 'msg_4'", {"ses_4"}),
        ("DELETE FROM session_message WHERE id = 'evt_1'", {"ses_1"}),
        ("DELETE FROM session_input", {"ses_1"}),
        ("DELETE FROM session WHERE id = 'ses_2'", {"ses_2", "ses_3"}),
        ("UPDATE part SET session_id = 'ses_1' WHERE id = 'prt_6'", {"ses_1", "ses_4"}),
        ("UPDATE session SET parent_id = NULL WHERE id = 'ses_2'", {"ses_2", "ses_3"}),
        ("UPDATE session SET time_updated = time_updated + 1", set()),
        ("UPDATE session SET cost = 9, tokens_output = 3", set()),
        ("UPDATE part SET time_updated = 1", set()),
        ("UPDATE session SET parent_id = '', title = '' WHERE id = 'ses_1'", {"ses_1"}),
        ("UPDATE session SET slug = '', agent = '' WHERE id = 'ses_3'", set()),
        (
            "UPDATE session SET id = 'ses_gone' WHERE id = 'ses_2'",
            {"ses_2", "ses_3", "ses_4"},
        ),
    ],
)
def test_who_is_touched(family: Path, sql: str, sessions: set[str]) -> None:
    """A change touches the sessions whose rows or ancestors it is about, only them."""
    before = evidence(family)
    run(family, sql)
    after = evidence(family)

    assert sessions == {s for s in before if before[s] != after.get(s)}


def test_an_ancestor_counts_by_the_root_alone(family: Path) -> None:
    """A longer way to the same root changes no event, and no digest below."""
    before = look(family)
    with closing(apsw.Connection(str(family))) as connection:
        insert(connection, ("session", {"id": "ses_9", "parent_id": "ses_1"}))
        list(
            connection.execute(
                "UPDATE session SET parent_id = 'ses_9' WHERE id='ses_2'"
            )
        )
    after = look(family)

    assert before.events["ses_3"] == after.events["ses_3"]
    assert before.digests["ses_3"] == after.digests["ses_3"]
    assert before.digests["ses_2"] != after.digests["ses_2"]


def test_equal_stores_at_other_places_have_equal_digests(tmp_path: Path) -> None:
    """A store that was moved or written anew holds the same sessions."""
    (tmp_path / "other").mkdir()
    one = build(tmp_path / "s.db", *FAMILY)
    other = build(tmp_path / "other" / "t.db", *reversed(FAMILY))

    assert evidence(one) == evidence(other)


def test_text_that_moves_to_the_next_cell_or_row_shows(family: Path) -> None:
    """Cells are told apart by more than their order."""
    seen = []
    for title, version in (("ab", "c"), ("a", "bc"), ("abc", ""), ("", "abc")):
        run(family, "UPDATE session SET title = ?, version = ?", title, version)
        seen.append(evidence(family)["ses_4"])

    assert 4 == len(set(seen))


def test_a_digest_is_stable(tmp_path: Path) -> None:
    """Archives hold digests: another form needs another data_version."""
    path = build(tmp_path / "s.db", *FAMILY)

    assert 1 == OpencodeAdapter.data_version
    assert DIGEST == evidence(path)["ses_1"]


DIGEST = "d5874082abf417a3a03edb14e64411dac558f9d7cb433293a2996eb39edbd333"


# --- compaction -----------------------------------------------------------------------------


def test_a_session_being_compacted_has_one_digest(family: Path) -> None:
    """It has no events, whatever is written to it meanwhile; its end shows."""
    open_ = look(family)
    run(family, "UPDATE session SET time_compacting = 5 WHERE id = 'ses_1'")
    compacting = look(family)
    run(family, "DELETE FROM part; UPDATE session SET title = 'x', time_compacting = 6")
    later = evidence(family)

    assert "ses_1" not in compacting.events
    assert compacting.digests == evidence(family) | {
        s: compacting.digests[s] for s in ("ses_2", "ses_3", "ses_4")
    }
    assert open_.digests["ses_1"] != compacting.digests["ses_1"] == later["ses_1"]


# --- snapshots ------------------------------------------------------------------------------


@pytest.fixture
def interfere(
    family: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str, str], list[str]]]:
    """Return a function that has a writer commit whenever a statement begins."""
    writer = apsw.Connection(str(family))
    writer.pragma("journal_mode", "wal")

    def interfere(part: str, sql: str) -> list[str]:
        done: list[str] = []

        def register(connection: apsw.Connection) -> None:
            def trace(event: dict[str, Any]) -> None:
                if part in event["sql"]:
                    done.append(event["sql"])
                    list(writer.execute(sql))

            connection.trace_v2(apsw.SQLITE_TRACE_STMT, trace)

        monkeypatch.setattr(apsw, "connection_hooks", [register])
        return done

    with closing(writer):
        yield interfere


EVERYTHING = (
    "UPDATE message SET data = data || ' '; UPDATE part SET data = data || ' ';"
    "UPDATE session SET title = title || 'x', parent_id = NULL"
)


def test_evidence_is_one_snapshot(
    family: Path, interfere: Callable[[str, str], list[str]]
) -> None:
    """A writer that commits between two statements is not seen, in no session."""
    expected = evidence(family)
    done = interfere("session_id = CAST", EVERYTHING)
    actual = evidence(family)

    assert 16 == len(done)
    assert expected == actual


def test_a_session_is_parsed_from_what_its_digest_is_of(
    family: Path, interfere: Callable[[str, str], list[str]]
) -> None:
    """Digest and events of a session are of one state, also beside a writer."""
    run(family, "DELETE FROM session WHERE id <> 'ses_1'")
    expected = look(family)
    done = interfere("session_id = CAST", EVERYTHING)
    actual = look(family)

    assert 4 == len(done)
    assert expected.digests == {"ses_1": actual.digests["ses_1"]}
    assert expected.events["ses_1"] == actual.events["ses_1"]
    assert expected.digests != evidence(family)


# --- inventory ------------------------------------------------------------------------------


def test_the_inventory_is_one_statement(
    family: Path, interfere: Callable[[str, str], list[str]]
) -> None:
    """One pass over the sessions, and no look at any other table."""
    of_sessions = interfere(" FROM session ", "SELECT 1")
    listed = sessions(family)
    others = [interfere(f"FROM {table} ", "SELECT 1") for table in TABLES[1:]]
    sessions(family)

    assert ["ses_1", "ses_2", "ses_3", "ses_4"] == [info.session for info in listed]
    assert 1 == len(of_sessions)
    assert [[]] * 4 == others


@pytest.mark.parametrize(
    ("updated", "expected"),
    [(1234, 1_234_000_000), ("5", 5_000_000), (0, None), (-1, None), ("x", None)],
)
def test_the_inventory_knows_times_of_change(
    tmp_path: Path, updated: Any, expected: int | None
) -> None:
    """Milliseconds become nanoseconds; what is no time is unknown."""
    path = build(tmp_path / "s.db", ("session", {"time_updated": updated}))

    assert [SessionInfo("ses_1", expected)] == sessions(path)


def test_ids_that_no_scan_finds_are_left_out(tmp_path: Path) -> None:
    """A blank id and an id that is a BLOB name no session."""
    rows: list[Insert] = [("session", {"id": id_}) for id_ in (" ", b"ses_2", "ses_1")]
    path = build(tmp_path / "s.db", *rows)

    assert (
        ["ses_1"] == [info.session for info in sessions(path)] == list(evidence(path))
    )


def test_ids_that_are_numbers_are_text(tmp_path: Path) -> None:
    """Where the column has no type, an id is its decimal digits, as in events."""
    ddl = DDL.replace("CREATE TABLE session (id TEXT", "CREATE TABLE session (id")
    path = build(tmp_path / "s.db", ("session", {"id": "7"}), ddl=ddl)
    seen = look(path)

    assert ["7"] == list(seen.events) == list(seen.digests) == list(evidence(path))


def test_an_id_that_is_no_clean_text_has_no_evidence(tmp_path: Path) -> None:
    """Two such ids may be one in events, so that none of them can be proved."""
    path = build(tmp_path / "s.db", ("session", {}))
    for byte in ("fe", "ff"):
        run(
            path,
            "INSERT INTO session (id, time_created, time_updated)"
            f" VALUES (CAST(x'61{byte}' AS TEXT), 1, 1)",
        )
    seen = look(path)

    assert {"ses_1", "a\ufffd"} == set(seen.events)
    assert ["ses_1"] == list(seen.digests) == list(evidence(path))


# --- errors ---------------------------------------------------------------------------------


def test_a_store_that_cannot_be_read_is_a_typed_error(tmp_path: Path) -> None:
    """Both say what a scan would say."""
    (tmp_path / "text").write_text("no database" * 100)
    empty = build(tmp_path / "empty.db", ddl="CREATE TABLE t (x)")
    for ask in (evidence, sessions):
        with pytest.raises(StoreOpenError, match="PD422"):
            ask(tmp_path / "gone.db")
        with pytest.raises(StoreOpenError, match="PD422"):
            ask(tmp_path / "text")
        with pytest.raises(SchemaError, match="PD421"):
            ask(empty)


def test_nothing_is_left_open(family: Path) -> None:
    """Neither after an answer nor after an error."""
    evidence(family)
    sessions(family)
    run(family, "DROP TABLE part")
    with pytest.raises(SchemaError, match="PD421"):
        evidence(family)

    names = [connection.filename for connection in apsw.connections()]
    assert str(family) not in names

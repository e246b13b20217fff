"""The live reader by itself: laws without writers, a trace, other files, cursors."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from opencode_live_stores import NAMES, live_rig
from opencode_stores import Insert, build, insert, scan_all

from pytest_parsediff.adapters.opencode import OpencodeAdapter
from pytest_parsediff.adapters.opencode.reader import OpencodeReader
from pytest_parsediff.core.event import Checkpoint, Emission, Event, Notice, Source
from pytest_parsediff.interleave.plan import Plan
from pytest_parsediff.interleave.writers.connection import Statement
from pytest_parsediff.interleave.writers.traces import parse_trace, read_tables
from pytest_parsediff.laws.explore import Explorer
from pytest_parsediff.laws.law import Law
from pytest_parsediff.laws.static import STATIC

TRACE = Path(__file__).with_name("opencode_trace.jsonl")


class Consumer:
    """Polls one store, and holds what a consumer would hold."""

    def __init__(self, path: Path) -> None:
        self.now = 0.0
        self.path = path
        self.cursor: str | None = None
        self.held: dict[str, list[Event]] = {}
        self.notices: list[str] = []
        self.reader = self.new_reader()

    def new_reader(self) -> OpencodeReader:
        """Return a reader by the clock of this consumer."""
        return OpencodeReader(Source(self.path, self.path.parent), lambda: self.now)

    def poll(self) -> int:
        """Take one poll; return how many events it emitted."""
        found: dict[str, list[Event]] = {}
        self.notices.clear()
        for emission in self.reader.scan(self.cursor):
            if isinstance(emission, Checkpoint):
                self.cursor = emission.cursor
            elif isinstance(emission, Notice):
                self.notices.append(emission.code)
            elif isinstance(emission, dict):
                found.setdefault(session_of(emission), []).append(emission)
        for session, events in found.items():
            self.held.pop(session, None)
            if events[-1]["kind"] != "session_removed":
                self.held[session] = events
        return sum(map(len, found.values()))


def session_of(event: Event) -> str:
    """Return the session that *event* is about."""
    payload = event["payload"]
    return str(payload.get("SessionNativeID") or payload["NativeID"])


def cold(path: Path) -> dict[str, list[Event]]:
    """Return what a full scan finds, by session."""
    found: dict[str, list[Event]] = {}
    for emission in scan_all(path):
        if isinstance(emission, dict):
            found.setdefault(session_of(emission), []).append(emission)
    return found


@pytest.fixture
def consumer(tmp_path: Path) -> Iterator[Consumer]:
    """Return a consumer of a store with two sessions, which it has read."""
    rows: tuple[Insert, ...] = (
        ("session", {}),
        ("session", {"id": "ses_2"}),
        ("message", {}),
        ("part", {}),
    )
    consumer = Consumer(build(tmp_path / "s.db", *rows))
    consumer.poll()
    with closing(consumer.reader):
        yield consumer


def write(path: Path, sql: str) -> None:
    """Run *sql* on another connection."""
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute(sql).fetchall()


@pytest.mark.parametrize("law", [law for law in STATIC if law is not Law.GATE_SOUND])
@pytest.mark.parametrize("name", NAMES)
def test_laws_without_writers(tmp_path: Path, name: str, law: Law) -> None:
    """Each holds on the quiet store of each scenario."""
    assert STATIC[law](live_rig(name, tmp_path)) is None


def test_gaps_inside_a_poll_with_something_to_do_are_tried(tmp_path: Path) -> None:
    """They are measured when all is new to each poll in turn, not only to the first."""
    rig = live_rig("rename_without_bump", tmp_path)
    idle = rig.run(Plan((), None, 2)).gaps[1]

    assert Explorer(rig=rig, laws=()).quiet().shape.gaps[1] > idle + 2


def test_a_trace_is_followed_commit_by_commit(tmp_path: Path) -> None:
    """After every commit of a recorded trace the consumer holds what a scan finds."""
    path = build(tmp_path / "s.db")
    consumer = Consumer(path)
    consumer.poll()
    tables = read_tables(path.read_bytes())
    steps = parse_trace(TRACE.read_bytes(), TRACE, tables)
    with closing(consumer.reader), closing(apsw.Connection(str(path))) as writer:
        for step in steps:
            run(writer, step.statements)
            consumer.poll()
            assert cold(path) == consumer.held, step.label
    assert len(steps) > 8


def run(writer: apsw.Connection, statements: tuple[Statement, ...]) -> None:
    """Execute one step."""
    for statement in statements:
        writer.execute(statement.sql, statement.values).fetchall()


def test_an_idle_poll_takes_one_statement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, consumer: Consumer
) -> None:
    """It asks for the counter of commits, and for nothing else."""
    seen: list[str] = []
    connection = consumer.reader._handle.connection
    connection.trace_v2(apsw.SQLITE_TRACE_STMT, lambda event: seen.append(event["sql"]))

    assert 0 == consumer.poll() == consumer.poll()

    assert ["PRAGMA data_version"] * 2 == seen


def test_a_replaced_file_is_opened_anew(consumer: Consumer) -> None:
    """What the new file lacks is taken back; what is equal in it is not told again."""
    other = consumer.path.with_name("other.db")
    write(consumer.path, f"VACUUM INTO '{other}'")
    write(other, "DELETE FROM session WHERE id = 'ses_2'")
    os.replace(other, consumer.path)

    assert 1 == consumer.poll()

    assert ["store-replaced"] == consumer.notices
    assert ["ses_1"] == [*consumer.held]
    assert cold(consumer.path) == consumer.held


def test_what_only_a_verification_finds_waits_for_it(consumer: Consumer) -> None:
    """A deleted part is found a minute after the last comparison of all, not before."""
    write(consumer.path, "UPDATE message SET time_updated = 90000000")
    consumer.poll()
    write(consumer.path, "INSERT INTO message VALUES ('m', 'ses_2', 1, 1, '{}')")
    consumer.poll()
    write(
        consumer.path, "UPDATE message SET data = 'x', time_updated = 2 WHERE id = 'm'"
    )

    consumer.now = 59.0
    assert 0 == consumer.poll()
    consumer.now = 60.0
    assert consumer.poll() > 0
    assert cold(consumer.path) == consumer.held
    assert 0 == consumer.poll()


def test_a_new_reader_compares_everything(consumer: Consumer) -> None:
    """What happened while nobody read is found from the cursor alone."""
    write(consumer.path, "DELETE FROM part")
    consumer.reader.close()
    consumer.reader = consumer.new_reader()

    assert consumer.poll() > 0

    assert cold(consumer.path) == consumer.held


def test_an_equal_store_elsewhere_is_read_again(consumer: Consumer) -> None:
    """Events hold the path, so the cursor of one path is of no use at another."""
    other = consumer.path.with_name("other.db")
    write(consumer.path, f"VACUUM INTO '{other}'")
    assert consumer.cursor is not None

    first, *rest = OpencodeAdapter().scan(Source(other, other.parent), consumer.cursor)

    assert isinstance(first, Notice)
    assert "cursor-foreign" == first.code
    assert list(scan_all(other)) == rest


def test_a_poll_that_fails_can_be_repeated(consumer: Consumer) -> None:
    """Nothing counts as told before its checkpoint was taken."""
    write(consumer.path, "UPDATE session SET title = 'new'")
    emissions: Iterator[Emission] = consumer.reader.scan(consumer.cursor)
    while not isinstance(next(emissions), dict):
        pass
    del emissions

    assert consumer.poll() > 0

    assert cold(consumer.path) == consumer.held


def test_a_row_without_owner_is_an_error_until_it_has_one(consumer: Consumer) -> None:
    """The poll fails as a scan does, and goes on when the row is right."""
    with closing(apsw.Connection(str(consumer.path))) as writer:
        insert(writer, ("part", {"id": "prt_2", "session_id": None}))
        with pytest.raises(Exception, match="PD423"):
            consumer.poll()
        writer.execute("UPDATE part SET session_id = 'ses_2'").fetchall()

    consumer.poll()

    assert cold(consumer.path) == consumer.held

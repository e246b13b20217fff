"""The live reader by itself: laws without writers, a trace, other files, cursors."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest
from opencode_consumer import Consumer, cold, session_of
from opencode_live_stores import NAMES, live_rig
from opencode_stores import DDL, Insert, build, insert, scan_all

from pytest_parsediff.adapters.opencode import OpencodeAdapter, reader
from pytest_parsediff.adapters.opencode.cursor import Known
from pytest_parsediff.core.event import Checkpoint, Emission, Notice, Source
from pytest_parsediff.interleave.plan import Plan
from pytest_parsediff.laws.explore import Explorer
from pytest_parsediff.laws.law import Law
from pytest_parsediff.laws.static import STATIC


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


def kinds_of(consumer: Consumer) -> list[str]:
    """Return the kinds of the events of one poll."""
    return [one["kind"] for one in consumer.polling() if isinstance(one, dict)]


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


def test_an_idle_poll_takes_one_statement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, consumer: Consumer
) -> None:
    """It asks for the counter of commits, and for nothing else."""
    seen: list[str] = []
    connection = consumer.reader._handle.connection
    connection.trace_v2(apsw.SQLITE_TRACE_STMT, lambda event: seen.append(event["sql"]))

    assert 0 == consumer.poll() == consumer.poll()

    assert ["PRAGMA data_version"] * 2 == seen


def test_an_idle_poll_looks_at_no_session(
    monkeypatch: pytest.MonkeyPatch, consumer: Consumer
) -> None:
    """What it costs does not grow with what the cursor holds either."""
    with monkeypatch.context() as patch:
        patch.setattr(Known, "copy", None)
        patch.setattr(Known, "is_settled", property(lambda _: pytest.fail("looked")))
        assert 0 == consumer.poll()
    write(consumer.path, "UPDATE session SET title = 'new'")

    assert consumer.poll() > 0


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


#: What opencode does with each change of a session.
COUNTED = "; UPDATE event_sequence SET seq = seq + 1 WHERE aggregate_id = 'ses_2'"
COUNTED_TITLE = f"; UPDATE session SET title = {{}} WHERE id = 'ses_2'{COUNTED}"
#: What somebody else does with one.
HIDDEN = (
    "UPDATE message SET data = json_object('role', 'assistant', 'modelID', 'm{}')"
    " WHERE id = 'msg_1'"
)
LOG = """
CREATE TABLE event_sequence (aggregate_id TEXT PRIMARY KEY, seq INTEGER);
CREATE TABLE event (id TEXT);
CREATE TABLE project (id TEXT);
INSERT INTO event VALUES ('evt_1');
INSERT INTO event_sequence VALUES ('ses_1', 0), ('ses_2', 0);
"""


@pytest.fixture
def logged(tmp_path: Path) -> Iterator[Consumer]:
    """Return a consumer of a store with an event log, whose positions are the latest."""
    rows: tuple[Insert, ...] = (
        ("session", {}),
        ("session", {"id": "ses_2"}),
        ("message", {}),
        ("part", {}),
        ("part", {"id": "prt_2"}),
        ("message", {"id": "msg_2", "session_id": "ses_2", "time_updated": 90_000_000}),
        ("part", {"id": "prt_3", "session_id": "ses_2", "time_updated": 90_000_000}),
    )
    consumer = Consumer(build(tmp_path / "s.db", *rows, ddl=DDL + LOG))
    consumer.poll()
    with closing(consumer.reader):
        yield consumer


def seconds_until_seen(consumer: Consumer, sql: str) -> float:
    """Return how long what *sql* changes stays unseen, in steps of a minute."""
    began = consumer.now
    write(consumer.path, sql)
    while not consumer.poll():
        consumer.now += 60.0
        assert consumer.now < began + 7200.0, "it is never seen"
    assert cold(consumer.path) == consumer.held
    return consumer.now - began


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM part WHERE id = 'prt_1'",
        "DELETE FROM part WHERE id = 'prt_2'",
        "UPDATE part SET data = 'x' WHERE id = 'prt_1'",
        "UPDATE message SET data = 'x' WHERE id = 'msg_1'",
    ],
)
def test_what_the_event_log_does_not_tell_is_found_in_a_minute(
    logged: Consumer, sql: str
) -> None:
    """A commit by which no number moves is one of somebody else: a person, or 1.15."""
    assert 60.0 == seconds_until_seen(logged, sql)


def test_whoever_writes_past_the_event_log_does_it_again(logged: Consumer) -> None:
    """For half an hour each commit may hide one of his, even where numbers move."""
    assert 60.0 == seconds_until_seen(logged, HIDDEN.format(0))
    for number in range(28):
        logged.now += 60.0
        write(logged.path, COUNTED_TITLE.format(number))
        assert ["ses_2"] == sorted(
            {session_of(one) for one in logged.polling() if isinstance(one, dict)}
        )
    write(logged.path, HIDDEN.format(99) + COUNTED_TITLE.format(99))
    logged.poll()
    assert cold(logged.path) != logged.held

    logged.now += 60.0
    assert logged.poll() > 0
    assert cold(logged.path) == logged.held


def test_an_event_log_is_believed_again(logged: Consumer) -> None:
    """Half an hour after somebody wrote past it, if all is as it says by then."""
    seconds_until_seen(logged, HIDDEN.format(0))
    logged.now += 1800.0
    write(logged.path, COUNTED_TITLE.format(1))
    assert logged.poll() > 0

    write(logged.path, HIDDEN.format(2) + COUNTED_TITLE.format(2))
    assert logged.poll() > 0
    logged.now += 1740.0
    assert 0 == logged.poll()
    logged.now += 60.0
    assert logged.poll() > 0
    assert cold(logged.path) == logged.held


def test_what_is_no_session_leaves_the_event_log_believed(logged: Consumer) -> None:
    """After such a commit all is compared once, a minute after the last time."""
    logged.now = 60.0
    write(logged.path, "INSERT INTO project VALUES ('a')")
    assert 0 == logged.poll()
    write(logged.path, HIDDEN.format(1) + COUNTED)
    logged.now = 1800.0
    assert 0 == logged.poll()
    logged.now = 1860.0

    assert logged.poll() > 0


def test_a_session_that_loses_events_is_taken_back_first(consumer: Consumer) -> None:
    """One that grows is not, once the reader has told of it."""
    first = (
        "INSERT INTO message VALUES ('m_a', 'ses_2', 1, 1, '{\"role\": \"assistant\"}')"
    )
    write(consumer.path, first)
    assert ["session_removed", "session_started"] == kinds_of(consumer)[:2]

    write(consumer.path, first.replace("m_a", "m_b"))
    assert "session_started" == kinds_of(consumer)[0]

    write(consumer.path, "DELETE FROM message WHERE id = 'm_b'")
    consumer.now = 60.0
    assert ["session_removed", "session_started"] == kinds_of(consumer)[:2]


def test_a_new_session_is_not_taken_back(consumer: Consumer) -> None:
    """The consumer holds nothing of it."""
    write(consumer.path, "INSERT INTO session (id, time_updated) VALUES ('ses_0', 1)")

    assert "session_removed" not in kinds_of(consumer)


@pytest.mark.parametrize("is_left", [True, False])
def test_nobody_knows_what_a_poll_that_was_left_has_told(
    consumer: Consumer, is_left: bool
) -> None:
    """The consumer took some events of a session; the reader cannot tell which."""
    grow = (
        "INSERT INTO message VALUES ('m_{}', 'ses_2', 1, 1, '{{\"role\": \"user\"}}')"
    )
    write(consumer.path, grow.format(1))
    consumer.poll()
    write(consumer.path, grow.format(2))
    polling = consumer.polling()
    emitted = [next(polling) for _ in range(2)]
    assert isinstance(emitted[0], Checkpoint)
    if is_left:
        polling.close()
    else:
        assert list(polling)
    write(consumer.path, grow.format(3))

    assert is_left == ("session_removed" in kinds_of(consumer))


def test_a_new_reader_compares_everything(consumer: Consumer) -> None:
    """What happened while nobody read is found from the cursor alone."""
    write(consumer.path, "DELETE FROM part")
    consumer.reader.close()
    consumer.reader = consumer.new_reader()

    assert consumer.poll() > 0

    assert cold(consumer.path) == consumer.held


def test_a_long_scan_that_was_killed_goes_on(tmp_path: Path) -> None:
    """Each 500 sessions there is a checkpoint, and nothing before it comes again."""
    path = long_store(tmp_path / "s.db", 1)
    each = "WITH RECURSIVE n (i) AS (SELECT 3 UNION SELECT i + 1 FROM n WHERE i < 1100)"
    columns = "(id, time_created, time_updated)"
    write(path, f"{each} INSERT INTO session {columns} SELECT 's' || i, i, i FROM n")
    whole = [*scan_all(path)]
    places = [i for i, one in enumerate(whole) if isinstance(one, Checkpoint)]
    assert 3 == len(places)
    assert len(whole) - 1 == places[-1]
    for place, told in zip(places, (500, 1000, 1100), strict=True):
        first = whole[place]
        assert isinstance(first, Checkpoint)
        consumer = Consumer(path)
        consumer.cursor = first.cursor
        with closing(consumer.reader):
            consumer.poll()
        assert [] == consumer.notices
        assert 1100 - told == len(consumer.held)
        before = {session_of(one) for one in whole[:place] if isinstance(one, dict)}
        assert not before & {*consumer.held}


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
    """It is told once, hides nothing, and is read when it is right."""
    with closing(apsw.Connection(str(consumer.path))) as writer:
        insert(writer, ("part", {"id": "prt_2", "session_id": None}))
        insert(writer, ("session", {"id": "ses_3"}))
        assert consumer.poll() > 0
        assert ["session-error"] == consumer.notices
        assert cold(consumer.path) == consumer.held
        writer.execute("UPDATE session SET title = 'x'").fetchall()
        assert consumer.poll() > 0
        assert [] == consumer.notices
        writer.execute("UPDATE part SET session_id = 'ses_2'").fetchall()

    assert consumer.poll() > 0

    assert [] == consumer.notices
    assert cold(consumer.path) == consumer.held


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE part SET session_id = NULL",
        "UPDATE message SET time_updated = 'soon'",
        "UPDATE session SET time_updated = NULL WHERE id = 'ses_2'",
        "INSERT INTO session_message VALUES ('e', 'ses_1', 'agent-switched', 0, 1, 1, '{')",
        "INSERT INTO session_message VALUES ('e', NULL, 'agent-switched', 0, 1, 1, '{}')",
    ],
)
def test_a_new_reader_tells_of_errors_again(consumer: Consumer, sql: str) -> None:
    """What is wrong is not forgotten with the reader, though no event comes again."""
    write(consumer.path, sql)
    consumer.now = 60.0
    consumer.poll()
    assert ["session-error"] == consumer.notices
    assert cold(consumer.path) == consumer.held
    for _ in range(2):
        consumer.reader.close()
        consumer.reader = consumer.new_reader()

        assert 0 == consumer.poll()

        assert ["session-error"] == consumer.notices
    assert 0 == consumer.poll()
    assert [] == consumer.notices


def test_two_errors_of_one_session_are_both_told_again(consumer: Consumer) -> None:
    """That one of them is found elsewhere does not hide the other one."""
    bad = "('e', 'ses_1', 'agent-switched', 0, 1, 1, '{')"
    write(consumer.path, f"INSERT INTO session_message VALUES {bad}")
    write(consumer.path, "UPDATE part SET time_updated = 'soon'")
    for expected in (2, 2):
        consumer.now += 60.0
        consumer.poll()
        assert ["session-error"] * expected == consumer.notices
        consumer.reader.close()
        consumer.reader = consumer.new_reader()


def test_an_error_that_is_found_twice_is_told_once(consumer: Consumer) -> None:
    """A row that is new, and bad, is found by its rowid and by what it lacks."""
    consumer.reader.close()
    consumer.reader = consumer.new_reader()
    with closing(apsw.Connection(str(consumer.path))) as writer:
        insert(writer, ("part", {"id": "prt_2", "time_updated": None}))

    consumer.poll()

    assert ["session-error"] == consumer.notices


def test_a_reader_that_goes_on_tells_of_a_session_once(consumer: Consumer) -> None:
    """What is wrong with it is not told each time that it comes again."""
    write(consumer.path, "UPDATE session SET time_archived = 'x' WHERE id = 'ses_1'")
    consumer.reader.close()
    consumer.reader = consumer.new_reader()
    told = []
    for title in "ab":
        write(consumer.path, f"UPDATE session SET title = '{title}'")
        assert consumer.poll() > 0
        told += consumer.notices

    assert ["bad-cell"] == told


def test_a_switch_that_was_mended_is_read(consumer: Consumer) -> None:
    """The session comes again with it, and is no error for the next reader."""
    row = "('e', 'ses_1', 'agent-switched', 0, 1, 1, '{')"
    write(consumer.path, f"INSERT INTO session_message VALUES {row}")
    consumer.poll()
    write(consumer.path, "UPDATE session_message SET data = '{}', time_updated = 2")
    consumer.now = 60.0

    assert consumer.poll() > 0

    assert cold(consumer.path) == consumer.held
    consumer.reader.close()
    consumer.reader = consumer.new_reader()
    assert 0 == consumer.poll()
    assert [] == consumer.notices


# --- what it costs ----------------------------------------------------------------------


class Cost:
    """What SQLite does on every connection that is opened from now on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reset()
        hooks = [*apsw.connection_hooks, self._follow]
        monkeypatch.setattr(apsw, "connection_hooks", hooks)

    def reset(self) -> None:
        """Count from zero again."""
        self.steps = self.unindexed = self.pages = 0

    def _follow(self, connection: apsw.Connection) -> None:
        connection.trace_v2(apsw.SQLITE_TRACE_PROFILE, self._add)

    def _add(self, event: dict[str, Any]) -> None:
        status = event["stmt_status"]
        self.pages += "rowid > ?" in event["sql"]
        self.steps += status["SQLITE_STMTSTATUS_VM_STEP"]
        self.unindexed += status["SQLITE_STMTSTATUS_FULLSCAN_STEP"]


def long_store(path: Path, rows: int) -> Path:
    """Build a store of two sessions with *rows* messages and as many parts."""
    build(path, ("session", {}), ("session", {"id": "ses_2"}))
    each = (
        f"WITH RECURSIVE n (i) AS (SELECT 1 UNION SELECT i + 1 FROM n WHERE i < {rows})"
    )
    write(
        path,
        "CREATE INDEX m ON message (session_id); CREATE INDEX p ON part (session_id);"
        f"{each} INSERT INTO message SELECT 'm' || i, 'ses_1', i, -i, '{{}}' FROM n;"
        f"{each} INSERT INTO part SELECT 'p' || i, 'm' || i, 'ses_1', i, i, '{{}}' FROM n",
    )
    return path


@pytest.mark.parametrize("verb", ["scan", "skip"])
def test_a_cold_read_walks_each_table_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    """Eight times the rows take eight times the steps; none is scanned unindexed."""
    cost, steps = Cost(monkeypatch), list[int]()
    for rows in (4_000, 32_000):
        with closing(Consumer(long_store(tmp_path / f"{rows}.db", rows)).reader) as one:
            cost.reset()
            list(one.skip() if verb == "skip" else one.scan(None))
        assert cost.pages == 2 * (rows // 1000 + 1) + 1
        assert cost.unindexed <= 4  # the sessions, twice
        steps.append(cost.steps)
    assert steps[1] / steps[0] == pytest.approx(8, rel=0.1)


def test_a_poll_after_many_changes_walks_each_table_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many rows one commit touched, no table is walked page by page."""
    rows = 5_000
    cost = Cost(monkeypatch)
    consumer = Consumer(long_store(tmp_path / "s.db", rows))
    with closing(consumer.reader):
        consumer.poll()
        write(consumer.path, "UPDATE part SET time_updated = time_updated + 90000000")
        cost.reset()

        consumer.poll()

        assert cost.unindexed < 2 * rows + 100
    assert cold(consumer.path) == consumer.held


def test_skipping_finds_the_cursor_of_a_scan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is parsed, and what comes later is found all the same."""
    consumer = Consumer(long_store(tmp_path / "s.db", 50))
    write(consumer.path, "UPDATE session SET time_compacting = 1 WHERE id = 'ses_2'")
    *_, last = scan_all(consumer.path)
    with monkeypatch.context() as patch, closing(consumer.reader):
        patch.setattr(reader, "load_tree", None)
        *_, skipped = consumer.reader.skip()
        assert last == skipped
    assert isinstance(skipped, Checkpoint)
    consumer.cursor = skipped.cursor
    consumer.reader = consumer.new_reader()

    assert 0 == consumer.poll()

    write(consumer.path, "DELETE FROM part WHERE id = 'p7'")
    consumer.now = 60.0
    with closing(consumer.reader):
        consumer.poll()
    assert cold(consumer.path)["ses_1"] == consumer.held["ses_1"]

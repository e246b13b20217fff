"""Readers that are wrong in one thing each: every scenario finds those it is there for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import apsw
import pytest
from opencode_live_stores import NAMES, REPLACED, explore, live_rig

from pytest_parsediff.adapters.opencode import changes, handle, pages, poll, timers
from pytest_parsediff.adapters.opencode.changes import Glance, glance
from pytest_parsediff.adapters.opencode.connection import Row, fetch
from pytest_parsediff.adapters.opencode.cursor import Position
from pytest_parsediff.adapters.opencode.emit import REMOVED
from pytest_parsediff.adapters.opencode.handle import Handle
from pytest_parsediff.adapters.opencode.layout import Layout
from pytest_parsediff.adapters.opencode.poll import Poll
from pytest_parsediff.adapters.opencode.treerows import TreeRows
from pytest_parsediff.core.event import Emission
from pytest_parsediff.interleave.plan import Gap, Placed, Plan
from pytest_parsediff.laws.converges import check_converges, check_crash_safe
from pytest_parsediff.laws.idle import check_idle_cheap
from pytest_parsediff.laws.law import Law
from pytest_parsediff.laws.nopin import check_no_pin

Patch: TypeAlias = Callable[[pytest.MonkeyPatch], None]

MOST_PLANS = 300


def never_verifies(patch: pytest.MonkeyPatch) -> None:
    """It compares only what something points at."""
    patch.setattr(timers.Timers, "must_verify", False)


def leaves_the_boundary(patch: pytest.MonkeyPatch) -> None:
    """It asks for rows behind the last pair of time and id, and for no other."""
    never_verifies(patch)
    find = pages.Pages.from_position

    def behind(self: pages.Pages, position: Position) -> Iterator[list[bytes]]:
        pair = (position.max_time_updated, position.max_time_updated_id)
        for owners in find(self, position):
            end = self.position
            if (end.max_time_updated, end.max_time_updated_id) > pair:
                yield [] if end.max_time_updated_id == "prt_zzz2" else owners[-1:]

    patch.setattr(pages.Pages, "from_position", behind)


def watches_times_of_sessions(patch: pytest.MonkeyPatch) -> None:
    """It believes that a session that changes has a new time."""
    never_verifies(patch)
    patch.setattr(Poll, "find_inserted", lambda *_: ())
    patch.setattr(Poll, "find_updated", lambda *_: ())

    def times(connection: apsw.Connection, layout: Layout, path: Path) -> Glance:
        rows = fetch(connection, "SELECT id, time_updated FROM session ORDER BY 2, 1")
        signatures = {str(session): str(time) for session, time in rows}
        return replace(glance(connection, layout, path), rows=signatures, numbers={})

    patch.setattr(poll, "glance", times)


def expects_rising_ids(patch: pytest.MonkeyPatch) -> None:
    """It takes a session for new only if its id is above all others."""
    tell = Poll.tell

    def rising(self: Poll, names: Iterable[str]) -> Iterator[Emission]:
        known = self.known.digests
        top = max(known, default="")
        return tell(self, [name for name in names if name in known or name > top])

    patch.setattr(Poll, "tell", rising)


def forgets_what_is_gone(patch: pytest.MonkeyPatch) -> None:
    """It says nothing of a session that has no events any more."""
    emit = Poll.emit

    def silent(self: Poll, name: str, *, is_told: bool) -> Iterator[Emission]:
        for emission in emit(self, name, is_told=is_told):
            if not (isinstance(emission, dict) and emission["kind"] == REMOVED):
                yield emission

    patch.setattr(Poll, "emit", silent)


def ignores_roots(patch: pytest.MonkeyPatch) -> None:
    """It does not look at what stands above a session."""
    never_verifies(patch)
    patch.setattr(changes, "resolve_root", lambda *_: (b"", ""))


def checkpoints_first(patch: pytest.MonkeyPatch) -> None:
    """Its checkpoint covers what is emitted after it."""
    tell = Poll.tell

    def covered(self: Poll, names: Iterable[str]) -> Iterator[Emission]:
        emissions = [e for e in tell(self, names) if isinstance(e, dict)]
        if emissions:
            yield from self._checkpoint()
        yield from emissions

    patch.setattr(Poll, "tell", covered)


def announces_nothing(patch: pytest.MonkeyPatch) -> None:
    """No checkpoint says of which sessions it is about to tell."""
    tell = Poll.tell

    def plain(self: Poll, names: Iterable[str]) -> Iterator[Emission]:
        return (e for e in tell(self, names) if isinstance(e, dict))

    patch.setattr(Poll, "tell", plain)


def reads_in_two_transactions(patch: pytest.MonkeyPatch) -> None:
    """Parts and messages of a session come from two snapshots."""
    messages = TreeRows.messages

    def again(self: TreeRows) -> list[Row]:
        fetch(self._connection, "ROLLBACK")
        fetch(self._connection, "BEGIN")
        return messages(self)

    patch.setattr(TreeRows, "messages", again)


def checks_compaction_apart(patch: pytest.MonkeyPatch) -> None:
    """What belongs to a session is read after the snapshot that it was checked in."""
    is_compacting = TreeRows.is_compacting

    def apart(self: TreeRows, cells: dict[str, object]) -> bool:
        fetch(self._connection, "ROLLBACK")
        fetch(self._connection, "BEGIN")
        return is_compacting(self, cells)

    patch.setattr(TreeRows, "is_compacting", apart)


def keeps_the_first_schema(patch: pytest.MonkeyPatch) -> None:
    """It looks at the columns once."""
    number = handle._number

    def same(connection: apsw.Connection, sql: str) -> int:
        return 1 if "schema_version" in sql else number(connection, sql)

    patch.setattr(handle, "_number", same)


def looks_at_the_counter_too_late(patch: pytest.MonkeyPatch) -> None:
    """What is committed while a poll runs is behind the counter that it keeps."""
    never_verifies(patch)
    checkpoint = Poll._checkpoint

    def late(self: Poll) -> Iterator[Emission]:
        if self.before is not None:
            version = self.handle.data_version()
            self.before = replace(self.before, version=version)
        yield from checkpoint(self)

    patch.setattr(Poll, "_checkpoint", late)


def believes_the_log(patch: pytest.MonkeyPatch) -> None:
    """An event log that counts something counts everything."""
    patch.setattr(timers, "LOG_VERIFY_INTERVAL_S", float("inf"))
    patch.setattr(poll, "is_log_bypassed", lambda *_: False)
    patch.setattr(poll, "is_log_silent", lambda *_: False)


def keeps_the_first_file(patch: pytest.MonkeyPatch) -> None:
    """It never looks which file has the name now."""
    patch.setattr(handle, "_identify", lambda _: (0, 0))


def takes_a_new_file_for_the_old_one(patch: pytest.MonkeyPatch) -> None:
    """It opens the new file, and takes its counter of commits for that of the old one."""
    attach = Handle.attach

    def silent(self: Handle) -> bool:
        return attach(self) and False

    patch.setattr(Handle, "attach", silent)


WRONG: tuple[tuple[Patch, str, set[Law]], ...] = (
    (never_verifies, "committed_late_with_an_old_time", {Law.CONVERGES}),
    (never_verifies, "first_database_era", {Law.CONVERGES}),
    (never_verifies, "revert_deletes_messages", {Law.CONVERGES}),
    (never_verifies, "wal_is_emptied", {Law.CONVERGES}),
    (never_verifies, "journal_is_switched", {Law.CONVERGES}),
    (leaves_the_boundary, "same_millisecond_low_id", {Law.CONVERGES}),
    (leaves_the_boundary, "same_millisecond_and_insert", {Law.CONVERGES}),
    (
        watches_times_of_sessions,
        "usage_without_bump",
        {Law.CONVERGES, Law.CRASH_SAFE},
    ),
    (watches_times_of_sessions, "rename_without_bump", {Law.CONVERGES}),
    (watches_times_of_sessions, "archive_without_bump", {Law.CONVERGES}),
    (watches_times_of_sessions, "exclusive_lock_is_held", {Law.CONVERGES}),
    (watches_times_of_sessions, "event_log_counts_changes", {Law.CONVERGES}),
    (watches_times_of_sessions, "migration_empties_tables", {Law.CONVERGES}),
    (expects_rising_ids, "descending_session_ids", {Law.CONVERGES}),
    (expects_rising_ids, "fork_copies_rows", {Law.CONVERGES}),
    (forgets_what_is_gone, "session_deleted_by_cascade", {Law.CONVERGES}),
    (forgets_what_is_gone, "compaction_between_check_and_tree", {Law.CONVERGES}),
    (checks_compaction_apart, "compaction_between_check_and_tree", {Law.SNAPSHOT}),
    (ignores_roots, "child_before_parent", {Law.CONVERGES}),
    (checkpoints_first, "descending_session_ids", {Law.CRASH_SAFE}),
    (checkpoints_first, "usage_without_bump", {Law.CRASH_SAFE}),
    (reads_in_two_transactions, "event_log_counts_changes", {Law.SNAPSHOT}),
    (
        keeps_the_first_schema,
        "schema_changes_between_polls",
        {Law.SNAPSHOT, Law.CONVERGES},
    ),
    (believes_the_log, "event_log_is_bypassed", {Law.CONVERGES}),
    (keeps_the_first_file, REPLACED, {Law.CONVERGES, Law.WARM_COLD}),
    (takes_a_new_file_for_the_old_one, REPLACED, {Law.CONVERGES, Law.WARM_COLD}),
)


@pytest.mark.parametrize(
    ("break_it", "name", "laws"),
    [pytest.param(*one, id=f"{one[0].__name__}-{one[1]}") for one in WRONG],
)
def test_a_wrong_reader_is_found(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    break_it: Patch,
    name: str,
    laws: set[Law],
) -> None:
    """A named law is broken within 300 plans."""
    break_it(monkeypatch)

    finding = explore(live_rig(name, tmp_path), name, MOST_PLANS).finding

    assert finding is not None
    assert finding.violation.law in laws, finding.violation.message


@pytest.mark.parametrize("is_right", [True, False])
def test_a_session_that_comes_back_is_told_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_right: bool
) -> None:
    """A reader is killed when it has taken a session back, which is then as it was.

    Only the checkpoint before the tombstone tells the next reader that there was one.
    The law does not ask for that: consumers may undo what comes behind a checkpoint.
    """
    if not is_right:
        announces_nothing(monkeypatch)
    rig = live_rig("compaction_between_check_and_tree", tmp_path)
    quiet = rig.run(Plan((), None, 1)).emissions
    starts, ends = Placed(0, 0, 1, Gap(1, 0)), Placed(0, 1, 1, Gap(2, 0))

    run = rig.run(Plan((starts, ends), quiet + 1 + is_right, 2))
    told_again = [line for poll in run.polls[2:] for line in poll.lines]

    assert any(line.is_tombstone for line in run.polls[1].lines)
    assert check_crash_safe(run, rig.states, rig.subject) is None
    assert is_right == bool(told_again)


@pytest.mark.parametrize("is_right", [True, False])
def test_a_commit_inside_a_poll_is_found_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_right: bool
) -> None:
    """Wherever in a poll that has something to do somebody else commits."""
    if is_right:
        never_verifies(monkeypatch)
    else:
        looks_at_the_counter_too_late(monkeypatch)
    rig = live_rig("rename_without_bump", tmp_path)
    between = Placed(0, 0, 1, Gap(1, 0))
    violations = []
    for gap in range(1, 20):
        run = rig.run(Plan((between, Placed(1, 0, 1, Gap(1, gap))), None, 2))
        violations.append(check_converges(run, rig.states, rig.subject))

    assert is_right == (not any(violations))


def test_every_scenario_finds_some_wrong_reader() -> None:
    """None of them is there for nothing."""
    assert {*NAMES, REPLACED} == {name for _, name, _ in WRONG}


def test_emitting_in_a_transaction_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A snapshot that is left open keeps the WAL."""

    @contextmanager
    def open_end(connection: apsw.Connection) -> Iterator[None]:
        if connection.in_transaction:
            fetch(connection, "ROLLBACK")
        fetch(connection, "BEGIN DEFERRED")
        yield

    monkeypatch.setattr(handle, "read_transaction", open_end)
    monkeypatch.setattr(pages, "read_transaction", open_end)

    violation = check_no_pin(live_rig("rename_without_bump", tmp_path))

    assert violation is not None
    assert Law.NO_PIN is violation.law


def test_counting_rows_while_idle_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An idle poll that walks a table costs what the table has."""

    def count(self: Handle) -> int:
        fetch(self.connection, "SELECT sum(time_updated) FROM part")
        return -1

    monkeypatch.setattr(Handle, "data_version", count)

    violation = check_idle_cheap(live_rig("rename_without_bump", tmp_path))

    assert violation is not None
    assert Law.IDLE_CHEAP is violation.law

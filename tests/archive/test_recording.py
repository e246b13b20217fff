"""Recording as a surgical sync: scope, preflight, fences, marks, ledger, retry."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import apsw
import pytest
from staged_sources import (
    Staged,
    base_of,
    check_protocol,
    column,
    content,
    digest,
    execute,
    lines_of,
    parsed_session,
    plan_of,
    query,
    race,
    record,
    seen,
    staged,
    statuses,
)

from pytest_parsediff.archive.ledger import Ledger
from pytest_parsediff.archive.liveness import LEASE_MS, Process, is_dead, now_ms
from pytest_parsediff.archive.recording import Plan, Recording
from pytest_parsediff.archive.retry import find_retry
from pytest_parsediff.archive.runs import OPEN, Kind, RunState, Status
from pytest_parsediff.archive.trash import set_trashed
from pytest_parsediff.core.errors import (
    ArchiveMissingError,
    OptionError,
    PreflightError,
    RecordingAbortedError,
)
from pytest_parsediff.diff.observation import Observation
from pytest_parsediff.diff.records import Record


def files(path: Path) -> list[str]:
    """Return the names of all files beside the archive."""
    return sorted(one.name for one in path.parent.iterdir())


# --- a whole recording --------------------------------------------------------------------


def test_everything_that_was_parsed_is_stored(path: Path) -> None:
    """A first recording writes each session and leaves one file."""
    side = staged(f={"a": ["x", "y"], "b": ["z"]}, g={"c": []})

    run = record(path, side)

    assert RunState.OK is run.state
    assert {"ok": 3, "source_ok": 2} == run.counts
    assert ["x", "y"] == lines_of(path, "a")
    assert {"a": 2, "b": 1, "c": 0} == column(path, "record_count")
    assert {"a": "f", "b": "f", "c": "g"} == column(path, "source")
    assert ["archive.db"] == files(path)
    assert check_protocol(side) is side


def test_recording_the_same_again_changes_no_content(path: Path) -> None:
    """A second identical run keeps every row and every revision as it is."""
    record(path, staged(f={"a": ["x"]}))
    before = content(path)

    run = record(path, staged(f={"a": ["x"]}))

    assert before == content(path)
    assert {"unchanged": 1, "source_ok": 1} == run.counts


def test_a_new_observation_alone_does_not_look_like_a_rewrite(path: Path) -> None:
    """After a touch the watermark moves; revision and run of the content stay."""
    record(path, staged(f={"a": ["x"]}))
    touched = seen("x", mtime_ns=2_000)

    run = record(path, Staged().add("f", {"a": ["x"]}, before=touched, after=touched))

    assert {"a": 1} == column(path, "revision")
    assert {"a": 1} == column(path, "run_id")
    assert {"a": run.run_id} == column(path, "observed_run_id")
    assert {"a": 2_000} == column(path, "mtime_ns")
    assert {"unchanged": 1, "source_ok": 1} == run.counts


def test_a_full_recording_replaces_what_changed(path: Path) -> None:
    """Other records make a new revision, which is higher than any before."""
    record(path, staged(f={"a": ["x", "y"], "b": ["z"]}))
    highest = max(column(path, "revision").values())

    record(path, staged(f={"a": ["q"], "b": ["z"]}))

    assert ["q"] == lines_of(path, "a")
    assert column(path, "revision")["a"] > highest
    assert {"a": 2, "b": 1} == column(path, "run_id")


def test_ids_and_names_may_be_any_text(path: Path) -> None:
    """Lone surrogates, quotes and NUL-free oddities come back as they went in."""
    odd = "\ud800'\";--\u2028é"
    side = Staged().add(odd, {odd: ["x"]}, cursor=odd)

    record(path, side)
    run = record(path, side)

    assert {"unchanged": 1, "source_ok": 1} == run.counts


def test_a_session_of_many_records_is_streamed(path: Path) -> None:
    """Records are taken one by one, while the ones before are written already."""
    taken: list[int] = []

    class Long(Staged):
        def records(self, _session: Any, /) -> Any:
            for ordinal in range(5_000):
                taken.append(ordinal)
                yield Record(ordinal, "", b"x" * 1_000)

    side = Long().add("f", {"a": []}).change("a", record_count=5_000)
    assert isinstance(side, Long)
    record(path, side)

    assert list(range(5_000)) == taken
    assert [(5_000, 5_000_000)] == query(
        path, "SELECT count(*), sum(length(line)) FROM records"
    )


# --- A-I1, A-I2: preflight, then all or nothing ---------------------------------------------


def test_one_failing_source_aborts_all_without_a_content_write(path: Path) -> None:
    """PD507 names every failure, and what was stored before is untouched."""
    record(path, staged(f={"a": ["x"]}, g={"b": ["y"]}, h={"c": ["z"]}))
    before = content(path)
    side = staged(f={"a": ["new"]}, g={"b": ["new"]}, h={"c": ["new"]})

    with pytest.raises(PreflightError, match="PD507") as caught:
        record(path, side.fail("g").fail("h", code="PD402"))

    error = caught.value
    assert before == content(path)
    assert (2, 4, ["PD401", "PD402"]) == (
        error.run_id,
        error.total,
        [failure.code for failure in error.failures],
    )
    assert "one g: PD401: g is broken\none h: PD402: h is broken" == error.detail
    assert error.failures == pickle.loads(pickle.dumps(error)).failures
    assert {"f": "ok", "g": "failed", "h": "failed"} == statuses(path, 2, "source")
    assert {"a": "aborted"} == statuses(path, 2)


def test_a_source_that_was_planned_and_never_staged_fails(path: Path) -> None:
    """A worker that died leaves nothing behind, and that is not taken for success."""
    side = staged(f={"a": ["x"]})
    recording = Recording.begin(path, Plan(sources=[("one", "f"), ("one", "gone")]))

    with pytest.raises(PreflightError, match="PD507") as caught:
        recording.commit(side)

    assert "one gone: PD521: was not parsed" == caught.value.detail
    assert {} == column(path, "revision")


def test_two_sources_that_claim_one_session_fail(path: Path) -> None:
    """PD506 names both sources; nobody is guessed to be right."""
    with pytest.raises(PreflightError, match="PD507") as caught:
        record(path, staged(f={"a": ["x"]}, g={"a": ["y"]}))

    assert "one a: PD506: emitted by 'f' and by 'g'" == caught.value.detail


def test_one_session_of_two_adapters_is_two_sessions(path: Path) -> None:
    """Ids are unique per adapter only."""
    side = staged(f={"a": ["x"]}).add("f2", {"a": ["y"]}, adapter="two")

    assert {"ok": 2, "source_ok": 2} == record(path, side).counts


def test_a_session_that_could_not_be_parsed_fails_the_preflight(path: Path) -> None:
    """An error of one session is as good as one of its source."""
    with pytest.raises(PreflightError, match="PD507") as caught:
        record(path, staged(f={"a": ["x"], "b": []}).change("b", error="bad row"))

    assert "one b: PD515: bad row" == caught.value.detail


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_failure_after_the_preflight_rolls_back_all_content(
    path: Path, at: int
) -> None:
    """Whenever the staged side breaks while writing, content is as before."""
    record(path, staged(f={"a": ["x"], "b": ["y"]}))
    before = content(path)

    class Breaking(Staged):
        def records(self, session: Any, /) -> Any:
            for ordinal in range(3):
                if session.session == "b" and ordinal == at:
                    raise OSError("the disk is gone")
                yield Record(ordinal, "", b"new")

    side = Breaking().add("f", {"a": ["1", "2", "3"], "b": ["1", "2", "3"]})
    with pytest.raises(RecordingAbortedError, match=r"PD521.*the disk is gone"):
        record(path, side)

    assert before == content(path)
    assert [("aborted", "PD521", "the disk is gone")] == query(
        path, "SELECT state, code, message FROM sync_runs WHERE run_id = 2"
    )
    assert {"a": "aborted", "b": "aborted"} == statuses(path, 2)


def test_a_count_that_does_not_come_true_rolls_back(path: Path) -> None:
    """A stream that ends too early is no session."""
    side = staged(f={"a": ["x"]}).change("a", record_count=2)

    with pytest.raises(RecordingAbortedError, match=r"PD521.*expected 2 records"):
        record(path, side)

    assert {} == column(path, "revision")


def test_ctrl_c_while_writing_rolls_back_and_stays_ctrl_c(path: Path) -> None:
    """An interrupt is not turned into an error, and the ledger knows of it."""

    class Interrupted(Staged):
        def records(self, _session: Any, /) -> Any:
            yield Record(0, "", b"x")
            raise KeyboardInterrupt

    side = Interrupted().add("f", {"a": ["x"]})
    with pytest.raises(KeyboardInterrupt):
        record(path, side)

    assert {} == column(path, "revision")
    assert [("aborted", "KeyboardInterrupt")] == query(
        path, "SELECT state, message FROM sync_runs"
    )


def test_a_run_that_is_aborted_before_its_commit_has_nothing_open(path: Path) -> None:
    """Every pending entity of the run becomes aborted, with the reason."""
    recording = Recording.begin(path, plan_of(staged(f={}, g={})))

    recording.abort("interrupted")

    assert {"f": "aborted", "g": "aborted"} == statuses(path, 1, "source")
    assert [("interrupted",)] * 2 == query(
        path, "SELECT message FROM sync_run_entities"
    )
    with pytest.raises(RecordingAbortedError, match=r"PD521.*took it for dead"):
        recording.commit(staged(f={}, g={}))


def test_a_check_writes_to_the_ledger_alone(path: Path) -> None:
    """Preflight only: content is untouched, and the ledger has what was found."""
    record(path, staged(f={"a": ["x"]}))
    before = content(path)
    side = staged(f={"a": ["new"], "b": ["y"]})

    run = Recording.begin(path, plan_of(side)).check(side)

    assert before == content(path)
    assert RunState.CHECKED is run.state
    assert {"ok": 2, "source_ok": 1} == run.counts
    assert [("parse",)] * 3 == query(
        path, "SELECT stage FROM sync_run_entities WHERE run_id = 2"
    )


def test_a_check_fails_as_a_recording_would(path: Path) -> None:
    """Preflight only reports the same failures."""
    side = staged(f={"a": ["x"]}).fail("f")

    with pytest.raises(PreflightError, match="PD507"):
        Recording.begin(path, plan_of(side)).check(side)


# --- A-I3: never replace a fresher row --------------------------------------------------------


def test_a_session_that_another_run_wrote_meanwhile_is_skipped(path: Path) -> None:
    """Recorded between begin and commit: untouched, skipped_stale, the rest is written."""
    record(path, staged(f={"a": ["x"], "b": ["y"]}))
    other = staged(f={"a": ["theirs"]})

    run = race(
        path,
        staged(f={"a": ["ours"], "b": ["ours"]}),
        lambda: record(path, other, scope=frozenset("a")),
    )

    assert RunState.OK_WITH_SKIPPED is run.state
    assert {"ok": 1, "skipped_stale": 1, "source_ok": 1} == run.counts
    assert (["theirs"], ["ours"]) == (lines_of(path, "a"), lines_of(path, "b"))
    [(action, code, message)] = query(
        path,
        """SELECT action, code, message FROM sync_run_entities
           WHERE run_id = 2 AND name = 'a'""",
    )
    assert ("stale", "PD508") == (action, code)
    assert "written at revision" in message


def test_a_session_that_is_trashed_meanwhile_is_not_brought_back(path: Path) -> None:
    """Throwing away is a write like any other: the run that began before is stale."""
    record(path, staged(f={"a": ["x"]}))

    run = race(
        path,
        staged(f={"a": ["new"]}),
        lambda: set_trashed(path, "one", "a", is_trashed=True),
    )

    assert {"skipped_stale": 1, "source_ok": 1} == run.counts
    assert ({"a": 1}, ["x"]) == (column(path, "is_trashed"), lines_of(path, "a"))


def test_nobody_can_write_between_the_look_and_the_write(path: Path) -> None:
    """The write lock is held before the first row is looked at."""
    refused = []

    class Looking(Staged):
        def sources(self) -> Any:
            other = apsw.Connection(str(path))
            try:
                other.execute("BEGIN IMMEDIATE")
            except apsw.BusyError:
                refused.append(True)
            finally:
                other.close()
            yield from super().sources()

    record(path, Looking().add("f", {"a": ["x"]}))

    assert [True, True] == refused  # in the preflight, and in the write


def test_the_same_content_from_another_run_meanwhile_is_no_conflict(path: Path) -> None:
    """Two recordings of one state converge, whichever is first."""
    side = staged(f={"a": ["x"]})

    run = race(path, side, lambda: record(path, staged(f={"a": ["x"]})))

    assert RunState.OK is run.state
    assert {"unchanged": 1, "source_ok": 1} == run.counts
    assert {"a": 2} == column(path, "run_id")


def test_a_row_from_a_newer_state_of_the_source_is_kept(path: Path) -> None:
    """A source that was restored from a backup does not undo what is known."""
    newer = seen("newer", mtime_ns=5_000)
    record(path, Staged().add("f", {"a": ["newer"]}, before=newer, after=newer))

    run = record(path, staged(f={"a": ["older"]}))

    assert {"skipped_stale": 1, "source_ok": 1} == run.counts
    assert ["newer"] == lines_of(path, "a")
    assert {"a": 5_000} == column(path, "mtime_ns")


def test_a_foreign_write_that_touches_the_row_is_seen(path: Path) -> None:
    """The fence works for anybody who keeps the rule that writes raise revisions."""
    record(path, staged(f={"a": ["x"]}))

    run = race(
        path,
        staged(f={"a": ["ours"]}),
        lambda: execute(
            path,
            """BEGIN; UPDATE archive SET revision = revision + 1;
               UPDATE sessions SET revision = (SELECT revision FROM archive); COMMIT""",
        ),
    )

    assert {"skipped_stale": 1, "source_ok": 1} == run.counts


def test_a_row_that_is_deleted_by_hand_is_recorded_as_new(path: Path) -> None:
    """The tool itself deletes no session, so an absent row is nobody's decision.

    The records that were left behind do not come back with the number of the row.
    """
    record(path, staged(f={"a": ["x"]}))

    run = race(
        path, staged(f={"a": ["x"]}), lambda: execute(path, "DELETE FROM sessions")
    )

    assert {"ok": 1, "source_ok": 1} == run.counts
    assert ["x"] == lines_of(path, "a")


# --- sources that move, sessions that are not to be stored -------------------------------------


def test_a_source_that_moved_while_it_was_parsed_is_not_recorded(path: Path) -> None:
    """A torn parse never becomes what later parses are held against."""
    record(path, staged(f={"a": ["x"]}))
    before = content(path)
    side = Staged().add("f", {"a": ["xy"]}, after=seen("xyz")).add("g", {"b": ["y"]})

    run = record(path, side)

    assert {"ok": 1, "skipped_moved": 1, "source_ok": 2} == run.counts
    assert RunState.OK_WITH_SKIPPED is run.state
    assert before["records"] == content(path)["records"][:1]
    assert [("PD523",)] == query(
        path, "SELECT code FROM sync_run_entities WHERE status = 'skipped_moved'"
    )


def test_evidence_per_session_tells_who_moved_in_a_shared_database(path: Path) -> None:
    """Sessions whose own rows are unchanged are recorded, with their digest."""
    one, other = Observation(row_digest="1"), Observation(row_digest="2")
    side = Staged().add(
        "f", {"a": ["x"], "b": ["y"]}, before=Observation(), after=Observation()
    )
    side.observe("a", one, one).observe("b", one, other)

    run = record(path, side)

    assert {"ok": 1, "skipped_moved": 1, "source_ok": 1} == run.counts
    assert {"a": "1"} == column(path, "row_digest")


def test_a_source_without_any_evidence_is_recorded_as_looked_at(path: Path) -> None:
    """No watermark is not the same as nobody noted one."""
    side = Staged().add("f", {"a": ["x"]}, before=Observation(), after=Observation())

    record(path, side)

    assert {"a": 1} == column(path, "is_observed")


@pytest.mark.parametrize(
    ("changes", "status", "state"),
    [
        (
            {"needs_retry": "parent is missing"},
            "skipped_retry",
            RunState.OK_WITH_SKIPPED,
        ),
        ({"excluded": "no user message"}, "skipped_excluded", RunState.OK),
    ],
)
def test_sessions_that_the_parser_does_not_stand_for_are_left_out(
    path: Path, changes: dict[str, str], status: str, state: RunState
) -> None:
    """What the parser vetoes, or wants another pass for, is not stored."""
    run = record(path, staged(f={"a": ["x"], "b": ["y"]}).change("a", **changes))

    assert {"a": status, "b": "ok"} == statuses(path, run.run_id)
    assert state is run.state
    assert {"b": "f"} == column(path, "source")


def test_a_session_that_is_no_longer_emitted_stays_and_is_named(path: Path) -> None:
    """Deleting is a verb of its own: a parser that loses a session must be seen."""
    record(path, staged(f={"a": ["x"], "b": ["y"]}))

    run = record(path, staged(f={"a": ["x"]}))

    assert {"a": "unchanged", "b": "not_emitted"} == statuses(path, run.run_id)
    assert ["y"] == lines_of(path, "b")
    assert RunState.OK is run.state


def test_an_incomplete_source_says_nothing_about_what_is_missing(path: Path) -> None:
    """A parser that says it did not emit all is not held to it."""
    record(path, staged(f={"a": ["x"], "b": ["y"]}))

    run = record(path, Staged().add("f", {"a": ["x"]}, is_complete=False))

    assert {"a": "unchanged"} == statuses(path, run.run_id)


# --- A-I4, A-I5: exactly the scope --------------------------------------------------------------


def test_only_sessions_in_scope_are_written(path: Path) -> None:
    """Everything outside the scope is as it was, row by row."""
    record(path, staged(f={"a": ["x"], "b": ["y"]}, g={"c": ["z"]}))
    before = content(path)
    side = staged(f={"a": ["new"], "b": ["new"]}, g={"c": ["new"], "d": ["new"]})

    run = record(path, side, scope=frozenset({"a", "d"}))

    after = content(path)
    assert {"a": "ok", "d": "ok"} == statuses(path, run.run_id)
    assert [row for row in before["sessions"] if row[2] in "bc"] == [
        row for row in after["sessions"] if row[2] in "bc"
    ]
    assert (["y"], ["z"]) == (lines_of(path, "b"), lines_of(path, "c"))


def test_the_marks_are_those_of_this_run_alone(path: Path) -> None:
    """Rows marked by earlier runs, for the same session too, are not taken for ours."""
    record(path, staged(f={"a": ["x"], "b": ["y"]}, g={"c": ["z"]}))

    run = record(path, staged(f={"a": ["new"], "b": ["y"]}, g={"c": ["z"]}))

    marked = {name for name, run_id in column(path, "run_id").items() if run_id == 2}
    assert {"a"} == marked
    assert marked == {
        name for name, status in statuses(path, run.run_id).items() if status == "ok"
    }


def test_numbers_of_runs_are_never_used_again(path: Path) -> None:
    """A mark cannot be inherited from a run that was deleted from the ledger."""
    record(path, staged(f={"a": ["x"]}))
    execute(path, "DELETE FROM sync_runs")

    assert 2 == record(path, staged(f={"a": ["new"]})).run_id


def test_revisions_are_never_used_again(path: Path) -> None:
    """Draining the highest row does not make a later write look like an earlier one."""
    record(path, staged(f={"a": ["x"], "b": ["y"]}))
    highest = max(column(path, "revision").values())
    execute(path, "DELETE FROM sessions WHERE session = 'b'")

    record(path, staged(f={"a": ["x"], "b": ["new"]}))

    assert column(path, "revision")["b"] > highest


def test_a_scope_does_not_refresh_its_neighbours(path: Path) -> None:
    """An incremental recording of one session leaves the watermark of the others."""
    record(path, staged(f={"a": ["x"], "b": ["y"]}))
    grown = seen("xyz", mtime_ns=2_000)
    side = Staged().add(
        "f", {"a": ["z"]}, base=base_of("xy", "end:f"), before=grown, after=grown
    )

    run = record(path, side, mode="append", scope=frozenset("a"))

    assert {"a": "ok"} == statuses(path, run.run_id)
    assert {"a": 2_000, "b": 1_000} == column(path, "mtime_ns")


def test_a_session_in_scope_that_nobody_knows_fails(path: Path) -> None:
    """A misspelt id is not a successful recording of nothing."""
    with pytest.raises(PreflightError, match="PD507") as caught:
        record(path, staged(f={"a": ["x"]}), scope=frozenset({"a", "typo"}))

    assert "typo: PD520: neither stored nor in any source" == caught.value.detail


def test_a_session_in_scope_that_is_only_stored_is_named(path: Path) -> None:
    """It is in the ledger as not emitted, and no failure."""
    record(path, staged(f={"a": ["x"], "b": ["y"]}))

    run = record(path, staged(f={"a": ["x"]}), scope=frozenset({"b"}))

    assert {"b": "not_emitted"} == statuses(path, run.run_id)


# --- trash ---------------------------------------------------------------------------------


def test_trash_survives_every_kind_of_recording(path: Path) -> None:
    """A rewrite, a refresh and an append leave the flag; taking back clears it."""
    record(path, staged(f={"a": ["x"]}))
    assert set_trashed(path, "one", "a", is_trashed=True)

    record(path, staged(f={"a": ["y"]}))
    assert {"a": 1} == column(path, "is_trashed")
    revision = column(path, "revision")
    assert set_trashed(path, "one", "a", is_trashed=True)
    assert revision == column(path, "revision")
    assert set_trashed(path, "one", "a", is_trashed=False)
    assert {"a": 0} == column(path, "is_trashed")
    assert column(path, "revision")["a"] > revision["a"]


def test_only_stored_sessions_can_be_trashed(path: Path) -> None:
    """An unknown id is told apart, and a missing archive is not made."""
    with pytest.raises(ArchiveMissingError, match="PD504"):
        set_trashed(path, "one", "a", is_trashed=True)
    record(path, staged(f={"a": ["x"]}))

    assert not set_trashed(path, "two", "a", is_trashed=True)
    assert ["archive.db"] == files(path)


# --- append --------------------------------------------------------------------------------


def grown_by(name: str, old: str, new: dict[str, list[str]], **more: Any) -> Staged:
    """Return an incremental parse of a file that held *old* and grew by *new*."""
    text = old + "".join("".join(lines) for lines in new.values())
    now = seen(text, mtime_ns=2_000)
    values = {"base": base_of(old, f"end:{name}"), "before": now, "after": now}
    return Staged().add(name, new, cursor=f"end2:{name}", **{**values, **more})


def test_new_records_go_behind_the_stored_ones(path: Path) -> None:
    """An append marks the row, adds up, and moves the cursor of its source."""
    record(path, staged(f={"a": ["x", "y"], "b": ["z"]}))

    run = record(path, grown_by("f", "xyz", {"a": ["q"], "c": ["w"]}), mode="append")

    assert ["x", "y", "q"] == lines_of(path, "a")
    assert {"a": 1, "b": 0, "c": 0} == column(path, "is_incremental")
    assert {"a": 3, "b": 1, "c": 1} == column(path, "record_count")
    assert '{"length": 3}' == column(path, "aggregates")["a"]
    assert "" == column(path, "fingerprint")["a"]
    assert {"a": "append", "b": "refresh", "c": "insert"} == dict(
        query(
            path,
            """SELECT name, action FROM sync_run_entities
               WHERE run_id = 2 AND kind = 'session'""",
        )
    )
    assert [("end2:f", 5)] == query(path, "SELECT cursor, size FROM sources")
    assert RunState.OK is run.state
    assert [(0,), (1,), (2,)] == query(
        path, "SELECT ordinal FROM records WHERE session_id = 1"
    )


def test_a_session_without_news_is_refreshed_and_keeps_its_marker(path: Path) -> None:
    """After an append the whole source stands for every session that it holds."""
    record(path, staged(f={"a": ["x"], "b": ["y"]}))
    record(path, grown_by("f", "xy", {"a": ["z"]}), mode="append")
    revision = column(path, "revision")
    now = seen("xyzw", mtime_ns=3_000)
    side = grown_by("f", "xyz", {"b": ["w"]}, base=base_of("xyz", "end2:f"))
    side.found["one", "f"] = (
        Staged()
        .add("f", {}, base=base_of("xyz", "end2:f"), before=now, after=now)
        .found["one", "f"]
    )

    record(path, side, mode="append")

    assert {"a": 1, "b": 1} == column(path, "is_incremental")
    assert revision["a"] == column(path, "revision")["a"]
    assert {"a": 3_000, "b": 3_000} == column(path, "mtime_ns")


def test_the_fingerprint_after_an_append_is_of_all_records(path: Path) -> None:
    """Who records says how fingerprints are made; the writer gives it every record."""
    record(path, staged(f={"a": ["x"]}))
    side = grown_by("f", "x", {"a": ["y"]})

    Recording.begin(path, plan_of(side, mode="append")).commit(
        side,
        lambda adapter, records: digest([adapter, *(one.line for one in records)]),
    )

    assert {"a": digest(["one", b"x", b"y"])} == column(path, "fingerprint")


def test_a_full_recording_clears_the_incremental_marker(path: Path) -> None:
    """Also where it finds just what is stored: then nothing is incremental any more."""
    record(path, staged(f={"a": ["x"]}))
    side = grown_by("f", "x", {"a": ["y"]})
    Recording.begin(path, plan_of(side, mode="append")).commit(
        side, lambda _adapter, _records: digest(["x", "y"])
    )

    run = record(path, staged(f={"a": ["x", "y"]}))

    assert {"a": 0} == column(path, "is_incremental")
    assert {"ok": 1, "source_ok": 1} == run.counts


@pytest.mark.parametrize(
    ("side", "reason"),
    [
        (grown_by("f", "X", {"a": ["y"]}), "no longer what was recorded"),
        (grown_by("f", "x", {"a": ["y"]}, base=base_of("x", "c")), "another cursor"),
        (grown_by("g", "x", {"a": ["y"]}), "no cursor"),
        (grown_by("f", "x", {"a": ["y"]}).change("a", form="new"), "other rules"),
    ],
)
def test_what_cannot_be_appended_fails_before_anything_is_written(
    path: Path, side: Staged, reason: str
) -> None:
    """PD524 says what does not fit; a full recording is the way out."""
    record(path, staged(f={"a": ["x"]}))
    before = content(path)

    with pytest.raises(PreflightError, match="PD507") as caught:
        record(path, side, mode="append")

    assert {"PD524"} == {failure.code for failure in caught.value.failures}
    assert reason in caught.value.detail
    assert before == content(path)


def test_an_append_after_another_recording_of_the_source_is_stale(path: Path) -> None:
    """Nothing is appended twice: the cursor that was parsed from is no longer stored."""
    record(path, staged(f={"a": ["x"], "b": ["y"]}))

    run = race(
        path,
        grown_by("f", "xy", {"a": ["z"], "b": ["w"]}),
        lambda: record(path, grown_by("f", "xy", {"a": ["z"]}), mode="append"),
        mode="append",
    )

    assert {"a": "skipped_stale", "b": "skipped_stale"} == statuses(path, run.run_id)
    assert (["x", "z"], ["y"]) == (lines_of(path, "a"), lines_of(path, "b"))
    assert [("end2:f",)] == query(path, "SELECT cursor FROM sources")


def test_an_append_after_a_recording_by_other_rules_is_stale(path: Path) -> None:
    """What another run made of the session meanwhile is no failure of this one."""
    record(path, staged(f={"a": ["x"]}))
    other = staged(f={"a": ["x"]}).change("a", form="new")

    run = race(
        path,
        grown_by("f", "x", {"a": ["y"]}),
        lambda: record(path, other),
        mode="append",
    )

    assert {"a": "skipped_stale"} == statuses(path, run.run_id)
    assert {"a": "new"} == column(path, "form")


def test_an_append_whose_base_is_lost_before_its_commit_is_stale(path: Path) -> None:
    """A scoped recording meanwhile forgets the cursor, and that is not a failure."""
    record(path, staged(f={"a": ["x"], "b": ["y"]}))
    other = staged(f={"a": ["new"], "b": ["y"]})

    run = race(
        path,
        grown_by("f", "xy", {"b": ["w"]}),
        lambda: record(path, other, scope=frozenset("a")),
        mode="append",
    )

    assert {"a": "skipped_stale", "b": "skipped_stale"} == statuses(path, run.run_id)
    assert ["y"] == lines_of(path, "b")


@pytest.mark.parametrize("case", ["scope", "stale", "retry"])
def test_a_source_that_was_not_recorded_as_a_whole_has_no_cursor(
    path: Path, case: str
) -> None:
    """An append from the old cursor would store records twice, so none is possible."""
    record(path, staged(f={"a": ["x"], "b": ["y"]}))
    side = staged(f={"a": ["new"], "b": ["y2"]})
    if case == "scope":
        record(path, side, scope=frozenset("a"))
    elif case == "stale":
        execute(path, "UPDATE sessions SET mtime_ns = 9000 WHERE session = 'b'")
        record(path, side)
    else:
        record(path, side.change("b", needs_retry="later"))

    assert [(None,)] == query(path, "SELECT cursor FROM sources")


def test_a_source_of_which_nothing_was_written_keeps_its_cursor(path: Path) -> None:
    """What is stored is still what the cursor says."""
    record(path, staged(f={"a": ["x"]}))

    record(path, staged(f={"a": ["y"]}).change("a", needs_retry="later"))

    assert [("end:f",)] == query(path, "SELECT cursor FROM sources")


def test_a_source_that_was_not_emitted_in_full_has_no_cursor(path: Path) -> None:
    """What the parser left out lies before the cursor, and would never be parsed."""
    record(path, Staged().add("f", {"a": ["x"]}, is_complete=False))

    assert [] == query(path, "SELECT cursor FROM sources")


def test_a_run_that_was_second_does_not_turn_a_source_back(path: Path) -> None:
    """The row of a source that another run wrote meanwhile stays, as its sessions do."""
    record(path, staged(f={"a": ["x"]}))
    touched = seen("x", mtime_ns=2_000)
    other = Staged().add("f", {"a": ["x"]}, before=touched, after=touched, cursor="2")

    race(path, staged(f={"a": ["x"]}), lambda: record(path, other))

    assert [("2", 2_000)] == query(path, "SELECT cursor, mtime_ns FROM sources")
    assert {"a": 2_000} == column(path, "mtime_ns")


def test_an_append_to_a_moving_source_refreshes_nobody(path: Path) -> None:
    """Sessions without news are not said to be seen in a state that nobody saw."""
    record(path, staged(f={"a": ["x"], "b": ["y"]}))
    side = grown_by("f", "xy", {"a": ["z"]}, after=seen("xyzw", mtime_ns=3_000))

    run = record(path, side, mode="append")

    assert {"a": "skipped_moved"} == statuses(path, run.run_id)
    assert {"a": 1_000, "b": 1_000} == column(path, "mtime_ns")


# --- ledger: A-I6, A-I7, dead runs ---------------------------------------------------------------


def test_counts_are_those_of_the_rows(path: Path) -> None:
    """The numbers of a run are made from its entities and from nothing else."""
    record(path, staged(f={"a": ["x"], "b": ["y"], "c": ["z"]}))
    newer = "UPDATE sessions SET mtime_ns = 9000 WHERE session = 'b'"
    execute(path, newer)

    run = record(path, staged(f={"a": ["x"], "b": ["new"], "d": ["w"]}))

    expected = dict(
        query(
            path,
            """SELECT status, count(*) FROM sync_run_entities
               WHERE run_id = ? AND kind = 'session' GROUP BY status""",
            run.run_id,
        )
    )
    assert expected == {k: n for k, n in run.counts.items() if k != "source_ok"}
    assert 1 == run.counts["skipped_stale"]


def assert_nothing_open(path: Path) -> None:
    """Assert that a run that is over owns nothing that is still to be done."""
    assert [] == [
        (run_id, status)
        for run_id, status in query(
            path,
            """SELECT run_id, status FROM sync_run_entities JOIN sync_runs
               USING (run_id) WHERE state NOT IN ('preflight', 'committing')""",
        )
        if status in OPEN
    ]


def die(path: Path, *, claimed: bool) -> None:
    """Begin a recording in another process, which then dies."""
    script = f"""
import os, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from staged_sources import *
class Dying(Staged):
    def records(self, session, /):
        os.kill(os.getpid(), 9)
        yield
side = Dying().add("f", {{"a": ["x"]}})
recording = Recording.begin(Path({str(path)!r}), plan_of(side))
if {claimed}:
    recording.commit(side)
os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", script], check=False)
    assert -9 == done.returncode


@pytest.mark.parametrize(
    ("claimed", "state"), [(False, "preflight"), (True, "committing")]
)
def test_the_next_run_closes_the_run_of_a_dead_process(
    path: Path, claimed: bool, state: str
) -> None:
    """Pending and claimed rows become aborted with the reason, content is as before."""
    die(path, claimed=claimed)

    recording = Recording.begin(path, plan_of(staged(g={})))

    assert (1,) == recording.ended
    [(found, code, message)] = query(
        path, "SELECT state, code, message FROM sync_runs WHERE run_id = 1"
    )
    assert ("aborted", "PD521") == (found, code)
    assert f"died in {state}; nothing was written" in message
    expected = {"a": "aborted"} if claimed else {}
    assert expected == statuses(path, 1)
    assert {} == column(path, "revision")
    assert_nothing_open(path)


def test_a_living_run_is_left_alone(path: Path) -> None:
    """Two recordings at once: neither takes the other one for dead."""
    side = staged(f={"a": ["x"]})
    first = Recording.begin(path, plan_of(side))

    second = Recording.begin(path, plan_of(staged(g={"b": ["y"]})))

    assert () == second.ended
    assert RunState.OK is first.commit(side).state


def test_a_run_that_was_taken_for_dead_finds_out_before_it_writes(path: Path) -> None:
    """A wrong guess about another machine costs that run, and no content."""
    side = staged(f={"a": ["x"]})
    recording = Recording.begin(path, plan_of(side))
    execute(path, "UPDATE sync_runs SET host = 'elsewhere', heartbeat_ms = 0")
    other = Recording.begin(path, plan_of(staged(g={})))

    assert (1,) == other.ended
    with pytest.raises(RecordingAbortedError, match=r"PD521.*run 1 is aborted"):
        recording.commit(side)
    assert {} == column(path, "revision")


def test_a_run_that_is_closed_between_preflight_and_write_writes_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The state is looked at once more inside the write transaction."""
    side = staged(f={"a": ["x"]})
    recording = Recording.begin(path, plan_of(side))
    real = Ledger.refuse_unless

    def closed_meanwhile(self: Ledger, run_id: int, state: RunState) -> None:
        if state is RunState.COMMITTING:
            self.close_run(run_id, RunState.ABORTED)
        real(self, run_id, state)

    monkeypatch.setattr(Ledger, "refuse_unless", closed_meanwhile)
    with pytest.raises(RecordingAbortedError, match="PD521"):
        recording.commit(side)

    assert {} == column(path, "revision")


def test_a_heartbeat_keeps_a_run_of_another_machine_alive(path: Path) -> None:
    """Only silence for the whole lease counts as death."""
    recording = Recording.begin(path, plan_of(staged(f={})))
    execute(path, "UPDATE sync_runs SET host = 'elsewhere', heartbeat_ms = 0")

    recording.beat()

    assert () == Recording.begin(path, plan_of(staged(g={}))).ended


def test_who_is_dead() -> None:
    """This process lives; one with its number but another start does not."""
    me = Process.current()
    now = now_ms()

    assert not is_dead(me, 0, now)
    assert is_dead(Process(me.pid, "1", me.host), now, now)
    assert is_dead(Process(2**40, "", me.host), now, now)
    assert not is_dead(Process(me.pid, "", "elsewhere"), now - LEASE_MS, now)
    assert is_dead(Process(me.pid, "", "elsewhere"), now - LEASE_MS - 1, now)


def test_a_child_that_nobody_waited_for_is_dead() -> None:
    """A zombie has a number and does nothing."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    mark = (Path("/proc") / str(child.pid) / "stat").read_text().split()[21]
    process = Process(child.pid, mark, Process.current().host)
    assert not is_dead(process, 0, now_ms())
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

    assert is_dead(process, 0, now_ms())
    child.communicate()


def test_a_process_of_another_user_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not being allowed to signal a process proves that there is one."""

    def refuse(_pid: int, _signal: int) -> None:
        raise PermissionError

    me = Process.current()
    monkeypatch.setattr(os, "kill", refuse)

    assert not is_dead(me, 0, now_ms())


def test_a_number_that_is_free_again_is_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that ends between two looks at it has no start any more."""
    monkeypatch.setattr(os, "kill", lambda _pid, _signal: None)

    assert is_dead(Process(2**30, "1", Process.current().host), 0, now_ms())


# --- A-I8: retry ----------------------------------------------------------------------------


def test_a_run_of_which_nothing_is_left_has_nothing_to_retry(path: Path) -> None:
    """Everything done means an empty selection."""
    record(path, staged(f={"a": ["x"]}))

    retry = find_retry(path)

    assert (1, (), frozenset()) == (retry.run_id, retry.sources, retry.scope)


def test_what_was_skipped_or_failed_is_retried(path: Path) -> None:
    """Stale, moved and retry-wanted sessions are selected; vetoed ones are not."""
    record(path, staged(f={"a": ["x"]}))
    execute(path, "UPDATE sessions SET mtime_ns = 9000")
    side = staged(f={"a": ["y"], "b": ["y"]}, g={"c": ["y"], "d": ["z"]})
    side.change("c", needs_retry="later").change("d", excluded="veto")
    side.add("h", {"e": ["x"]}, after=seen("other"))
    run = record(path, side)

    retry = find_retry(path, run.run_id)

    assert frozenset({"a", "c", "e"}) == retry.scope
    assert (("one", "f"), ("one", "g"), ("one", "h")) == retry.sources


def test_a_failed_preflight_is_retried_as_a_whole(path: Path) -> None:
    """Sources that failed, and those that were fine and were not written."""
    side = staged(f={"a": ["x"]}, g={"b": ["y"]})
    with pytest.raises(PreflightError):
        record(path, side.fail("g"))

    retry = find_retry(path)

    assert (("one", "f"), ("one", "g")) == retry.sources
    assert retry.scope is None


def test_a_retry_keeps_the_scope_of_its_parent_and_names_it(path: Path) -> None:
    """A source that failed in a scoped run is retried in that scope."""
    side = staged(f={"a": ["x"], "b": ["y"]})
    with pytest.raises(PreflightError):
        record(path, side.fail("f"), scope=frozenset("a"))
    # the id was not found either, because its source was not parsed
    retry = find_retry(path)
    assert (("one", "f"),) == retry.sources

    good = staged(f={"a": ["x"], "b": ["y"]})
    run = record(path, good, scope=retry.scope, parent_run_id=retry.run_id)

    assert {"a": "ok"} == statuses(path, run.run_id)
    assert 1 == run.parent_run_id


def test_a_dead_run_is_retried_as_a_whole(path: Path) -> None:
    """Looking for what is left closes the runs of dead processes first."""
    die(path, claimed=False)

    retry = find_retry(path)

    assert ((("one", "f"),), None) == (retry.sources, retry.scope)


def test_only_runs_that_are_over_can_be_retried(path: Path) -> None:
    """A number that nobody used, and a run that goes on, are refused."""
    with pytest.raises(ArchiveMissingError, match="PD504"):
        find_retry(path)
    recording = Recording.begin(path, plan_of(staged(f={})))

    with pytest.raises(
        OptionError, match=r"PD116.*no run 7 to retry; the last one is 1"
    ):
        find_retry(path, 7)
    with pytest.raises(OptionError, match=r"PD116.*run 1 is not over yet"):
        find_retry(path, recording.run_id)


def test_the_ledger_finds_one_entity_or_none(path: Path) -> None:
    """Kind and adapter are part of the name."""
    record(path, staged(f={"a": ["x"]}))
    connection = apsw.Connection(str(path))
    ledger = Ledger(connection)

    found = ledger.find(1, Kind.SESSION, "one", "a")

    assert found is not None
    assert (Status.OK, "f") == (found.status, found.source)
    assert ledger.find(1, Kind.SOURCE, "one", "a") is None
    connection.close()


def test_aggregates_of_a_session_without_any_are_added_up(path: Path) -> None:
    """No value and a number make the number."""
    record(path, staged(f={"a": []}))

    record(path, grown_by("f", "", {"a": ["xx"]}), mode="append")

    assert {"a": '{"length": 2}'} == column(path, "aggregates")
    assert None is parsed_session("one", "f", "a", []).aggregates["length"]

"""Decisions of a recording, without a database."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from staged_sources import base_of, parsed_session, seen

from pytest_parsediff.archive.fencing import (
    Action,
    Payload,
    decide,
    has_moved,
    is_moving,
    is_newer,
    payload_of,
    why_no_base,
    why_not_appendable,
)
from pytest_parsediff.archive.rows import StoredSource
from pytest_parsediff.archive.staged import StagedSession, StagedSource
from pytest_parsediff.diff.observation import Observation
from pytest_parsediff.diff.records import StoredSession

FENCE = 10


def stored(lines: str = "ab", **changes: Any) -> StoredSession:
    """Return a row that was recorded before the fence from a file with *lines*."""
    parsed = parsed_session("one", "f", "a", list(lines))
    row = StoredSession(
        adapter="one",
        session="a",
        source="f",
        fingerprint=parsed.fingerprint,
        form=parsed.form,
        record_count=parsed.record_count,
        aggregates=parsed.aggregates,
        observation=kept(seen(lines)),
        revision=FENCE,
    )
    return replace(row, **changes)


def kept(observation: Observation) -> Observation:
    """Return *observation* as it comes out of an archive."""
    return replace(observation, ctime_ns=None, inode=None)


def payload(lines: str = "ab", *, is_append: bool = False, **changes: Any) -> Payload:
    """Return what was parsed of a file with *lines*."""
    values = {
        "parsed": parsed_session("one", "f", "a", list(lines)),
        "observation": seen(lines),
        "data_version": 0,
    }
    return Payload(**{**values, "is_append": is_append, **changes})


# --- decide -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "parsed", "expected"),
    [
        (None, payload(), Action.INSERT),
        (None, payload(is_append=True), Action.INSERT),
        (stored(), payload(), Action.KEEP),
        (stored(), payload("abc"), Action.REWRITE),
        (stored(), payload("c", is_append=True), Action.APPEND),
        (stored(), payload("", is_append=True), Action.REFRESH),
        (stored(), payload(observation=seen("ab", mtime_ns=2_000)), Action.REFRESH),
        (stored(observation=None), payload(), Action.REFRESH),
        (stored(observation=None), payload("abc"), Action.REWRITE),
        (stored(is_incremental=True), payload(), Action.REWRITE),
        (stored(fingerprint=""), payload(), Action.REWRITE),
        (stored(form="older"), payload(), Action.REWRITE),
        (stored(source="g"), payload(), Action.REWRITE),
        (stored(record_count=3), payload(), Action.REWRITE),
        (stored(aggregates={"length": 3}), payload(), Action.REWRITE),
        (stored(data_version=1), payload(), Action.REWRITE),
    ],
)
def test_what_is_done_with_a_session(
    row: StoredSession | None, parsed: Payload, expected: Action
) -> None:
    """Only what a verdict sees makes a rewrite; times alone make a refresh."""
    assert expected is decide(row, parsed, FENCE).action


@pytest.mark.parametrize(
    ("row", "parsed"),
    [
        (stored(revision=FENCE + 1), payload("abc")),
        (stored(revision=FENCE + 1), payload("c", is_append=True)),
        (stored(revision=FENCE + 1), payload("", is_append=True)),
        (stored(revision=FENCE + 1, is_incremental=True), payload()),
        (stored(observation=seen("abx", mtime_ns=1_001)), payload("abc")),
        (stored(observation=seen("abx", mtime_ns=1_001)), payload("c", is_append=True)),
        (stored(observation=seen("abx", mtime_ns=1_001)), payload("", is_append=True)),
    ],
)
def test_fresher_rows_are_stale_to_overwrite(
    row: StoredSession, parsed: Payload
) -> None:
    """A row written since the run began, or from a newer source, is never replaced."""
    decision = decide(row, parsed, FENCE)

    assert Action.STALE is decision.action
    assert decision.reason


def test_the_reason_tells_the_two_guards_apart() -> None:
    """People must see whether another run or another state of the source was first."""
    fenced = decide(stored(revision=FENCE + 1), payload("abc"), FENCE)
    newer = decide(stored(observation=seen("x", mtime_ns=9_999)), payload("abc"), FENCE)

    assert "written at revision 11, and this run began at 10" == fenced.reason
    assert "stored from a newer state of the source" == newer.reason


def test_a_row_that_somebody_wrote_with_the_same_content_is_kept() -> None:
    """Two recordings of one state are no conflict, and the second one writes nothing."""
    row = stored(revision=FENCE + 1, observation=seen("ab", mtime_ns=5))

    assert Action.KEEP is decide(row, payload(), FENCE).action


def test_equal_times_with_different_content_are_overwritten() -> None:
    """The fence proves that the row is from before this look, so the look is later."""
    row = stored("ax")

    assert Action.REWRITE is decide(row, payload("ab"), FENCE).action


def test_a_newer_time_with_the_same_bytes_is_no_reason_to_skip() -> None:
    """After a touch a changed parser can still be recorded."""
    row = stored(observation=seen("ab", mtime_ns=2_000), fingerprint="older")

    assert Action.REWRITE is decide(row, payload(), FENCE).action


def test_an_older_look_at_the_same_content_does_not_turn_the_watermark_back() -> None:
    """Equal content from an older state of the source changes nothing."""
    row = stored(observation=kept(seen("abx", mtime_ns=2_000)))

    assert Action.KEEP is decide(row, payload(), FENCE).action


def test_a_time_is_not_turned_back_by_the_same_bytes() -> None:
    """Of two looks at one content the later one is what is stored."""
    row = stored(observation=kept(seen("ab", mtime_ns=2_000)))

    assert Action.KEEP is decide(row, payload(), FENCE).action


def test_inodes_and_change_times_are_no_news() -> None:
    """What is not stored cannot be a reason to write."""
    parsed = payload(observation=seen("ab", ctime_ns=99, inode="3:4"))

    assert Action.KEEP is decide(stored(), parsed, FENCE).action


@given(st.integers(0, 20), st.integers(0, 3), st.integers(0, 3), st.booleans())
def test_nothing_newer_is_ever_replaced(
    revision: int, stored_ns: int, parsed_ns: int, is_append: bool
) -> None:
    """For any times and revisions: what is written over was written before, and not newer."""
    observed = kept(seen("x", mtime_ns=stored_ns))
    row = stored("x", revision=revision, observation=observed)
    parsed = payload(
        "ab", is_append=is_append, observation=seen("y", mtime_ns=parsed_ns)
    )

    action = decide(row, parsed, FENCE).action

    assert (action is Action.STALE) == (revision > FENCE or stored_ns > parsed_ns)


# --- watermarks ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (None, seen(), False),
        (seen("a", mtime_ns=1), seen("b", mtime_ns=1), False),
        (seen("a", mtime_ns=2), seen("b", mtime_ns=1), True),
        (seen("a", mtime_ns=1), seen("b", mtime_ns=2), False),
        (seen("a", mtime_ns=2), seen("a", mtime_ns=1), False),
        (seen("a", mtime_ns=None), seen("b"), False),
        (seen("a"), seen("b", mtime_ns=None), False),
        (Observation(mtime_ns=2), Observation(mtime_ns=1), True),
        (Observation(row_digest="x"), Observation(row_digest="y"), False),
    ],
)
def test_newer(old: Observation | None, new: Observation, expected: bool) -> None:
    """Only a strictly newer time is newer, and never that of the same bytes."""
    assert expected is is_newer(old, new)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (seen("a"), seen("a"), False),
        (seen("a"), seen("b"), True),
        (seen("a"), seen("a", mtime_ns=2), False),
        (seen("a"), Observation(exists=False), True),
        (seen("a"), seen("a", error="Permission denied"), True),
        (Observation(size=1, mtime_ns=1), Observation(size=1, mtime_ns=1), False),
        (Observation(size=1, mtime_ns=1), Observation(size=1, mtime_ns=2), True),
        (Observation(size=1, mtime_ns=1), Observation(size=2, mtime_ns=1), True),
        (Observation(size=1, inode="1:1"), Observation(size=1, inode="1:2"), True),
        (Observation(row_digest="x"), Observation(row_digest="x", size=9), False),
        (Observation(row_digest="x"), Observation(row_digest="y"), True),
        (Observation(row_digest="x"), Observation(), True),
        (Observation(), Observation(), False),
    ],
)
def test_moved(before: Observation, after: Observation, expected: bool) -> None:
    """Digests decide; without them size, time and identity do."""
    assert expected is has_moved(before, after)


def staged_source(**changes: Any) -> StagedSource:
    """Return a source that did not move."""
    values = {"before": seen("ab"), "after": seen("ab"), "cursor": "c2"}
    return StagedSource(adapter="one", name="f", **{**values, **changes})


def test_evidence_about_a_session_goes_before_that_about_its_source() -> None:
    """In a shared database only the session's own rows count."""
    row = Observation(row_digest="x")
    quiet = StagedSession(parsed_session("one", "f", "a", ["a"]), row, row)
    moved = replace(quiet, after=Observation(row_digest="y"))
    plain = replace(quiet, before=None, after=None)
    busy = staged_source(after=seen("abc"))

    assert [False, True, True] == [
        is_moving(busy, one) for one in (quiet, moved, plain)
    ]
    assert row == payload_of(busy, quiet).observation
    assert busy.before == payload_of(busy, plain).observation


# --- append -------------------------------------------------------------------------------


def stored_source(**changes: Any) -> StoredSource:
    """Return the row of a source that held ``ab`` and half a line."""
    row = StoredSource(
        adapter="one",
        name="f",
        cursor="c1",
        observation=Observation(
            size=4, content_hash=base_of("ab{x", "").content_hash, consumed=2
        ),
        consumed_hash=base_of("ab", "").content_hash,
        data_version=0,
        revision=1,
    )
    return replace(row, **changes)


@pytest.mark.parametrize(
    ("row", "source", "reason"),
    [
        (None, staged_source(), ""),
        (stored_source(), staged_source(base=base_of("ab{x", "c1")), ""),
        (stored_source(), staged_source(base=base_of("ab", "c1")), ""),
        (None, staged_source(base=base_of("ab", "c1")), "no cursor"),
        (
            stored_source(cursor=None),
            staged_source(base=base_of("ab", "c1")),
            "no cursor",
        ),
        (stored_source(), staged_source(base=base_of("ab", "c0")), "another cursor"),
        (stored_source(), staged_source(base=base_of("xb", "c1")), "no longer"),
        (stored_source(), staged_source(base=base_of("ab{", "c1")), "no longer"),
        (
            stored_source(consumed_hash=""),
            staged_source(base=base_of("ab", "c1")),
            "no longer",
        ),
        (
            stored_source(),
            staged_source(base=base_of("ab", "c1"), data_version=1),
            "data version",
        ),
    ],
)
def test_base_of_an_append(
    row: StoredSource | None, source: StagedSource, reason: str
) -> None:
    """The cursor, and the bytes before it, must be those that were recorded."""
    found = why_no_base(row, source)

    assert reason in found
    assert bool(reason) is bool(found)


@pytest.mark.parametrize(
    ("row", "parsed", "reason"),
    [
        (None, payload(is_append=True), ""),
        (stored(), payload(is_append=True), ""),
        (stored(form="older"), payload(), ""),
        (stored(form="older"), payload(is_append=True), "other rules"),
        (stored(data_version=1), payload(is_append=True), "data version"),
        (stored(source="g"), payload(is_append=True), "another source, 'g'"),
    ],
)
def test_sessions_that_can_be_appended_to(
    row: StoredSession | None, parsed: Payload, reason: str
) -> None:
    """New records go only behind records of the same rules, version and source."""
    found = why_not_appendable(row, parsed)

    assert reason in found
    assert bool(reason) is bool(found)

"""Who moved: what observations of a source say about one session."""

from __future__ import annotations

from dataclasses import replace

import pytest
from diff_observed import GONE, NO_ROWS, SECOND_NS, observe, rows, weigh_file

from pytest_parsediff.diff.evidence import Evidence, Outcome, SourcePolicy, weigh
from pytest_parsediff.diff.observation import Observation
from pytest_parsediff.diff.verdict import Reason

A = observe(b'{"n":1}\n')
B = observe(b'{"n":1}\n{"n":2}\n')
FILES = [SourcePolicy.FILE, SourcePolicy.JSONL, SourcePolicy.CODEX]
STAT_ONLY = Observation(size=8, mtime_ns=1000, ctime_ns=1000, inode="1:2")
DENIED = Observation(exists=False, error="Permission denied")


def said(evidence: Evidence) -> tuple[Outcome, Reason | None]:
    """Return outcome and reason."""
    return evidence.outcome, evidence.reason


UNTOUCHED = (Outcome.UNTOUCHED, Reason.CONTENT_EQUAL)
UNTOUCHED_AS_FAR_AS_SEEN = (Outcome.UNTOUCHED, None)
BEHIND = (Outcome.MOVED, Reason.NEWER_THAN_ARCHIVE)
MOVED = (Outcome.MOVED, Reason.MOVED_DURING_RUN)
GONE_NOW = (Outcome.MOVED, Reason.UNREADABLE)
NO_WATERMARK = (Outcome.MOVED, Reason.NO_STORED_WATERMARK)
NOTHING = (Outcome.NONE, Reason.NO_EVIDENCE)


# --- files ----------------------------------------------------------------------------


@pytest.mark.parametrize("policy", FILES)
@pytest.mark.parametrize(
    ("stored", "before", "after", "expected"),
    [
        pytest.param(A, A, A, UNTOUCHED, id="quiet"),
        pytest.param(A, B, B, BEHIND, id="behind"),
        pytest.param(A, A, B, MOVED, id="moved"),
        pytest.param(A, B, A, BEHIND, id="behind and moved"),
        pytest.param(A, A, GONE, GONE_NOW, id="gone"),
        pytest.param(B, A, GONE, GONE_NOW, id="behind and gone"),
        pytest.param(A, GONE, A, MOVED, id="came back"),
        pytest.param(A, DENIED, DENIED, NOTHING, id="never readable"),
        pytest.param(None, A, A, NO_WATERMARK, id="archive noted nothing"),
        pytest.param(None, A, B, NO_WATERMARK, id="archive noted nothing, moved"),
        pytest.param(GONE, A, A, NO_WATERMARK, id="archive noted an error"),
    ],
)
def test_three_observations_of_a_file(
    policy: SourcePolicy,
    stored: Observation | None,
    before: Observation,
    after: Observation,
    expected: tuple[Outcome, Reason | None],
) -> None:
    """Gone, then untouched, then behind, then moved: the first that applies."""
    assert expected == said(weigh_file(stored, before, after, policy))


@pytest.mark.parametrize("policy", FILES)
def test_a_touch_is_no_move(policy: SourcePolicy) -> None:
    """Equal bytes prove a source untouched whatever its times say."""
    touched = replace(A, mtime_ns=2000 * SECOND_NS, ctime_ns=1, inode="9:9")

    assert UNTOUCHED == said(weigh_file(A, touched, touched, policy))
    assert UNTOUCHED == said(weigh_file(A, A, touched, policy))


@pytest.mark.parametrize("policy", [SourcePolicy.FILE, SourcePolicy.JSONL])
def test_other_bytes_with_the_time_and_size_of_before(policy: SourcePolicy) -> None:
    """A restored or copied file has moved though no stat says so."""
    other = observe(b'{"n":7}\n')
    older = replace(other, mtime_ns=1)

    assert A.size == other.size
    assert MOVED == said(weigh_file(A, A, other, policy))
    assert BEHIND == said(weigh_file(A, older, older, policy))


@pytest.mark.parametrize(
    ("mtime_ns", "size", "expected"),
    [
        (1000, 8, UNTOUCHED_AS_FAR_AS_SEEN),
        (999, 8, UNTOUCHED_AS_FAR_AS_SEEN),
        (1001, 8, BEHIND),
        (1000, 9, BEHIND),
        (999, 9, BEHIND),
        (1000, None, UNTOUCHED_AS_FAR_AS_SEEN),
        (None, 8, NOTHING),
    ],
)
def test_a_stored_side_without_hash_goes_by_time_and_size(
    mtime_ns: int | None, size: int | None, expected: tuple[Outcome, Reason | None]
) -> None:
    """Nanoseconds count, without tolerance; a newer time or another size is newer."""
    stored = Observation(size=8, mtime_ns=1000)
    live = Observation(size=size, mtime_ns=mtime_ns, inode="1:2")

    assert expected == said(weigh_file(stored, live, live))


def test_a_stored_side_with_only_a_hash_needs_one_to_compare() -> None:
    """A hash says nothing about a file that nobody hashed in this run."""
    stored = Observation(content_hash="ab")

    assert NOTHING == said(weigh_file(stored, STAT_ONLY, STAT_ONLY))


@pytest.mark.parametrize(
    "change",
    [{"size": 9}, {"mtime_ns": 1001}, {"ctime_ns": 1001}, {"inode": "1:3"}],
    ids=lambda change: next(iter(change)),
)
def test_in_the_run_every_part_of_stat_counts(change: dict[str, object]) -> None:
    """Without a second hash, any difference of stat is a move."""
    after = replace(STAT_ONLY, **change)  # type: ignore[arg-type]  # of one attribute

    assert MOVED == said(weigh_file(STAT_ONLY, STAT_ONLY, after))


def test_a_hash_before_and_an_equal_stat_after_prove_content() -> None:
    """Nobody hashes a file again whose stat did not change."""
    before = replace(STAT_ONLY, content_hash="ab")

    assert UNTOUCHED == said(weigh_file(before, before, STAT_ONLY))


def test_a_stored_side_without_size_goes_by_time() -> None:
    """What was not noted does not differ."""
    stored = Observation(mtime_ns=1000)

    assert UNTOUCHED_AS_FAR_AS_SEEN == said(weigh_file(stored, STAT_ONLY, STAT_ONLY))


@pytest.mark.parametrize("policy", FILES)
def test_a_file_that_is_not_there_is_gone(policy: SourcePolicy) -> None:
    """Also where no system said why."""
    assert GONE_NOW == said(weigh_file(A, A, Observation(exists=False), policy))


def test_nothing_seen_is_no_evidence() -> None:
    """An observation without a single value says nothing."""
    nothing = Observation()

    assert NOTHING == said(weigh_file(A, nothing, nothing))
    assert NOTHING == said(weigh_file(None, nothing, nothing))
    assert NOTHING == said(weigh_file(A, A, nothing))


# --- lines that are not complete ------------------------------------------------------


def test_a_growing_incomplete_line_is_no_move_of_json_lines() -> None:
    """No record came with it, so a difference is the parser's."""
    tail = observe(b'{"n":1}\n{"n"', mtime_ns=2000 * SECOND_NS)
    more = observe(b'{"n":1}\n{"n":', mtime_ns=3000 * SECOND_NS)
    jsonl = SourcePolicy.JSONL

    assert UNTOUCHED == said(weigh_file(tail, tail, tail, jsonl))
    assert UNTOUCHED_AS_FAR_AS_SEEN == said(weigh_file(tail, tail, more, jsonl))
    assert UNTOUCHED_AS_FAR_AS_SEEN == said(weigh_file(A, tail, more, jsonl))
    assert UNTOUCHED_AS_FAR_AS_SEEN == said(
        weigh_file(replace(A, content_hash=None), tail, tail, jsonl)
    )
    assert MOVED == said(weigh_file(A, A, tail, SourcePolicy.FILE))
    assert BEHIND == said(weigh_file(A, tail, tail, SourcePolicy.FILE))


def test_a_completed_line_is_a_move_of_json_lines() -> None:
    """The record is new as soon as its line ends."""
    tail = observe(b'{"n":1}\n{"n":2}')

    assert MOVED == said(weigh_file(tail, tail, B, SourcePolicy.JSONL))


def test_another_file_in_its_place_is_no_growing_line() -> None:
    """A file that was replaced moved, though its complete lines end where they did."""
    before = replace(A, inode="1:2")
    tail = replace(observe(b'{"m":1}\n{"n"'), inode="1:3")

    assert MOVED == said(weigh_file(A, before, tail, SourcePolicy.JSONL))


# --- rows -----------------------------------------------------------------------------


@pytest.mark.parametrize("is_alone", [True, False])
@pytest.mark.parametrize(
    ("stored", "before", "after", "expected"),
    [
        pytest.param("a", "a", "a", UNTOUCHED, id="quiet"),
        pytest.param("a", "b", "b", BEHIND, id="behind"),
        pytest.param("a", "a", "b", MOVED, id="moved"),
        pytest.param("a", "a", None, MOVED, id="vanished in the run"),
        pytest.param("a", None, "a", BEHIND, id="came back"),
        pytest.param("a", None, None, BEHIND, id="vanished before the run"),
        pytest.param("", "a", "a", NO_WATERMARK, id="nothing noted"),
        pytest.param("", "", "", NOTHING, id="no evidence"),
        pytest.param("a", "", "", NOTHING, id="no evidence any more"),
    ],
)
def test_rows_of_one_session(
    stored: str,
    before: str | None,
    after: str | None,
    expected: tuple[Outcome, Reason | None],
    is_alone: bool,
) -> None:
    """Row digests are evidence about one session, however many share the database."""

    def seen(digest: str | None) -> Observation:
        if digest is None:
            return NO_ROWS
        return rows(digest) if digest else Observation()

    evidence = weigh_file(
        seen(stored), seen(before), seen(after), SourcePolicy.ROW, is_alone=is_alone
    )

    assert expected == said(evidence)


def test_rows_that_cannot_be_read_any_more() -> None:
    """A database that fails after the parse is gone, not changed."""
    broken = Observation(error="database disk image is malformed")

    evidence = weigh_file(rows("a"), rows("a"), broken, SourcePolicy.ROW)

    assert GONE_NOW == said(evidence)


def test_rows_that_were_never_there() -> None:
    """A session whose rows were gone when it was stored, and still are, is untouched."""
    evidence = weigh_file(NO_ROWS, NO_ROWS, NO_ROWS, SourcePolicy.ROW)

    assert UNTOUCHED == said(evidence)


# --- what cannot tell sessions apart --------------------------------------------------


@pytest.mark.parametrize("policy", FILES)
@pytest.mark.parametrize(
    ("stored", "before", "after", "expected"),
    [
        pytest.param(A, A, B, NOTHING, id="moved"),
        pytest.param(A, B, B, NOTHING, id="behind"),
        pytest.param(None, A, A, NOTHING, id="archive noted nothing"),
        pytest.param(A, A, A, UNTOUCHED, id="quiet"),
        pytest.param(A, A, GONE, GONE_NOW, id="gone"),
    ],
)
def test_a_file_of_several_sessions_is_no_evidence_about_one(
    policy: SourcePolicy,
    stored: Observation | None,
    before: Observation,
    after: Observation,
    expected: tuple[Outcome, Reason | None],
) -> None:
    """Whose bytes moved is unknown; that none did, or all are gone, is not."""
    evidence = weigh_file(stored, before, after, policy, is_alone=False)

    assert expected == said(evidence)


def test_a_shared_file_still_tells_that_it_moved_while_it_was_parsed() -> None:
    """An error of the whole parse is about the whole file."""
    assert weigh_file(A, A, B, is_alone=False).has_moved_in_attempt
    assert not weigh_file(A, B, B, is_alone=False).has_moved_in_attempt


# --- sides that note nothing ----------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [(A, A, NOTHING), (A, B, MOVED), (A, GONE, GONE_NOW)],
)
def test_a_stored_side_without_observations(
    before: Observation, after: Observation, expected: tuple[Outcome, Reason | None]
) -> None:
    """It fails closed, but a move that was seen in the run is still a move."""
    evidence = weigh_file(None, before, after, side_has_observations=False)

    assert expected == said(evidence)


# --- retries --------------------------------------------------------------------------


def test_what_moved_since_the_first_attempt_moved_in_this_run() -> None:
    """The second attempt finds a quiet source, but no archive that is behind."""
    evidence = weigh_file(A, B, B, reference=A)

    assert MOVED == said(evidence)
    assert not evidence.has_moved_in_attempt


def test_an_archive_that_was_behind_stays_behind_in_a_retry() -> None:
    """The first attempt's view of the source is what the archive is held against."""
    newest = observe(b"{}\n" * 9)

    assert BEHIND == said(weigh_file(A, newest, newest, reference=B))


def test_a_quiet_retry_over_the_stored_bytes_is_untouched() -> None:
    """What moved and came back, or was recorded meanwhile, proves the parser wrong."""
    assert UNTOUCHED == said(weigh_file(A, A, A, reference=B))


def test_a_source_that_appears_after_the_first_attempt_moved() -> None:
    """It could not be read at first, so nothing is known of an archive behind it."""
    assert MOVED == said(weigh_file(A, B, B, reference=GONE))


def test_rows_that_could_not_be_read_at_first_tell_of_no_archive_behind() -> None:
    """A locked database is no other content than what was stored."""
    locked = Observation(exists=False, error="database is locked")

    evidence = weigh_file(
        rows("a"), rows("b"), rows("b"), SourcePolicy.ROW, reference=locked
    )

    assert MOVED == said(evidence)


def test_a_source_that_came_and_went_is_unreadable() -> None:
    """It is enough that it could be read once in this run."""
    assert GONE_NOW == said(weigh_file(A, A, GONE, reference=GONE))


def test_a_source_that_is_gone_in_a_retry_is_unreadable() -> None:
    """Readable at first, gone now: also when it was gone before the retry began."""
    assert GONE_NOW == said(weigh_file(A, GONE, GONE, reference=A))


def test_what_differs_from_stored_only_in_a_retry_moved_in_this_run() -> None:
    """Each step looks like the one before, and the end does not look like stored."""
    stored = Observation(size=8, consumed=8)
    first = Observation(size=9, consumed=8)
    same_size = Observation(size=9, consumed=9)

    evidence = weigh_file(
        stored, same_size, same_size, SourcePolicy.CODEX, reference=first
    )

    assert MOVED == said(evidence)


# --- text -----------------------------------------------------------------------------


def test_a_verdict_can_print_what_was_seen() -> None:
    """One line per observation, with every value, digests shortened."""
    stored = Observation(size=8, mtime_ns=5, content_hash="0123456789abcdef")
    before = replace(STAT_ONLY, consumed=8)

    assert (
        "stored: size=8 mtime_ns=5 sha256=0123456789ab",
        "before: size=8 mtime_ns=1000 ctime_ns=1000 inode=1:2 consumed=8",
        "after: not there",
    ) == weigh_file(stored, before, NO_ROWS).lines


def test_a_retry_prints_the_first_observation_too() -> None:
    """It is left out where it is the same as before the retry."""
    lines = weigh_file(None, rows("b"), rows("b"), reference=rows("a")).lines

    assert ("stored: nothing noted", "first: rows=a", "before: rows=b") == lines[:3]
    assert 3 == len(weigh_file(None, A, A, reference=A).lines)


def test_what_a_system_says_cannot_trick_a_terminal() -> None:
    """An error is one line without control characters."""
    after = Observation(exists=False, error="no\n\x1b[2Jsuch file")

    assert (
        "after: not readable: no \\x1b[2Jsuch file" == weigh_file(A, A, after).lines[2]
    )
    assert "after: nothing noted" == weigh_file(A, A, Observation()).lines[2]


def test_policies_are_given_by_name() -> None:
    """A configuration can name them."""
    assert ["file", "jsonl", "codex", "row"] == [str(one) for one in SourcePolicy]


def test_reference_equal_to_before_changes_nothing() -> None:
    """The first attempt is its own reference."""
    for after in (A, B, GONE):
        plain = weigh(
            A,
            A,
            after,
            policy=SourcePolicy.FILE,
            side_has_observations=True,
            is_alone=True,
        )
        assert plain == weigh_file(A, A, after, reference=A)

"""Who moved a Codex transcript. Each design that was tried and failed is a test."""

from __future__ import annotations

from dataclasses import replace

import pytest
from diff_observed import GONE, SECOND_NS, observe, weigh_file

from pytest_parsediff.diff.codex import effective_mtime
from pytest_parsediff.diff.evidence import Evidence, Outcome, SourcePolicy
from pytest_parsediff.diff.observation import Observation
from pytest_parsediff.diff.verdict import Reason

ONE = b'{"n":1}\n'
TWO = b'{"n":1}\n{"n":2}\n'
TAIL = b'{"n":1}\n{"n":2'


def weigh_transcript(
    stored: Observation | None, before: Observation, after: Observation
) -> Evidence:
    """Weigh by the rules of Codex."""
    return weigh_file(stored, before, after, SourcePolicy.CODEX)


def after_append(data: bytes, *, hash_of: bytes | None = None) -> Observation:
    """Return what an appending writer of rows stores: boundary, not raw size.

    Args:
        data: The transcript up to its consumed boundary.
        hash_of: What the row's hash is of, when it is not of *data*.
    """
    seen = observe(data if hash_of is None else hash_of)
    return replace(seen, size=len(data), consumed=None)


def test_an_index_newer_than_the_transcript_does_not_hide_an_append() -> None:
    """Rejected: time alone. The stored time is the index's, later than the append."""
    stored = replace(
        observe(ONE), mtime_ns=effective_mtime(1000 * SECOND_NS, 9000 * SECOND_NS)
    )
    appended = observe(TWO, mtime_ns=2000 * SECOND_NS)

    assert Reason.MOVED_DURING_RUN is (
        weigh_transcript(stored, observe(ONE), appended).reason
    )
    assert Reason.NEWER_THAN_ARCHIVE is (
        weigh_transcript(stored, appended, appended).reason
    )


def test_an_index_that_is_written_is_no_move_of_the_transcript() -> None:
    """A rename of some session touches the index that all share, and nothing else."""
    touched = observe(ONE, mtime_ns=9000 * SECOND_NS)

    assert (
        Outcome.UNTOUCHED
        is weigh_transcript(after_append(ONE), touched, touched).outcome
    )


def test_the_stale_hash_of_an_older_full_parse_proves_nothing() -> None:
    """Rejected: another hash or size is a race. Appended rows keep an older hash."""
    stored = after_append(TWO, hash_of=ONE)
    quiet = observe(TWO)

    evidence = weigh_transcript(stored, quiet, quiet)

    assert (Outcome.UNTOUCHED, None) == (evidence.outcome, evidence.reason)


def test_a_hash_that_was_refreshed_over_the_live_file_proves_nothing() -> None:
    """Rejected: refresh the hash on append. The file had grown past what was parsed."""
    stored = after_append(ONE, hash_of=TWO)
    grown = observe(TWO)

    # equal bytes would be proof, so the file must have grown once more to be held
    # against its boundary
    more = observe(TWO + b"{}\n")
    assert Reason.NEWER_THAN_ARCHIVE is weigh_transcript(stored, more, more).reason
    assert Reason.CONTENT_EQUAL is weigh_transcript(stored, grown, grown).reason


def test_the_hash_of_the_consumed_prefix_is_not_the_hash_of_the_file() -> None:
    """Rejected: hash exactly the prefix. A tail makes the whole file's another one."""
    stored = after_append(ONE)
    with_tail = observe(TAIL)

    evidence = weigh_transcript(stored, with_tail, with_tail)

    assert (Outcome.UNTOUCHED, None) == (evidence.outcome, evidence.reason)


@pytest.mark.parametrize("digest", [None, "00", observe(TWO).content_hash])
def test_prefix_hash_with_boundary_is_no_better(digest: str | None) -> None:
    """Rejected: hash and boundary. Legacy rows have any hash; the boundary decides."""
    stored = Observation(size=len(ONE), content_hash=digest)
    tail, grown = observe(TAIL), observe(TWO + b"{}\n")

    assert Outcome.UNTOUCHED is weigh_transcript(stored, tail, tail).outcome
    assert Outcome.MOVED is weigh_transcript(stored, grown, grown).outcome


def test_the_boundary_is_that_of_the_file_now() -> None:
    """Rejected: the size the parser saw. What was appended since is in the new one."""
    parsed = observe(ONE)
    at_verdict = observe(TWO)

    evidence = weigh_transcript(after_append(ONE), parsed, at_verdict)

    assert Reason.MOVED_DURING_RUN is evidence.reason


def test_raw_size_comes_before_the_boundary() -> None:
    """Rejected: boundary alone. A full parse stores the raw size, ignored tail included."""
    stored = Observation(size=len(TAIL))
    quiet = observe(TAIL)

    assert len(ONE) == quiet.consumed
    assert Outcome.UNTOUCHED is weigh_transcript(stored, quiet, quiet).outcome


@pytest.mark.parametrize("tail", [b'{"n"', b'{"n":2}'], ids=["partial", "valid"])
@pytest.mark.parametrize(
    "stored",
    [observe(ONE), after_append(ONE), observe(TAIL)],
    ids=["full parse", "appended", "full parse with a tail"],
)
def test_a_growing_tail_is_no_move(stored: Observation, tail: bytes) -> None:
    """No record came with it, whichever size was stored; so drift is the parser's."""
    before, after = observe(ONE), observe(ONE + tail)

    assert Outcome.UNTOUCHED is weigh_transcript(stored, before, after).outcome


def test_a_completed_tail_is_a_move() -> None:
    """The record is new as soon as its line ends."""
    evidence = weigh_transcript(observe(TAIL), observe(TAIL), observe(TWO))

    assert Reason.MOVED_DURING_RUN is evidence.reason


def test_a_rewrite_with_an_older_time_is_a_move() -> None:
    """Size and boundary tell what no time does."""
    rewritten = observe(b'{"other":"session"}\n', mtime_ns=1)

    evidence = weigh_transcript(observe(ONE), observe(ONE), rewritten)

    assert Reason.MOVED_DURING_RUN is evidence.reason


def test_a_stored_row_without_size_is_no_race() -> None:
    """What was never measured has not moved."""
    stored = Observation(mtime_ns=1)
    quiet = observe(TWO)

    assert Outcome.UNTOUCHED is weigh_transcript(stored, quiet, quiet).outcome


def test_no_stored_observation_at_all_is_no_watermark() -> None:
    """An archive row that notes nothing is to be recorded again."""
    quiet = observe(TWO)

    assert Reason.NO_STORED_WATERMARK is weigh_transcript(None, quiet, quiet).reason


def test_a_transcript_that_cannot_be_looked_at_any_more() -> None:
    """Gone at the verdict is unreadable; a boundary that could not be read, a move."""
    no_boundary = Observation(size=99)
    no_size = Observation()
    stored, quiet = observe(ONE), observe(ONE)

    assert Reason.UNREADABLE is weigh_transcript(stored, quiet, GONE).reason
    assert Reason.MOVED_DURING_RUN is (
        weigh_transcript(stored, quiet, no_boundary).reason
    )
    assert Outcome.NONE is weigh_transcript(stored, quiet, no_size).outcome


def test_boundaries_that_nobody_looked_for_are_not_the_same() -> None:
    """Another size without a boundary on either side is a move."""
    small, large = Observation(size=8), Observation(size=9)

    assert Reason.NEWER_THAN_ARCHIVE is weigh_transcript(small, large, large).reason


def test_equal_bytes_prove_it() -> None:
    """Whatever the sizes of an older row say, the same hash is the same file."""
    stored = replace(observe(TWO), size=1, consumed=1)
    quiet = observe(TWO)

    assert Reason.CONTENT_EQUAL is weigh_transcript(stored, quiet, quiet).reason

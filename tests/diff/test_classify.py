"""The class of a session: precedence, presence, errors, sweeps."""

from __future__ import annotations

from dataclasses import replace

import pytest
from diff_observed import (
    BEHIND,
    INFORMATIONAL,
    MOVED,
    REAL,
    UNKNOWN,
    UNTOUCHED,
    facts,
    parsed_session,
    stored_session,
)

from pytest_parsediff.diff.classify import PRESENCE, SessionFacts, classify
from pytest_parsediff.diff.evidence import Evidence, Outcome
from pytest_parsediff.diff.records import ParsedSession, StoredSession
from pytest_parsediff.diff.verdict import FieldDiff, Phase, Reason, VerdictClass

APPENDED = stored_session(is_incremental=True)
OLD = stored_session(data_version=2)
OLD_APPENDED = stored_session(data_version=2, is_incremental=True)
TRASHED = stored_session(is_trashed=True)
PARSED = parsed_session()


def compared(
    stored: StoredSession | None = None,
    *,
    parsed: ParsedSession | None = PARSED,
    fields: tuple[FieldDiff, ...] = (REAL,),
    evidence: Evidence | None = UNTOUCHED,
    is_confined_to_skew: bool = False,
    is_stored_rewritten: bool = False,
) -> SessionFacts:
    """Return the facts of a session that was emitted, version 3 being the current."""
    return facts(
        stored,
        parsed,
        fields=fields,
        evidence=evidence,
        current_data_version=3,
        is_confined_to_skew=is_confined_to_skew,
        is_stored_rewritten=is_stored_rewritten,
    )


def failed(
    stored: StoredSession | None = None, evidence: Evidence | None = UNTOUCHED
) -> SessionFacts:
    """Return the facts of a session whose source could not be parsed."""
    return facts(
        stored, evidence=evidence, current_data_version=3, source_error="bad line 7"
    )


# --- precedence -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("session", "expected"),
    [
        pytest.param(
            compared(OLD, parsed=parsed_session(needs_retry="lags", excluded="no")),
            VerdictClass.TRANSIENT_NEEDS_RETRY,
            id="retry before veto",
        ),
        pytest.param(
            compared(None, parsed=parsed_session(needs_retry="lags")),
            VerdictClass.TRANSIENT_NEEDS_RETRY,
            id="retry before new",
        ),
        pytest.param(
            compared(None, parsed=parsed_session(excluded="no")),
            VerdictClass.EXCLUDED_BY_PARSER,
            id="veto before new",
        ),
        pytest.param(
            compared(TRASHED, parsed=parsed_session(excluded="no")),
            VerdictClass.EXCLUDED_BY_PARSER,
            id="veto before trashed",
        ),
        pytest.param(compared(None), VerdictClass.NEW_ON_DISK, id="new"),
        pytest.param(
            compared(stored_session(data_version=2, is_trashed=True)),
            VerdictClass.SKIPPED,
            id="trashed before pending",
        ),
        pytest.param(
            compared(OLD, fields=()),
            VerdictClass.PENDING_RESYNC,
            id="pending without differences",
        ),
        pytest.param(
            compared(OLD), VerdictClass.PENDING_RESYNC, id="pending before changed"
        ),
        pytest.param(
            compared(OLD, evidence=MOVED),
            VerdictClass.PENDING_RESYNC,
            id="pending before raced",
        ),
        pytest.param(
            compared(OLD_APPENDED, is_confined_to_skew=True),
            VerdictClass.PENDING_RESYNC,
            id="pending before skew",
        ),
        pytest.param(
            compared(APPENDED, evidence=MOVED, is_confined_to_skew=True),
            VerdictClass.RACED,
            id="raced before skew",
        ),
        pytest.param(
            compared(stored_session(), evidence=MOVED),
            VerdictClass.RACED,
            id="raced before changed",
        ),
        pytest.param(
            compared(APPENDED, is_confined_to_skew=True),
            VerdictClass.INCREMENTAL_SKEW,
            id="skew before changed",
        ),
        pytest.param(compared(stored_session()), VerdictClass.CHANGED, id="changed"),
        pytest.param(
            compared(stored_session(), fields=(), evidence=MOVED),
            VerdictClass.IDENTICAL,
            id="moved without differences",
        ),
        pytest.param(
            compared(APPENDED, fields=(), is_confined_to_skew=True),
            VerdictClass.IDENTICAL,
            id="skew without differences",
        ),
        pytest.param(
            compared(stored_session(), fields=(INFORMATIONAL,), evidence=MOVED),
            VerdictClass.IDENTICAL,
            id="informational differences only",
        ),
        pytest.param(
            compared(stored_session(data_version=4)),
            VerdictClass.CHANGED,
            id="stored by a newer version",
        ),
    ],
)
def test_precedence(session: SessionFacts, expected: VerdictClass) -> None:
    """Of all classes that apply, the first of the documented order."""
    assert expected is classify(session).cls


def test_skew_needs_the_marker_of_the_row() -> None:
    """Differences that appending could leave count, where nothing was appended."""
    verdict = classify(compared(stored_session(), is_confined_to_skew=True))

    assert VerdictClass.CHANGED is verdict.cls


def test_skew_needs_every_real_difference_to_be_confined() -> None:
    """One difference that appending cannot leave keeps the session changed."""
    verdict = classify(compared(APPENDED, is_confined_to_skew=False))

    assert VerdictClass.CHANGED is verdict.cls


# --- reasons --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("evidence", "reason"),
    [
        (UNTOUCHED, Reason.CONTENT_EQUAL),
        (Evidence(outcome=Outcome.UNTOUCHED), None),
        (UNKNOWN, Reason.NO_EVIDENCE),
        (None, Reason.NO_EVIDENCE),
    ],
)
def test_why_a_session_is_changed(
    evidence: Evidence | None, reason: Reason | None
) -> None:
    """The source is proved untouched, or looks so, or nothing is known: fail closed."""
    verdict = classify(compared(stored_session(), evidence=evidence))

    assert (VerdictClass.CHANGED, reason) == (verdict.cls, verdict.reason)


@pytest.mark.parametrize(
    ("evidence", "reason"),
    [
        (MOVED, Reason.MOVED_DURING_RUN),
        (BEHIND, Reason.ARCHIVE_ROW_REWRITTEN),
        (UNTOUCHED, Reason.ARCHIVE_ROW_REWRITTEN),
        (UNKNOWN, Reason.ARCHIVE_ROW_REWRITTEN),
        (None, Reason.ARCHIVE_ROW_REWRITTEN),
    ],
)
def test_a_stored_row_that_was_rewritten_meanwhile(
    evidence: Evidence | None, reason: Reason
) -> None:
    """The difference is one to a row that is no more; a move in the run says more."""
    verdict = classify(
        compared(stored_session(), evidence=evidence, is_stored_rewritten=True)
    )

    assert (VerdictClass.RACED, reason) == (verdict.cls, verdict.reason)
    assert not verdict.is_stale


def test_an_archive_behind_its_source_is_told_apart() -> None:
    """It has the class of a race and a reason that counts against another budget."""
    verdict = classify(compared(stored_session(), evidence=BEHIND))

    assert VerdictClass.RACED is verdict.cls
    assert verdict.is_stale


def test_older_version_is_a_reason() -> None:
    """The differences are kept, and never count."""
    verdict = classify(compared(OLD))

    assert Reason.OLDER_DATA_VERSION is verdict.reason
    assert (REAL,) == verdict.fields
    assert 2 == verdict.stored_data_version


def test_real_differences_come_first() -> None:
    """Among themselves they keep their order."""
    other = replace(REAL, field="usage")
    verdict = classify(
        compared(stored_session(), fields=(INFORMATIONAL, REAL, INFORMATIONAL, other))
    )

    assert (REAL, other, INFORMATIONAL, INFORMATIONAL) == verdict.fields
    assert ("model", "usage") == verdict.real_fields


def test_a_verdict_prints_its_evidence() -> None:
    """Classes that say who moved show what was observed, the others do not."""
    raced = classify(compared(stored_session(), evidence=MOVED))
    changed = classify(compared(stored_session()))
    identical = classify(compared(stored_session(), fields=()))

    assert MOVED.lines == raced.evidence
    assert UNTOUCHED.lines == changed.evidence
    assert () == identical.evidence
    assert () == classify(compared(stored_session(), evidence=None)).evidence


def test_what_the_parser_says_is_kept() -> None:
    """Why it vetoes, and why it asks for another pass."""
    veto = classify(compared(OLD, parsed=parsed_session(excluded="kept as it is")))
    retry = classify(compared(OLD, parsed=parsed_session(needs_retry="lags")))

    assert ("kept as it is", ()) == (veto.message, veto.fields)
    assert ("lags", ()) == (retry.message, retry.fields)


def test_a_verdict_names_its_session() -> None:
    """Adapter, id, source and the version that was stored."""
    verdict = classify(compared(None))

    assert ("usage", "ses_1", "a.jsonl", None) == (
        verdict.adapter,
        verdict.session,
        verdict.source,
        verdict.stored_data_version,
    )
    assert Phase.COMPARE is verdict.phase


def test_what_nobody_says_changes_no_class() -> None:
    """Facts that are left out excuse nothing and skip nothing."""
    stored = stored_session(data_version=0, is_incremental=True)

    compared_only = classify(
        SessionFacts(
            adapter="usage",
            session="ses_1",
            stored=stored,
            parsed=parsed_session(),
            fields=(REAL,),
        )
    )
    stored_only = classify(
        SessionFacts(adapter="usage", session="ses_1", source="a", stored=stored)
    )

    assert (VerdictClass.CHANGED, Reason.NO_EVIDENCE) == (
        compared_only.cls,
        compared_only.reason,
    )
    assert (VerdictClass.SKIPPED, Reason.NOT_DISCOVERED) == (
        stored_only.cls,
        stored_only.reason,
    )


# --- presence -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("session", "cls", "reason"),
    [
        pytest.param(
            facts(stored=stored_session(), evidence=UNTOUCHED, is_swept=True),
            VerdictClass.CHANGED,
            Reason.CONTENT_EQUAL,
            id="dropped",
        ),
        pytest.param(
            facts(stored=stored_session(), is_swept=True, current_data_version=3),
            VerdictClass.CHANGED,
            Reason.NO_EVIDENCE,
            id="dropped without evidence",
        ),
        pytest.param(
            facts(stored=stored_session(), evidence=MOVED, is_swept=True),
            VerdictClass.RACED,
            Reason.MOVED_DURING_RUN,
            id="dropped while the source moved",
        ),
        pytest.param(
            facts(stored=stored_session(), evidence=BEHIND, is_swept=True),
            VerdictClass.RACED,
            Reason.NEWER_THAN_ARCHIVE,
            id="dropped since the archive",
        ),
        pytest.param(
            facts(
                stored=stored_session(),
                evidence=UNTOUCHED,
                is_stored_rewritten=True,
                is_swept=True,
            ),
            VerdictClass.RACED,
            Reason.ARCHIVE_ROW_REWRITTEN,
            id="dropped from a row rewritten meanwhile",
        ),
        pytest.param(
            facts(stored=OLD, evidence=MOVED, current_data_version=3, is_swept=True),
            VerdictClass.PENDING_RESYNC,
            Reason.STALE_ID,
            id="dropped by a newer version",
        ),
        pytest.param(
            facts(
                stored=APPENDED,
                evidence=UNTOUCHED,
                is_swept=True,
                is_confined_to_skew=True,
            ),
            VerdictClass.CHANGED,
            Reason.CONTENT_EQUAL,
            id="dropped is never skew",
        ),
    ],
)
def test_a_session_that_is_not_emitted_any_more(
    session: SessionFacts, cls: VerdictClass, reason: Reason
) -> None:
    """A drop goes through the same guard as any other difference."""
    verdict = classify(session)

    assert (cls, reason) == (verdict.cls, verdict.reason)
    assert ((PRESENCE,), Phase.PRESENCE) == (verdict.fields, verdict.phase)


def test_a_dropped_session_that_was_trashed() -> None:
    """Nobody misses it."""
    verdict = classify(facts(stored=TRASHED, evidence=UNTOUCHED, is_swept=True))

    assert (VerdictClass.SKIPPED, Reason.TRASHED) == (verdict.cls, verdict.reason)
    assert () == verdict.fields


def test_one_session_put_off_does_not_hide_another_one_missing() -> None:
    """Of one complete source, one is to be retried and one is dropped."""
    put_off = classify(
        compared(stored_session(), parsed=parsed_session(needs_retry="lags"))
    )
    missing = classify(facts(stored=stored_session(), is_swept=True))

    assert VerdictClass.TRANSIENT_NEEDS_RETRY is put_off.cls
    assert (VerdictClass.CHANGED, ("presence",)) == (missing.cls, missing.real_fields)


def test_an_incomplete_source_drops_nothing() -> None:
    """Where the parser did not come to the end, absence says nothing."""
    verdict = classify(facts(stored=stored_session(), evidence=UNTOUCHED))

    assert VerdictClass.SKIPPED is verdict.cls
    assert Reason.NOT_DISCOVERED is verdict.reason


def test_nothing_stored_and_nothing_emitted_is_a_mistake_of_the_caller() -> None:
    """There is no session to speak of."""
    with pytest.raises(ValueError, match="expected a stored session"):
        classify(facts(is_swept=True))


# --- errors of the parse --------------------------------------------------------------


@pytest.mark.parametrize("stored", [None, stored_session(), OLD])
def test_a_source_at_rest_that_does_not_parse(stored: StoredSession | None) -> None:
    """It is an error whatever was stored, and comes before every other class."""
    verdict = classify(failed(stored, UNTOUCHED))

    assert VerdictClass.PARSE_ERROR is verdict.cls
    assert ("bad line 7", Phase.PARSE) == (verdict.message, verdict.phase)
    assert ((), UNTOUCHED.lines) == (verdict.fields, verdict.evidence)


@pytest.mark.parametrize("evidence", [None, UNKNOWN, UNTOUCHED, BEHIND])
def test_an_error_needs_a_move_during_the_parse_to_be_a_race(
    evidence: Evidence | None,
) -> None:
    """An archive that is behind explains no error: the bytes are at rest."""
    verdict = classify(failed(stored_session(), evidence))

    assert VerdictClass.PARSE_ERROR is verdict.cls


@pytest.mark.parametrize("stored", [None, stored_session()])
def test_a_source_that_was_being_written_is_raced(stored: StoredSession | None) -> None:
    """Half-written JSON is nobody's mistake, also in a source that is new."""
    verdict = classify(failed(stored, MOVED))

    assert VerdictClass.RACED is verdict.cls
    assert (Reason.MOVED_DURING_RUN, Phase.PARSE) == (verdict.reason, verdict.phase)
    assert "bad line 7" == verdict.message


def test_a_source_that_vanished_under_the_parse_is_raced() -> None:
    """The reason says that it is gone."""
    gone = replace(MOVED, reason=Reason.UNREADABLE)

    verdict = classify(failed(stored_session(), gone))

    assert (VerdictClass.RACED, Reason.UNREADABLE) == (verdict.cls, verdict.reason)


def test_a_move_during_the_parse_says_more_than_an_archive_that_is_behind() -> None:
    """A file that was behind and is being written fails as a race, not as stale."""
    both = replace(BEHIND, has_moved_in_attempt=True)

    verdict = classify(failed(stored_session(), both))

    assert (VerdictClass.RACED, Reason.MOVED_DURING_RUN) == (
        verdict.cls,
        verdict.reason,
    )


def test_the_error_of_a_shared_source_is_about_all_its_sessions() -> None:
    """That the file moved is evidence about the whole parse, though not about one."""
    shared = replace(UNKNOWN, has_moved_in_attempt=True)

    whole = classify(failed(stored_session(), shared))
    one = classify(
        compared(stored_session(), parsed=parsed_session(error="x"), evidence=shared)
    )

    assert (VerdictClass.RACED, VerdictClass.PARSE_ERROR) == (whole.cls, one.cls)


def test_the_error_of_one_session() -> None:
    """It comes before what else the parser says, and through the same guard."""
    broken = parsed_session(error="bad part", needs_retry="lags", excluded="no")

    at_rest = classify(compared(stored_session(), parsed=broken))
    moving = classify(compared(stored_session(), parsed=broken, evidence=MOVED))

    assert (VerdictClass.PARSE_ERROR, "bad part") == (at_rest.cls, at_rest.message)
    assert VerdictClass.RACED is moving.cls


@pytest.mark.parametrize("evidence", [None, UNKNOWN, UNTOUCHED, BEHIND])
def test_the_error_of_one_session_needs_a_move_during_the_parse(
    evidence: Evidence | None,
) -> None:
    """An archive that is behind explains no error of one session either."""
    broken = parsed_session(error="bad part")

    verdict = classify(compared(stored_session(), parsed=broken, evidence=evidence))

    assert VerdictClass.PARSE_ERROR is verdict.cls


def test_a_source_whose_only_sessions_are_trashed_fails_nobody() -> None:
    """An error in what somebody threw away is skipped."""
    verdict = classify(failed(TRASHED))

    assert (VerdictClass.SKIPPED, Reason.TRASHED) == (verdict.cls, verdict.reason)


def test_an_error_of_a_source_without_any_session() -> None:
    """It is one verdict without an id."""
    source = SessionFacts(
        adapter="usage", session="", source="a.jsonl", source_error="x"
    )

    assert (VerdictClass.PARSE_ERROR, "") == (
        classify(source).cls,
        classify(source).session,
    )


# --- sessions nobody looked at --------------------------------------------------------


def unseen(stored: StoredSession, source: str = "a.jsonl") -> SessionFacts:
    """Return the facts of a session that nobody looked at, for every reason at once."""
    return facts(
        stored,
        source=source,
        is_other_adapter=True,
        is_not_sampled=True,
        is_source_missing=True,
    )


@pytest.mark.parametrize(
    ("session", "reason"),
    [
        (unseen(TRASHED), Reason.TRASHED),
        (
            unseen(stored_session(), ""),
            Reason.OTHER_ADAPTER,
        ),
        (
            facts(stored=stored_session(), source="", is_not_sampled=True),
            Reason.SOURCE_MISSING,
        ),
        (
            facts(stored=stored_session(), is_not_sampled=True, is_source_missing=True),
            Reason.NOT_SAMPLED,
        ),
        (facts(stored=stored_session(), is_source_missing=True), Reason.SOURCE_MISSING),
        (facts(stored=stored_session()), Reason.NOT_DISCOVERED),
        (facts(is_not_sampled=True), Reason.NOT_SAMPLED),
    ],
)
def test_why_nobody_looked(session: SessionFacts, reason: Reason) -> None:
    """Of all reasons that apply, the first of the documented order."""
    verdict = classify(session)

    assert (VerdictClass.SKIPPED, reason) == (verdict.cls, verdict.reason)
    assert ((), ()) == (verdict.fields, verdict.evidence)

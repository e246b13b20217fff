"""Observations and facts that several tests need."""

from __future__ import annotations

from hashlib import sha256

from pytest_parsediff.diff.classify import SessionFacts
from pytest_parsediff.diff.codex import consumed_boundary
from pytest_parsediff.diff.evidence import Evidence, Outcome, SourcePolicy, weigh
from pytest_parsediff.diff.observation import Observation
from pytest_parsediff.diff.records import ParsedSession, StoredSession
from pytest_parsediff.diff.verdict import FieldDiff, Reason

SECOND_NS = 10**9
#: What a source is when it cannot be looked at any more.
GONE = Observation(exists=False, error="No such file or directory")
#: What a session is when its rows are gone and the database is fine.
NO_ROWS = Observation(exists=False)

REAL = FieldDiff(field="model", stored="a", parsed="b")
INFORMATIONAL = FieldDiff(field="title", stored="a", parsed="b", is_informational=True)


def observe(data: bytes, mtime_ns: int = 1000 * SECOND_NS) -> Observation:
    """Return what is seen of a file with these bytes."""
    return Observation(
        size=len(data),
        mtime_ns=mtime_ns,
        content_hash=sha256(data).hexdigest(),
        consumed=consumed_boundary([data]),
    )


def rows(digest: str) -> Observation:
    """Return what is seen of a session in a database."""
    return Observation(row_digest=digest)


def weigh_file(
    stored: Observation | None,
    before: Observation,
    after: Observation,
    policy: SourcePolicy = SourcePolicy.FILE,
    *,
    reference: Observation | None = None,
    is_alone: bool = True,
    side_has_observations: bool = True,
) -> Evidence:
    """Weigh a session with a source of its own, and an archive beside it."""
    return weigh(
        stored,
        before,
        after,
        policy=policy,
        side_has_observations=side_has_observations,
        is_alone=is_alone,
        reference=reference,
    )


def facts(
    stored: StoredSession | None = None,
    parsed: ParsedSession | None = None,
    *,
    fields: tuple[FieldDiff, ...] = (),
    evidence: Evidence | None = None,
    current_data_version: int = 0,
    is_confined_to_skew: bool = False,
    is_stored_rewritten: bool = False,
    is_swept: bool = False,
    source_error: str = "",
    source: str = "a.jsonl",
    is_other_adapter: bool = False,
    is_not_sampled: bool = False,
    is_source_missing: bool = False,
) -> SessionFacts:
    """Return the facts of the session ``ses_1`` of the source ``a.jsonl``."""
    return SessionFacts(
        adapter="usage",
        session="ses_1",
        source=source,
        stored=stored,
        parsed=parsed,
        fields=fields,
        evidence=evidence,
        current_data_version=current_data_version,
        is_confined_to_skew=is_confined_to_skew,
        is_stored_rewritten=is_stored_rewritten,
        is_swept=is_swept,
        source_error=source_error,
        is_other_adapter=is_other_adapter,
        is_not_sampled=is_not_sampled,
        is_source_missing=is_source_missing,
    )


def stored_session(
    *,
    data_version: int = 3,
    is_trashed: bool = False,
    is_incremental: bool = False,
) -> StoredSession:
    """Return a stored session."""
    return StoredSession(
        adapter="usage",
        session="ses_1",
        source="a.jsonl",
        data_version=data_version,
        is_trashed=is_trashed,
        is_incremental=is_incremental,
    )


def parsed_session(
    *, needs_retry: str = "", excluded: str = "", error: str = ""
) -> ParsedSession:
    """Return a parsed session."""
    return ParsedSession(
        adapter="usage",
        session="ses_1",
        source="a.jsonl",
        needs_retry=needs_retry,
        excluded=excluded,
        error=error,
    )


UNTOUCHED = Evidence(
    outcome=Outcome.UNTOUCHED, reason=Reason.CONTENT_EQUAL, lines=("stored: x",)
)
MOVED = Evidence(
    outcome=Outcome.MOVED,
    reason=Reason.MOVED_DURING_RUN,
    lines=("before: x", "after: y"),
    has_moved_in_attempt=True,
)
BEHIND = Evidence(outcome=Outcome.MOVED, reason=Reason.NEWER_THAN_ARCHIVE)
UNKNOWN = Evidence(outcome=Outcome.NONE, reason=Reason.NO_EVIDENCE)

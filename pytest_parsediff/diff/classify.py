"""From what is known of one session to its class."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_parsediff.diff.evidence import Evidence, Outcome
from pytest_parsediff.diff.records import ParsedSession, StoredSession
from pytest_parsediff.diff.verdict import (
    STALE_REASONS,
    FieldDiff,
    Phase,
    Reason,
    Verdict,
    VerdictClass,
)

#: What is shown of a stored session that its source no longer has.
PRESENCE = FieldDiff(field="presence", stored="stored", parsed="(not emitted)")

#: Classes that say who moved, and so show what was observed.
_WEIGHED = frozenset(
    {VerdictClass.RACED, VerdictClass.CHANGED, VerdictClass.PARSE_ERROR}
)
#: Classes of sessions that are not compared, whatever the caller knows to differ.
_WITHOUT_FIELDS = frozenset(
    {
        VerdictClass.TRANSIENT_NEEDS_RETRY,
        VerdictClass.EXCLUDED_BY_PARSER,
        VerdictClass.NEW_ON_DISK,
        VerdictClass.SKIPPED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFacts:
    """Everything that the class of one session depends on.

    Attributes:
        adapter: Who parses it.
        session: Its id; empty for a source without any known session.
        source: Name of its source; empty if nobody noted it.
        stored: As it was stored; ``None`` if it is not.
        parsed: As it is parsed now; ``None`` if it was not emitted.
        fields: What differs between the two.
        evidence: What the observations of its source say; ``None`` where nobody
            observed it.
        current_data_version: Of the adapter, now; 0 if it has none.
        is_confined_to_skew: Whether every real difference is one that appending
            leaves behind.
        is_stored_rewritten: Whether the stored row has another revision since it was
            compared.
        source_error: Why the source as a whole could not be parsed.
        is_swept: Whether the source was parsed to its end, so that a session it did
            not emit is not there.
        is_other_adapter: Whether this run does not concern its adapter.
        is_not_sampled: Whether a limit or a sample left its source out.
        is_source_missing: Whether its source is not there.
    """

    adapter: str
    session: str
    source: str = ""
    stored: StoredSession | None = None
    parsed: ParsedSession | None = None
    fields: tuple[FieldDiff, ...] = ()
    evidence: Evidence | None = None
    current_data_version: int = 0
    is_confined_to_skew: bool = False
    is_stored_rewritten: bool = False
    source_error: str = ""
    is_swept: bool = False
    is_other_adapter: bool = False
    is_not_sampled: bool = False
    is_source_missing: bool = False


@dataclass(frozen=True, slots=True)
class _Class:
    """A class with its reason and the parser's own words."""

    cls: VerdictClass
    reason: Reason | None = None
    message: str = ""


def classify(facts: SessionFacts) -> Verdict:
    """Return the class of a session; of all that apply, the first.

    Order: an error of the parse (``raced`` if the source moved meanwhile), the parser
    asks for another pass, the parser's veto, not stored, trashed, stored by an older
    data version, raced, skew of appending, changed, identical. A session that was not
    emitted is trashed, of an older version, raced or changed where its source was read
    to the end, and skipped elsewhere.
    """
    parsed = facts.parsed
    if error := facts.source_error or (parsed.error if parsed is not None else ""):
        return _give(facts, Phase.PARSE, (), _classify_error(facts, error))
    if parsed is not None:
        found = _classify_parsed(facts, parsed)
        return _give(facts, Phase.COMPARE, facts.fields, found)
    if facts.is_swept:
        return _give(facts, Phase.PRESENCE, (PRESENCE,), _classify_absent(facts))
    skipped = _Class(VerdictClass.SKIPPED, _why_skipped(facts))
    return _give(facts, Phase.PRESENCE, (), skipped)


def _give(
    facts: SessionFacts, phase: Phase, fields: tuple[FieldDiff, ...], found: _Class
) -> Verdict:
    return Verdict(
        adapter=facts.adapter,
        session=facts.session,
        source=facts.source,
        cls=found.cls,
        reason=found.reason,
        phase=phase,
        fields=() if found.cls in _WITHOUT_FIELDS else _real_first(fields),
        stored_data_version=facts.stored.data_version if facts.stored else None,
        evidence=_lines_of(facts, found.cls),
        message=found.message,
    )


def _lines_of(facts: SessionFacts, cls: VerdictClass) -> tuple[str, ...]:
    if facts.evidence is None or cls not in _WEIGHED:
        return ()
    return facts.evidence.lines


def _real_first(fields: tuple[FieldDiff, ...]) -> tuple[FieldDiff, ...]:
    return tuple(sorted(fields, key=lambda one: one.is_informational))


def _classify_error(facts: SessionFacts, error: str) -> _Class:
    """Decide between an error of the parser and a source that was being written.

    What was stored does not matter: bytes at rest that do not parse are an error,
    however far the archive is behind. An error of one session needs evidence about
    that session; an error of the whole source is about the whole source.
    """
    if facts.stored is not None and facts.stored.is_trashed:
        return _Class(VerdictClass.SKIPPED, Reason.TRASHED)
    evidence = facts.evidence
    if evidence is None or not evidence.has_moved_in_attempt:
        return _Class(VerdictClass.PARSE_ERROR, message=error)
    if not facts.source_error and evidence.outcome is not Outcome.MOVED:
        return _Class(VerdictClass.PARSE_ERROR, message=error)
    is_gone = evidence.reason is Reason.UNREADABLE
    reason = Reason.UNREADABLE if is_gone else Reason.MOVED_DURING_RUN
    return _Class(VerdictClass.RACED, reason, error)


def _classify_parsed(facts: SessionFacts, parsed: ParsedSession) -> _Class:
    stored = facts.stored
    if parsed.needs_retry:
        return _Class(VerdictClass.TRANSIENT_NEEDS_RETRY, message=parsed.needs_retry)
    if parsed.excluded:
        return _Class(VerdictClass.EXCLUDED_BY_PARSER, message=parsed.excluded)
    if stored is None:
        return _Class(VerdictClass.NEW_ON_DISK)
    if stored.is_trashed:
        return _Class(VerdictClass.SKIPPED, Reason.TRASHED)
    if stored.data_version < facts.current_data_version:
        return _Class(VerdictClass.PENDING_RESYNC, Reason.OLDER_DATA_VERSION)
    return _classify_fields(facts, stored)


def _classify_fields(facts: SessionFacts, stored: StoredSession) -> _Class:
    if all(one.is_informational for one in facts.fields):
        return _Class(VerdictClass.IDENTICAL)
    if raced := _find_race(facts):
        return raced
    if facts.is_confined_to_skew and stored.is_incremental:
        return _Class(VerdictClass.INCREMENTAL_SKEW)
    return _Class(VerdictClass.CHANGED, _why_changed(facts.evidence))


def _classify_absent(facts: SessionFacts) -> _Class:
    """Classify a session that its source, read to the end, no longer has."""
    stored = facts.stored
    if stored is None:
        raise ValueError("expected a stored session where nothing was emitted")
    if stored.is_trashed:
        return _Class(VerdictClass.SKIPPED, Reason.TRASHED)
    if stored.data_version < facts.current_data_version:
        return _Class(VerdictClass.PENDING_RESYNC, Reason.STALE_ID)
    changed = _Class(VerdictClass.CHANGED, _why_changed(facts.evidence))
    return _find_race(facts) or changed


def _find_race(facts: SessionFacts) -> _Class | None:
    """Return the race that explains a real difference, if there is evidence of one.

    A move in this run comes first, then a stored row that was rewritten under the
    comparison, and an archive that is behind last: it is the one that fails a run.
    """
    evidence = facts.evidence
    reason = None
    if evidence is not None and evidence.outcome is Outcome.MOVED:
        reason = evidence.reason
    if facts.is_stored_rewritten and (reason is None or reason in STALE_REASONS):
        reason = Reason.ARCHIVE_ROW_REWRITTEN
    return None if reason is None else _Class(VerdictClass.RACED, reason)


def _why_changed(evidence: Evidence | None) -> Reason | None:
    return Reason.NO_EVIDENCE if evidence is None else evidence.reason


def _why_skipped(facts: SessionFacts) -> Reason:
    """Return why nobody looked at a stored session; of all that apply, the first."""
    reasons = [
        (facts.stored is not None and facts.stored.is_trashed, Reason.TRASHED),
        (facts.is_other_adapter, Reason.OTHER_ADAPTER),
        (not facts.source, Reason.SOURCE_MISSING),
        (facts.is_not_sampled, Reason.NOT_SAMPLED),
        (facts.is_source_missing, Reason.SOURCE_MISSING),
    ]
    return next((why for holds, why in reasons if holds), Reason.NOT_DISCOVERED)

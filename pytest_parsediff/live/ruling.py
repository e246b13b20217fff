"""What a verdict means for the test item that asked for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_parsediff.core.errors import (
    ParsediffError,
    SessionChangedError,
    SessionExcludedError,
    SessionRacedError,
    SourceParseError,
)
from pytest_parsediff.diff.expectation import Expectation, ExpectedKind, check
from pytest_parsediff.diff.gatesettings import GateSettings
from pytest_parsediff.diff.verdict import Reason, Verdict, VerdictClass

_SKIPPED = {
    VerdictClass.NEW_ON_DISK: "not stored yet",
    VerdictClass.SKIPPED: "nothing to compare with",
}
_WHY_SKIPPED = {
    Reason.TRASHED: "trashed in the archive",
    Reason.SOURCE_MISSING: "its source is not there",
    Reason.NOT_SAMPLED: "left out by --parsediff-limit or --parsediff-sample",
    Reason.NOT_DISCOVERED: "its source does not list it",
    Reason.OTHER_ADAPTER: "no source of this run is of its adapter",
}
_PASSES = {
    VerdictClass.IDENTICAL: "passed",
    VerdictClass.RACED: "raced",
    VerdictClass.INCREMENTAL_SKEW: "skew",
    VerdictClass.PENDING_RESYNC: "pending",
    VerdictClass.TRANSIENT_NEEDS_RETRY: "retry",
    VerdictClass.EXCLUDED_BY_PARSER: "excluded",
    VerdictClass.CHANGED: "changed",
    VerdictClass.PARSE_ERROR: "unparsed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What becomes of an item.

    Attributes:
        category: What it is counted as when it passes: ``passed``, or a word of ours.
        error: Why it fails; ``None`` when it does not.
        skip: Why it is skipped; empty when it is not.
        expected: Why its difference is right, as somebody declared; empty without.
        declared: What was declared: ``raced``, ``changed``, or empty.
    """

    category: str = "passed"
    error: ParsediffError | None = None
    skip: str = ""
    expected: str = ""
    declared: str = ""


def rule(
    verdict: Verdict, gate: GateSettings, expectations: Sequence[Expectation] = ()
) -> Ruling:
    """Return what *verdict* means, given what was declared of its session.

    A declaration that does not come true fails the item, whatever the class; one that
    does lets it pass, though the gate would fail it.
    """
    declared = expectations[0].kind.value if expectations else ""
    if expectations:
        unmet = check([verdict], expectations)
        if unmet:
            return Ruling(error=unmet[0].error, declared=declared)
        if expectations[0].kind is ExpectedKind.CHANGED:
            why = "; ".join(filter(None, (one.reason for one in expectations)))
            return Ruling(expected=why or "declared", declared=declared)
        return Ruling(category="raced", declared=declared)
    if error := _failure(verdict, gate):
        return Ruling(error=error)
    if verdict.cls in _SKIPPED:
        return Ruling(category="skipped", skip=_why_skipped(verdict))
    return Ruling(category="stale" if verdict.is_stale else _PASSES[verdict.cls])


def _failure(verdict: Verdict, gate: GateSettings) -> ParsediffError | None:
    cls, place = verdict.cls, _place(verdict)
    budget = gate.max_excluded
    may_exclude = budget is None or budget.amount > 0
    if cls is VerdictClass.EXCLUDED_BY_PARSER and not may_exclude:
        return SessionExcludedError(f"{place} is vetoed by the parser")
    if cls not in gate.fail_on:
        return None
    match cls:
        case VerdictClass.CHANGED:
            return SessionChangedError(f"{place} changed{_why(verdict)}")
        case VerdictClass.PARSE_ERROR:
            return SourceParseError(f"{place} cannot be parsed")
        case _:
            return SessionRacedError(f"{place} is {cls}{_why(verdict)}")


def _place(verdict: Verdict) -> str:
    if verdict.session:
        return f"{verdict.adapter} session {verdict.session!r}"
    return f"{verdict.adapter} source {verdict.source!r}"


def _why(verdict: Verdict) -> str:
    names = ", ".join(verdict.real_fields)
    reason = f" ({verdict.reason})" if verdict.reason else ""
    return f"{reason}: {names}" if names else reason


def _why_skipped(verdict: Verdict) -> str:
    why = _WHY_SKIPPED.get(verdict.reason) if verdict.reason else None
    text = verdict.message or why or _SKIPPED[verdict.cls]
    return f"{verdict.reason or verdict.cls}: {text}"

"""Whether a run passes, and every reason why it does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pytest_parsediff.core.errors import (
    BudgetExceededError,
    ParsediffError,
    SessionChangedError,
    SessionExcludedError,
    SessionRacedError,
    SourceParseError,
    VacuousRunError,
)
from pytest_parsediff.diff.budget import Budget
from pytest_parsediff.diff.gatesettings import GateSettings, read_settings
from pytest_parsediff.diff.totals import Totals, count_verdicts
from pytest_parsediff.diff.verdict import VerdictClass

__all__ = [
    "Cause",
    "GateResult",
    "GateSettings",
    "Totals",
    "count_verdicts",
    "decide",
    "read_settings",
]

_RECORD_AGAIN = "Record the archive again with --parsediff-record, then compare."


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason why a run fails.

    Attributes:
        code: Of the error it amounts to.
        text: What was counted and what was allowed.
        hint: One imperative sentence: what to do next.
    """

    code: str
    text: str
    hint: str


@dataclass(frozen=True, slots=True)
class GateResult:
    """Whether a run passes, and if not, every cause; exit status 1."""

    causes: tuple[Cause, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether there is no cause to fail."""
        return not self.causes


def decide(totals: Totals, settings: GateSettings) -> GateResult:
    """Return whether a run with these totals passes, and every cause if not."""
    return GateResult(
        (
            *_forbidden_classes(totals, settings.fail_on),
            *_exceeded_budgets(totals, settings),
            *_lack_of_coverage(totals, settings.min_examined),
        )
    )


def _forbidden_classes(
    totals: Totals, fail_on: Iterable[VerdictClass]
) -> Iterator[Cause]:
    for cls in VerdictClass:
        count = totals.undeclared(cls)
        if cls in fail_on and count:
            text = f"{_count(count)} {cls}"
            yield _cause(_ERRORS.get(cls, SessionRacedError), text)


#: What one session of a class that must not be amounts to.
_ERRORS: Mapping[VerdictClass, type[ParsediffError]] = {
    VerdictClass.CHANGED: SessionChangedError,
    VerdictClass.PARSE_ERROR: SourceParseError,
    VerdictClass.EXCLUDED_BY_PARSER: SessionExcludedError,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limited:
    name: str
    what: str
    budget: Budget | None
    count: int
    total: int
    error: type[ParsediffError] = BudgetExceededError
    hint: str | None = None


def _exceeded_budgets(totals: Totals, settings: GateSettings) -> Iterator[Cause]:
    limits = (
        _Limited(
            name="max_raced",
            what="raced",
            budget=settings.max_raced,
            count=totals.raced,
            total=totals.examined,
            hint="Run again when nobody writes, or raise max_raced or raced_retries.",
        ),
        _Limited(
            name="max_stale",
            what="newer than the archive",
            budget=settings.max_stale,
            count=totals.stale,
            total=totals.examined,
            hint=_RECORD_AGAIN,
        ),
        _Limited(
            name="max_excluded",
            what="excluded by the parser",
            budget=settings.max_excluded,
            count=totals.undeclared(VerdictClass.EXCLUDED_BY_PARSER),
            total=totals.in_scope,
            error=SessionExcludedError,
        ),
        _Limited(
            name="max_needs_retry",
            what="put off by the parser",
            budget=settings.max_needs_retry,
            count=totals.undeclared(VerdictClass.TRANSIENT_NEEDS_RETRY),
            total=totals.in_scope,
            hint="Run again later; if it stays, correct what the parser waits for.",
        ),
    )
    for one in limits:
        if one.budget is not None and not one.budget.covers(one.count, one.total):
            text = (
                f"{_count(one.count)} {one.what}, of {one.total};"
                f" {one.name} is {one.budget}"
            )
            yield _cause(one.error, text, one.hint)


def _lack_of_coverage(totals: Totals, least: Budget) -> Iterator[Cause]:
    """Yield the cause that a run looked at nothing, or at too little.

    What was raced, skewed, of an older version, put off, vetoed, new or skipped says
    nothing about the parser: a run of nothing else is no pass.
    """
    if least.amount and not totals.verified:
        yield _cause(VacuousRunError, _why_vacuous(totals), _vacuous_hint(totals))
    elif not least.is_reached(totals.examined, totals.in_scope):
        text = (
            f"{_count(totals.examined)} examined, of {totals.in_scope};"
            f" min_examined is {least}"
        )
        hint = "Check archive and sources, or lower min_examined."
        yield _cause(BudgetExceededError, text, hint)


def _why_vacuous(totals: Totals) -> str:
    if not totals.sessions:
        return "no session was stored or found"
    counts = ", ".join(
        f"{totals.of(cls)} {cls}" for cls in VerdictClass if totals.of(cls)
    )
    return f"nothing was verified; {_count(totals.sessions)}: {counts}"


def _vacuous_hint(totals: Totals) -> str | None:
    pending = totals.of(VerdictClass.PENDING_RESYNC)
    if pending + totals.stale and pending + totals.stale == totals.examined:
        return _RECORD_AGAIN
    if totals.raced and totals.raced == totals.examined:
        return "Run again when nobody writes, or copy the sources first."
    return None


def _cause(error: type[ParsediffError], text: str, hint: str | None = None) -> Cause:
    return Cause(error.code, text, hint or error.hint)


def _count(number: int) -> str:
    return "1 session" if number == 1 else f"{number} sessions"

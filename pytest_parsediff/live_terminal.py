"""The section that pytest prints at the end of a live run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_parsediff.core.errors import strip_control
from pytest_parsediff.core.wording import counted
from pytest_parsediff.diff.verdict import VerdictClass
from pytest_parsediff.live_failure import one_line
from pytest_parsediff.reports.finding import Finding

if TYPE_CHECKING:
    import pytest

    from pytest_parsediff.live_conclude import Conclusion
    from pytest_parsediff.live_options import LiveOptions

_SHOWN = 20
#: Classes that are listed, in this order; the others are only counted.
_LISTED = (
    VerdictClass.PARSE_ERROR,
    VerdictClass.CHANGED,
    VerdictClass.EXCLUDED_BY_PARSER,
    VerdictClass.RACED,
    VerdictClass.INCREMENTAL_SKEW,
    VerdictClass.TRANSIENT_NEEDS_RETRY,
)


def write_summary(
    reporter: pytest.TerminalReporter,
    conclusion: Conclusion,
    options: LiveOptions,
    here: Path,
) -> None:
    """Print counts, the histogram of fields, capped lists, and the gate's decision.

    Args:
        reporter: pytest's own.
        conclusion: What the run amounts to.
        options: What was asked, for the command that shows what a list leaves out.
        here: Folder where that command is typed.
    """
    reporter.section("parse-diff gate")
    if conclusion.undecided:
        reporter.line(f"gate not decided: {conclusion.undecided}", yellow=True)
        return
    is_verbose = reporter.config.get_verbosity() > 0
    for line in _counts(conclusion):
        reporter.line(strip_control(line))
    for line in _lists(conclusion, is_verbose=is_verbose):
        reporter.line(strip_control(line))
    if not is_verbose and _is_cut(conclusion):
        reporter.line(f"all of them: pytest {options.flags(here)} -v")
    for cause in conclusion.causes:
        text = f"gate failed: {cause.code}: {one_line(cause.text)}"
        reporter.line(strip_control(text), red=True, bold=True)
        reporter.line(strip_control(f"  hint: {cause.hint}"))
    if conclusion.passed and conclusion.is_complete:
        reporter.line("gate passed", green=True)
    elif conclusion.passed:
        reporter.line("gate not decided: the run did not get to its end", yellow=True)


def _counts(conclusion: Conclusion) -> Iterator[str]:
    totals = conclusion.gathered.totals
    if not conclusion.is_complete:
        yield "the run did not get to its end; this is what was found until then"
    classes = [f"{totals.of(cls)} {cls}" for cls in VerdictClass if totals.of(cls)]
    yield f"{counted(totals.sessions, 'session')}: {', '.join(classes) or 'none'}"
    notes = [
        f"{number} {what}"
        for number, what in (
            (totals.examined, "examined"),
            (totals.verified, "verified"),
            (totals.stale, "of a source newer than the archive"),
            (totals.informational_only, "identical but for informational fields"),
        )
        if number or what in ("examined", "verified")
    ]
    yield ", ".join(notes)
    if totals.fields:
        yield "changed fields:"
        width = max(len(str(count)) for _, count in totals.histogram)
        for name, count in totals.histogram[:_SHOWN]:
            yield f"  {count:>{width}}  {one_line(name)}"
        if len(totals.fields) > _SHOWN:
            yield f"  … {counted(len(totals.fields) - _SHOWN, 'more field')}"


def _lists(conclusion: Conclusion, *, is_verbose: bool) -> Iterator[str]:
    for cls, findings in _listed(conclusion):
        yield f"{cls} ({len(findings)}):"
        shown = findings if is_verbose else findings[:_SHOWN]
        for finding in shown:
            yield f"  {one_line(_line_of(finding))}"
        if len(shown) < len(findings):
            yield f"  … {len(findings) - len(shown)} more"


def _is_cut(conclusion: Conclusion) -> bool:
    return any(len(findings) > _SHOWN for _, findings in _listed(conclusion))


def _listed(conclusion: Conclusion) -> Iterator[tuple[VerdictClass, list[Finding]]]:
    found = conclusion.gathered.sorted_findings()
    for cls in _LISTED:
        ours = [finding for finding in found if finding.verdict.cls is cls]
        if ours:
            yield cls, ours


def _line_of(finding: Finding) -> str:
    verdict = finding.verdict
    name = verdict.session or f"source {verdict.source}"
    reason = f" ({verdict.reason})" if verdict.reason else ""
    declared = " [as declared]" if finding.declared and not finding.error else ""
    what = ", ".join(verdict.real_fields) or verdict.message.partition("\n")[0]
    return f"{verdict.adapter} {name}{reason}{declared}{f': {what}' if what else ''}"

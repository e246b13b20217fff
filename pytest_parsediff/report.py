"""What a scenario's test report carries from a worker to the controller."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from pytest_parsediff.failure import Crash
from pytest_parsediff.golden.render import Line, Style

if TYPE_CHECKING:
    from pytest_parsediff.collect import ScenarioItem

_MARKUP: dict[Style, dict[str, bool]] = {
    Style.HEADER: {"red": True, "bold": True},
    Style.REMOVED: {"red": True},
    Style.ADDED: {"green": True},
    Style.HUNK: {"cyan": True},
    Style.NOTE: {"bold": True},
}


class _Writer(Protocol):
    """The part of pytest's terminal writer that is used here."""

    def line(self, s: str = "", **markup: bool) -> None: ...


class FailureRepr:
    """A failure as pytest prints it: in colour on a terminal, plain elsewhere.

    Attributes:
        reprcrash: Read by pytest's short summary and by JUnit.
    """

    def __init__(self, lines: Sequence[Line], reprcrash: Crash) -> None:
        self.lines = lines
        self.reprcrash = reprcrash

    def toterminal(self, tw: _Writer) -> None:
        """Write the lines with their markup."""
        for line in self.lines:
            tw.line(line.text, **_MARKUP.get(line.style, {}))

    def __str__(self) -> str:
        return "\n".join(line.text for line in self.lines)


def attach(
    report: pytest.TestReport, item: ScenarioItem, call: pytest.CallInfo[None]
) -> None:
    """Put what the controller needs on *report*, as plain JSON values."""
    facts: dict[str, Any] = {"id": item.scenario.id}
    outcome = item.outcome if call.when == "call" else None
    if outcome is not None:
        facts["events"] = len(outcome.lines)
        facts["notices"] = len(outcome.notices)
        if outcome.check is not None:
            facts["golden"] = outcome.check.status.value
            facts["note"] = outcome.check.note
        if outcome.error is not None:
            facts["error"] = outcome.error.code
    shown: object = report.longrepr
    if isinstance(shown, FailureRepr):
        crash = shown.reprcrash
        lines = shown.lines  # execnet carries plain str only, no StrEnum
        facts["failure"] = [[line.style.value, line.text] for line in lines]
        facts["crash"] = [crash.path, crash.lineno, crash.message]
    vars(report)["parsediff"] = facts


def restore(report: pytest.TestReport) -> None:
    """Give a report from an xdist worker its colours and its one-line cause back."""
    facts = facts_of(report)
    if isinstance(report.longrepr, str) and "failure" in facts:
        lines = [Line(text, Style(style)) for style, text in facts["failure"]]
        repr_: Any = FailureRepr(lines, Crash(*facts["crash"]))
        report.longrepr = repr_


def facts_of(report: pytest.TestReport) -> dict[str, Any]:
    """Return what :func:`attach` put on *report*."""
    facts: dict[str, Any] = getattr(report, "parsediff", {})
    return facts

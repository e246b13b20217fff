"""Counts what became of the scenarios of a run, from their reports."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

    from pytest_parsediff.golden.update import UpdateResult


@dataclass(slots=True)
class Tally:
    """Results of one run.

    Attributes:
        golden: How many scenarios compared how, by golden status.
        notes: Node id and note of scenarios that pass and should say something.
        failed: Node id to first line of each scenario that failed, in any phase.
        skipped: Node id to reason of each scenario that was skipped.
        notices: How many notices adapters gave, per node id.
        update: What an update did, if one was asked for.
    """

    golden: Counter[str] = field(default_factory=Counter)
    notes: list[tuple[str, str]] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    notices: dict[str, int] = field(default_factory=dict)
    update: UpdateResult | None = None

    def add(self, report: pytest.TestReport) -> None:
        """Count one report of a scenario item; each phase has its own."""
        facts: dict[str, Any] = getattr(report, "parsediff", {})
        if report.failed:
            self.failed[report.nodeid] = _first_line(report)
        elif report.skipped:
            self.skipped[report.nodeid] = _reason(report)
        if hasattr(report, "wasxfail"):
            self.golden["known to fail"] += report.when == "call"
        elif "golden" in facts:
            self.golden[facts["golden"]] += 1
            if facts["note"]:
                self.notes.append((report.nodeid, facts["note"]))
        if facts.get("notices"):
            self.notices[report.nodeid] = facts["notices"]


def _first_line(report: pytest.TestReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    text = str(crash.message) if crash is not None else report.longreprtext
    return f"{report.when}: {text.strip().partition(chr(10))[0]}"


def _reason(report: pytest.TestReport) -> str:
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2])
    return str(getattr(report, "wasxfail", "") or report.longreprtext)

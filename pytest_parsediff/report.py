"""What a scenario's test report carries from a worker to the controller.

Only failures need the engine that explains them, so it is imported for those alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_parsediff.run import Outcome


def attach(
    report: pytest.TestReport, scenario_id: str, outcome: Outcome | None
) -> None:
    """Put what the controller needs on *report*, as plain JSON values.

    Args:
        report: Of one phase of a scenario item.
        scenario_id: The scenario.
        outcome: What came of it, on the report of the call phase.
    """
    facts: dict[str, Any] = {"id": scenario_id}
    if outcome is not None:
        facts["events"] = len(outcome.lines)
        facts["notices"] = len(outcome.notices)
        if outcome.check is not None:
            facts["golden"] = outcome.check.status.value
            facts["note"] = outcome.check.note
        if outcome.error is not None:
            facts["error"] = outcome.error.code
    if report.failed:
        facts |= shown(report.longrepr)
    vars(report)["parsediff"] = facts


def shown(longrepr: object) -> dict[str, Any]:
    """Return a failure of our own in values that execnet carries: no StrEnum."""
    from pytest_parsediff.longrepr import FailureRepr  # noqa: PLC0415

    if not isinstance(longrepr, FailureRepr):
        return {}
    crash = longrepr.reprcrash
    return {
        "failure": [[line.style.value, line.text] for line in longrepr.lines],
        "crash": [crash.path, crash.lineno, crash.message],
    }


def restore(report: pytest.TestReport, facts: dict[str, Any]) -> None:
    """Give a report from an xdist worker its colours and its one-line cause back.

    Args:
        report: As it arrived.
        facts: What :func:`shown` returned is among them, if the failure is our own.
    """
    if isinstance(report.longrepr, str) and "failure" in facts:
        from pytest_parsediff.failure import Crash  # noqa: PLC0415
        from pytest_parsediff.golden.render import Line, Style  # noqa: PLC0415
        from pytest_parsediff.longrepr import FailureRepr  # noqa: PLC0415

        lines = [Line(text, Style(style)) for style, text in facts["failure"]]
        repr_: Any = FailureRepr(lines, Crash(*facts["crash"]))
        report.longrepr = repr_


def facts_of(report: pytest.TestReport) -> dict[str, Any]:
    """Return what :func:`attach` put on *report*."""
    facts: dict[str, Any] = getattr(report, "parsediff", {})
    return facts

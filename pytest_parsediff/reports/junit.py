"""A verdict as JUnit properties, which CI systems list beside a test case."""

from __future__ import annotations

from pytest_parsediff.core.problem import strip_control
from pytest_parsediff.diff.verdict import Verdict


def properties(verdict: Verdict) -> list[tuple[str, str]]:
    """Return name and value of each property that says something; names are unique."""
    values = {
        "class": verdict.cls.value,
        "reason": verdict.reason.value if verdict.reason else "",
        "fields": ", ".join(verdict.real_fields),
        "adapter": verdict.adapter,
        "session": verdict.session,
        "source": verdict.source,
    }
    return [
        (f"parsediff_{name}", strip_control(value))
        for name, value in values.items()
        if value
    ]

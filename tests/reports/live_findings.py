"""Findings for the tests of reports."""

from __future__ import annotations

from typing import Any

from pytest_parsediff.diff.verdict import FieldDiff, Verdict, VerdictClass
from pytest_parsediff.reports.finding import Finding


def diff(name: str, *, informational: bool = False) -> FieldDiff:
    """Return a difference in the field *name*."""
    return FieldDiff(
        field=name, stored='"a"', parsed='"b"', is_informational=informational
    )


def finding(cls: VerdictClass, session: str = "s1", **verdict: Any) -> Finding:
    """Return a finding; classes that fail have the error that they fail with."""
    code = {VerdictClass.CHANGED: "PD509", VerdictClass.PARSE_ERROR: "PD515"}.get(cls)
    return Finding(
        node_id=f"pytest.ini::a-{session}",
        verdict=Verdict(adapter="a", session=session, cls=cls, **verdict),
        outcome="failed" if code else "passed",
        category="failed" if code else "passed",
        error=code or "",
        cause=f"{code}: a session {session!r} {cls}" if code else "",
    )

"""What items tell, how it is counted, and what JUnit gets of it."""

from __future__ import annotations

import json

from live_findings import diff, finding

from pytest_parsediff.diff.verdict import Reason, Verdict, VerdictClass
from pytest_parsediff.reports.finding import Finding, from_plain
from pytest_parsediff.reports.junit import properties
from pytest_parsediff.reports.totals import Totals

V = VerdictClass


def test_a_finding_crosses_processes() -> None:
    """Plain JSON values carry everything there and back."""
    sent = finding(
        V.CHANGED,
        reason=Reason.CONTENT_EQUAL,
        fields=(diff("title"), diff("cwd", informational=True)),
        evidence=("stored: size 3",),
        stored_data_version=2,
    )

    plain = json.loads(json.dumps(sent.to_plain()))

    assert type(sent.to_plain()["verdict"]["cls"]) is str
    assert sent == from_plain(plain)


def test_what_a_terminal_would_obey_does_not_cross() -> None:
    """Control characters and lone surrogates of a store become visible text."""
    verdict = Verdict(adapter="a", session="\x1b[2J\ud800", cls=V.RACED, message="\r")
    plain = Finding(node_id="x", verdict=verdict).to_plain()["verdict"]

    assert ("\\x1b[2J\\ud800", "\\x0d") == (plain["session"], plain["message"])


def test_only_what_says_more_than_identical_is_listed() -> None:
    """Ten thousand identical sessions leave a number."""
    noted = finding(V.IDENTICAL, fields=(diff("cwd", informational=True),))
    totals = Totals()
    for one in (finding(V.IDENTICAL), noted, finding(V.SKIPPED, "s2")):
        totals.add(one)

    assert (2, 1) == (totals.classes[V.IDENTICAL], totals.informational)
    assert [V.IDENTICAL, V.SKIPPED] == [one.verdict.cls for one in totals.listed]


def test_examined_is_what_was_compared() -> None:
    """Skipped, new, vetoed and unparsed sessions verified nothing."""
    totals = Totals()
    for cls in V:
        totals.add(finding(cls))

    assert (5, len(V)) == (totals.examined, totals.judged)


def test_fields_are_counted_once_per_changed_session() -> None:
    """Most frequent first; raced sessions and informational fields do not count."""
    totals = Totals()
    both = (diff("b"), diff("a"), diff("cwd", informational=True))
    totals.add(finding(V.CHANGED, "s1", fields=both))
    totals.add(finding(V.CHANGED, "s2", fields=(diff("b"), diff("b"))))
    totals.add(finding(V.RACED, "s3", fields=(diff("a"),)))

    assert [("b", 2), ("a", 1)] == totals.histogram()


def test_stale_sessions_are_counted_apart() -> None:
    """They are raced, and a number of their own says how many."""
    totals = Totals()
    totals.add(finding(V.RACED, reason=Reason.NEWER_THAN_ARCHIVE))
    totals.add(finding(V.RACED, reason=Reason.MOVED_DURING_RUN))

    assert (2, 1) == (totals.classes[V.RACED], totals.stale)


def test_findings_are_sorted() -> None:
    """By class, then session, whatever order the workers were done in."""
    totals = Totals()
    for cls, session in ((V.RACED, "s1"), (V.CHANGED, "s3"), (V.CHANGED, "s2")):
        totals.add(finding(cls, session))

    assert ["s2", "s3", "s1"] == [o.verdict.session for o in totals.sorted_findings()]


def test_junit_properties() -> None:
    """Class, reason, fields and where it came from; nothing that is empty."""
    one = finding(V.CHANGED, reason=Reason.NO_EVIDENCE, fields=(diff("x"), diff("y")))

    assert [
        ("parsediff_class", "changed"),
        ("parsediff_reason", "no_evidence"),
        ("parsediff_fields", "x, y"),
        ("parsediff_adapter", "a"),
        ("parsediff_session", "s1"),
    ] == properties(one.verdict)

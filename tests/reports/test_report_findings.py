"""What items tell, how it is counted, and what JUnit gets of it."""

from __future__ import annotations

import json
from dataclasses import replace

from live_findings import diff, finding

from pytest_parsediff.diff.verdict import Reason, Verdict, VerdictClass
from pytest_parsediff.reports.finding import Finding, from_plain
from pytest_parsediff.reports.gathered import Gathered
from pytest_parsediff.reports.junit import properties

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
    gathered = Gathered()
    for one in (finding(V.IDENTICAL), noted, finding(V.SKIPPED, "s2")):
        gathered.add(one)

    counts = gathered.totals
    assert (2, 1) == (counts.of(V.IDENTICAL), counts.informational_only)
    assert [V.IDENTICAL, V.SKIPPED] == [one.verdict.cls for one in gathered.listed]


def test_declarations_that_came_true_are_counted() -> None:
    """One that did not is a failure, and counts as nothing else."""
    gathered = Gathered()
    race = finding(V.RACED, reason=Reason.MOVED_DURING_RUN)
    gathered.add(replace(race, declared="raced"))
    gathered.add(replace(race, declared="raced", error="PD511"))
    gathered.add(race)

    assert (3, 2) == (gathered.totals.of(V.RACED), gathered.totals.raced)
    assert 1 == gathered.failing


def test_findings_are_sorted() -> None:
    """By class, then session, whatever order the workers were done in."""
    gathered = Gathered()
    for cls, session in ((V.RACED, "s1"), (V.CHANGED, "s3"), (V.CHANGED, "s2")):
        gathered.add(finding(cls, session))

    assert ["s2", "s3", "s1"] == [o.verdict.session for o in gathered.sorted_findings()]


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

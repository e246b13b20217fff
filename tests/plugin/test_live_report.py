"""``--parsediff-report`` and what GitHub shows."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema  # type: ignore[import-untyped,unused-ignore]
import pytest
from live_project import FakeRun, diff, verdict

from pytest_parsediff.__main__ import schema_text
from pytest_parsediff.diff.verdict import Reason, VerdictClass

EVERY = [verdict(cls) for cls in VerdictClass]
CHANGED = verdict(
    "changed", reason=Reason.NO_EVIDENCE, fields=(diff("title"), diff("cost"))
)


def read(fake: FakeRun) -> dict[str, object]:
    """Return the report; the published schema holds for it."""
    text = (fake.pytester.path / "report.json").read_text(encoding="utf-8")
    document: dict[str, object] = json.loads(text)
    jsonschema.validate(document, json.loads(schema_text("report")))
    return document


def test_a_report(fake: FakeRun) -> None:
    """Totals, fields, the gate, and every session that is not just identical."""
    fake.of(verdict("identical"), CHANGED)

    fake.run("--parsediff-report=report.json")
    report = read(fake)

    assert report["complete"] is True
    totals: Any = report["totals"]
    assert (2, 2) == (totals["selected"], totals["judged"])
    assert {"title": 1, "cost": 1} == report["field_counts"]
    sessions: Any = report["sessions"]
    (session,) = sessions
    assert ("pytest.ini::lines-changed", "changed", "no_evidence", "failed") == tuple(
        session[key] for key in ("node_id", "class", "reason", "outcome")
    )
    gate = report["gate"]
    assert isinstance(gate, dict)
    assert (False, "PD509") == (gate["passed"], gate["causes"][0]["code"])


def test_a_report_of_every_class_is_the_same_with_workers(fake: FakeRun) -> None:
    """But for the moment at which it was made."""
    pytest.importorskip("xdist", reason="pytest-xdist is not installed")
    fake.of(*EVERY)
    found = []

    for flags in ([], ["-n2"]):
        fake.run("--parsediff-report=report.json", *flags, new_process=True)
        report = read(fake)
        del report["generated_at"]
        found.append(report)

    assert found[0] == found[1]


def test_a_run_that_ends_early_says_so(fake: FakeRun) -> None:
    """A report of a part is no report of the whole."""
    fake.of(CHANGED, verdict("identical"))

    fake.run("--parsediff-report=report.json", "-x")

    assert read(fake)["complete"] is False


def test_a_report_that_cannot_be_written_fails_the_run(fake: FakeRun) -> None:
    """PD519, and the summary is there all the same."""
    fake.of(verdict("identical"))

    result = fake.run("--parsediff-report=gone/report.json")

    assert pytest.ExitCode.TESTS_FAILED == result.ret
    result.stdout.fnmatch_lines(
        ["1 session: 1 identical", "gate failed: PD519: gone/report.json: *"]
    )


def test_the_ini_value_is_relative_to_the_root_folder(fake: FakeRun) -> None:
    """The flag is relative to where it was typed."""
    fake.of(verdict("identical"))
    ini = "[pytest]\nparsediff_report = report.json\n"
    (fake.pytester.path / "pytest.ini").write_text(ini)

    fake.run()

    assert read(fake)["sessions"] == []


def test_github_shows_failures(fake: FakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """Annotations on lines of their own, and a step summary; escaped."""
    summary = fake.pytester.path / "summary.md"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    fake.of(verdict("changed", "a|b,c:%\n", fields=(diff("<b>"),)))

    result = fake.run()

    line = next(line for line in result.outlines if "title=lines" in line)
    assert line.startswith("::error file=pytest.ini,line=1,title=lines a|b%2Cc%3A%25")
    assert not re.search(r"<b>|a\|b", summary.read_text(encoding="utf-8"))
    assert "| changed | 1 |" in summary.read_text(encoding="utf-8")


def test_elsewhere_nothing_is_annotated(
    fake: FakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A summary path alone does not make it GitHub."""
    summary = fake.pytester.path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    fake.of(CHANGED)

    result = fake.run()

    result.stdout.no_fnmatch_line("::error*")
    assert not summary.exists()


def test_another_plugin_that_annotates_is_not_doubled(
    fake: FakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It sees our failures as it sees all others."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    fake.of(CHANGED)
    fake.conftest(
        "def pytest_addhooks(pluginmanager):\n"
        "    name = 'pytest_github_actions_annotate_failures'\n"
        "    pluginmanager.register(object(), name)\n"
    )

    fake.run().stdout.no_fnmatch_line("::error*")


def test_sessions_that_were_left_out_are_counted_only(fake: FakeRun) -> None:
    """Whoever looks at ten of ten thousand need not read about the others."""
    left_out = verdict("skipped", reason=Reason.NOT_SAMPLED)
    fake.of(verdict("identical"), swept=(left_out, left_out))

    fake.run("--parsediff-report=report.json")
    report: Any = read(fake)

    assert [] == report["sessions"]
    assert 2 == report["totals"]["classes"]["skipped"]

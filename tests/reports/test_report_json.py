"""The JSON document holds to its published schema, and is written whole."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped,unused-ignore]
import pytest
from live_findings import diff, finding

from pytest_parsediff.__main__ import schema_text
from pytest_parsediff.core.errors import ReportFileError
from pytest_parsediff.diff.gate import Cause
from pytest_parsediff.diff.verdict import Reason, VerdictClass
from pytest_parsediff.reports.gathered import Gathered
from pytest_parsediff.reports.json import (
    Report,
    RunRow,
    SideRow,
    encode,
    gate_row,
    session_row,
    totals_row,
    write_report,
)

V = VerdictClass
CAUSE = Cause("PD513", "2 sessions raced", "Run again.")


def report() -> Report:
    """Return a report with every class in it."""
    gathered = Gathered()
    for cls in V:
        gathered.add(finding(cls, fields=(diff("title"),), reason=Reason.NO_EVIDENCE))
    return Report(
        report_version=1,
        generated_at="2026-01-02T03:04:05Z",
        plugin_version="1",
        complete=True,
        run=RunRow(stored="/a.db", sources=[SideRow(adapter="a", path="/s")]),
        totals=totals_row(gathered.totals, 10),
        field_counts=dict(gathered.totals.histogram),
        gate=gate_row([CAUSE], has_failures=True),
        sessions=[session_row(one) for one in gathered.sorted_findings()],
    )


def test_published_schema_is_what_the_code_generates() -> None:
    """Run `python -m pytest_parsediff schema report > …` when this fails."""
    file = resources.files("pytest_parsediff") / "schemas" / "report.schema.json"

    assert schema_text("report").encode() == file.read_bytes()


def test_every_member_is_described() -> None:
    """A reader of the schema sees one line for each member."""
    definitions = json.loads(schema_text("report"))["$defs"]
    bare = [
        (name, key)
        for name, definition in definitions.items()
        for key, value in definition.get("properties", {}).items()
        if "description" not in value
    ]

    assert [] == bare


def test_a_report_holds_to_the_schema() -> None:
    """The draft's own validator accepts what is written."""
    schema = json.loads(schema_text("report"))
    document: dict[str, Any] = json.loads(encode(report()))

    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(document)
    assert "changed" == document["sessions"][0]["class"]
    assert {*V} == {*document["totals"]["classes"]}


def test_a_report_is_written(tmp_path: Path) -> None:
    """Over an older one, with nothing left beside it."""
    path = tmp_path / "report.json"
    path.write_text("old")

    write_report(report(), path)

    assert encode(report()) == path.read_bytes()
    assert [path] == list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["gone/report.json", "."])
def test_a_report_that_cannot_be_written(tmp_path: Path, name: str) -> None:
    """PD519 with the path; nothing is left behind."""
    with pytest.raises(ReportFileError, match=r"^PD519: "):
        write_report(report(), tmp_path / name)

    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("causes", "has_failures", "passed"),
    [
        ([], False, True),
        ([], True, False),
        ([CAUSE], False, False),
    ],
)
def test_the_gate_passes_only_without_any_failure(
    causes: list[Any], has_failures: bool, passed: bool
) -> None:
    """A session that fails by itself, or a problem of the run, is enough."""
    assert passed == gate_row(causes, has_failures=has_failures).passed

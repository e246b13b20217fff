"""The JSON document of a live run, and its published schema."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from pytest_parsediff.core.config import describe
from pytest_parsediff.core.errors import ReportFileError, Where
from pytest_parsediff.diff.gate import Cause
from pytest_parsediff.diff.totals import Totals
from pytest_parsediff.diff.verdict import FieldDiff, VerdictClass
from pytest_parsediff.reports.finding import Finding

#: Grows when a member changes its meaning or goes; new ones may come at any time.
REPORT_VERSION: Literal[1] = 1


class FieldRow(msgspec.Struct, frozen=True, kw_only=True):
    """One field that differs.

    Attributes:
        field: Name of a declared group, JSON pointer, or a word such as ``records``.
        stored: As shown to people; never a body unless it was asked for.
        parsed: The same of the parsed side.
        detail: How many records differ and which is the first.
        informational: Whether it cannot fail a session.
    """

    field: str
    stored: str
    parsed: str
    detail: str = ""
    informational: bool = False


class SessionRow(msgspec.Struct, frozen=True, kw_only=True, rename={"cls": "class"}):
    """One session that says more than *identical*.

    Attributes:
        node_id: The test item; run it again with ``pytest <node_id>`` and the flags.
        adapter: Who parsed it.
        session: Its id; empty for an error of a source nothing is stored of.
        source: Name of its source; may be empty.
        cls: Its class.
        reason: Why it has that class, where there is a choice.
        phase: Where the difference was seen.
        outcome: What pytest made of it.
        category: What pytest counts it as.
        declared: What was declared of it; empty when nothing was.
        error: Code of the error that fails it; empty when it does not fail.
        stored_data_version: ``null`` when nothing is stored.
        fields: What differs, real differences first.
        evidence: What was observed of the source, one line each.
        message: Words of the parser.
    """

    node_id: str
    adapter: str
    session: str
    source: str
    cls: VerdictClass
    reason: str | None
    phase: str
    outcome: Literal["passed", "failed", "skipped"]
    category: str
    declared: str = ""
    error: str = ""
    stored_data_version: int | None = None
    fields: list[FieldRow] = []
    evidence: list[str] = []
    message: str = ""


class TotalsRow(msgspec.Struct, frozen=True, kw_only=True):
    """How many sessions there are of each kind.

    Attributes:
        selected: Sessions that were to be judged.
        judged: Sessions that have a verdict.
        examined: Those of them that were compared with what is stored.
        verified: Those of them with a result: identical, changed, or raced as declared.
        classes: Number per class; every class is there.
        stale: Raced ones that only tell of an archive that is behind.
        informational_only: Identical ones that differ in what cannot fail.
    """

    selected: int
    judged: int
    examined: int
    verified: int
    classes: dict[VerdictClass, int]
    stale: int
    informational_only: int


class CauseRow(msgspec.Struct, frozen=True, kw_only=True):
    """Why the gate fails.

    Attributes:
        code: Of the error.
        message: What was counted and what was allowed.
        hint: What to do next.
    """

    code: str
    message: str
    hint: str


class GateRow(msgspec.Struct, frozen=True, kw_only=True):
    """What the gate decided.

    Attributes:
        passed: Whether the run got to its end, and nothing fails it.
        causes: Why it fails.
    """

    passed: bool
    causes: list[CauseRow]


class SideRow(msgspec.Struct, frozen=True, kw_only=True):
    """One source as it was given.

    Attributes:
        adapter: Who reads it.
        path: Absolute path.
    """

    adapter: str
    path: str


class RunRow(msgspec.Struct, frozen=True, kw_only=True):
    """What was compared with what.

    Attributes:
        stored: Path of the archive, or name of the stored table.
        sources: What was parsed.
        sessions: Ids that the run was restricted to; empty for all.
        limit: Most sessions, newest first; 0 for all.
        sample: As given; empty for all.
        seed: Of the sample.
    """

    stored: str
    sources: list[SideRow]
    sessions: list[str] = []
    limit: int = 0
    sample: str = ""
    seed: int = 0


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A live run.

    Attributes:
        report_version: Of this format.
        generated_at: When the run ended, RFC 3339, UTC, whole seconds.
        plugin_version: Of pytest-parsediff.
        complete: Whether every selected session has a verdict.
        run: What was compared with what.
        totals: How many sessions there are of each kind.
        field_counts: Changed sessions per field that differs really in them.
        gate: What the gate decided.
        sessions: All but identical ones without any difference; by class, adapter
            and session.
    """

    report_version: Annotated[Literal[1], Meta(title="version of the format")]
    generated_at: str
    plugin_version: str
    complete: bool
    run: RunRow
    totals: TotalsRow
    field_counts: dict[str, int]
    gate: GateRow
    sessions: list[SessionRow]


#: Structures whose docstrings describe the members of the document.
DOCUMENTED = (
    FieldRow,
    SessionRow,
    TotalsRow,
    CauseRow,
    GateRow,
    SideRow,
    RunRow,
    Report,
)


def totals_row(totals: Totals, selected: int) -> TotalsRow:
    """Return the counts with every class, also those that nothing has."""
    return TotalsRow(
        selected=selected,
        judged=totals.sessions,
        examined=totals.examined,
        verified=totals.verified,
        classes={cls: totals.of(cls) for cls in VerdictClass},
        stale=totals.stale,
        informational_only=totals.informational_only,
    )


def session_row(finding: Finding) -> SessionRow:
    """Return *finding* as it stands in the document."""
    verdict = finding.verdict
    outcome: Any = finding.outcome
    return SessionRow(
        node_id=finding.node_id,
        adapter=verdict.adapter,
        session=verdict.session,
        source=verdict.source,
        cls=verdict.cls,
        reason=verdict.reason.value if verdict.reason else None,
        phase=verdict.phase.value,
        outcome=outcome,
        category=finding.category,
        declared=finding.declared,
        error=finding.error,
        stored_data_version=verdict.stored_data_version,
        fields=[_field_row(one) for one in verdict.fields],
        evidence=list(verdict.evidence),
        message=verdict.message,
    )


def _field_row(one: FieldDiff) -> FieldRow:
    return FieldRow(
        field=one.field,
        stored=one.stored,
        parsed=one.parsed,
        detail=one.detail,
        informational=one.is_informational,
    )


def gate_row(causes: Sequence[Cause], *, has_failures: bool) -> GateRow:
    """Return what the gate decided.

    Args:
        causes: What fails the run as a whole.
        has_failures: Whether a session fails by itself, or was not looked at.
    """
    return GateRow(
        passed=not causes and not has_failures,
        causes=[
            CauseRow(code=one.code, message=one.text, hint=one.hint) for one in causes
        ],
    )


def encode(report: Report) -> bytes:
    """Return the document: UTF-8, two spaces, one LF at the end."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def write_report(report: Report, path: Path) -> None:
    """Write the document, whole or not at all.

    Raises:
        ReportFileError: PD519, the file cannot be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(encode(report))
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise ReportFileError(f"{error.strerror}", Where(path)) from error


def json_schema() -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) of the document."""
    schema = msgspec.json.schema(Report)
    describe(schema, DOCUMENTED)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "pytest-parsediff report",
        **schema,
    }

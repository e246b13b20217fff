"""What a live run shows on GitHub: annotations, and the summary of a step.

Everything that comes out of a store is escaped: an annotation is a workflow command,
and a summary is Markdown with HTML in it.

Source:
    https://docs.github.com/actions/reference/workflow-commands-for-github-actions: the
    form ``::error file=…,title=…::message``. GitHub's own toolkit
    (https://github.com/actions/toolkit, ``packages/core/src/command.ts``) writes ``%``,
    CR and LF as ``%25``, ``%0D`` and ``%0A``, in properties ``:`` and ``,`` too.
"""

from __future__ import annotations

import os
import string
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pytest_parsediff.core.problem import strip_control
from pytest_parsediff.diff.gate import Cause
from pytest_parsediff.diff.verdict import VerdictClass
from pytest_parsediff.reports.finding import Finding
from pytest_parsediff.reports.gathered import Gathered

#: GitHub shows ten annotations of each kind per step.
MOST_ANNOTATIONS = 10
_MOST_ROWS = 50
#: GitHub drops a summary of more than 1 MiB as a whole.
_MOST_BYTES = 200_000
_PUNCTUATION = {ord(c): f"&#{ord(c)};" for c in string.punctuation}


def is_github(environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether this runs as a step of a GitHub workflow."""
    return environment.get("GITHUB_ACTIONS") == "true"


def workflow_commands(
    findings: Iterable[Finding], causes: Sequence[Cause], file: str
) -> list[str]:
    """Return workflow commands: what the gate decided, then sessions that fail.

    Args:
        findings: Of the run; those without an error are left out.
        causes: What fails the run as a whole.
        file: What annotations are attached to, with ``/``, below the repository.
    """
    lines = [_command(file, "parse-diff gate", _text(one)) for one in causes]
    for finding in findings:
        if finding.error:
            title = f"{finding.verdict.adapter} {finding.verdict.session}"
            lines.append(_command(file, title, finding.cause))
    return lines[:MOST_ANNOTATIONS]


def _command(file: str, title: str, message: str) -> str:
    properties = ",".join(
        f"{name}={_escape_property(value)}"
        for name, value in (("file", file), ("line", "1"), ("title", title))
    )
    return f"::error {properties}::{_escape_data(message)}"


def _escape_data(text: str) -> str:
    text = strip_control(text).replace("%", "%25")
    return text.replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")


def _text(cause: Cause) -> str:
    return f"{cause.code}: {cause.text}"


def summary(gathered: Gathered, causes: Sequence[Cause]) -> str:
    """Return the run as Markdown: the gate, counts, fields, and what is not identical."""
    totals = gathered.totals
    word = "failed" if causes or gathered.failing else "passed"
    lines = [f"### Parse-diff gate: {word}", ""]
    lines += [f"- {cell(_text(one))}" for one in causes]
    lines += ["", "| class | sessions |", "|---|--:|"]
    lines += [f"| {cls} | {totals.of(cls)} |" for cls in VerdictClass if totals.of(cls)]
    if totals.fields:
        lines += ["", "| changed field | sessions |", "|---|--:|"]
        shown = totals.histogram[:_MOST_ROWS]
        lines += [f"| {cell(name)} | {count} |" for name, count in shown]
    lines += _session_table(gathered)
    return "\n".join(lines) + "\n"


def _session_table(gathered: Gathered) -> list[str]:
    told = [
        finding
        for finding in gathered.sorted_findings()
        if finding.error or finding.verdict.cls is VerdictClass.RACED
    ]
    if not told:
        return []
    lines = ["", "| session | class | reason | fields |", "|---|---|---|---|"]
    size, shown = 0, 0
    for finding in told[:_MOST_ROWS]:
        verdict = finding.verdict
        name = f"{verdict.adapter} {verdict.session or verdict.source}"
        fields = ", ".join(verdict.real_fields)
        row = f"| {cell(name)} | {verdict.cls} | {verdict.reason or ''} | {cell(fields)} |"
        size += len(row.encode())
        if size > _MOST_BYTES:
            break
        lines.append(row)
        shown += 1
    if shown < len(told):
        lines += ["", f"… {len(told) - shown} more"]
    return lines


def cell(text: str) -> str:
    """Return *text* as code in Markdown, with nothing in it that means anything there."""
    clean = strip_control(text).replace("\n", " ").replace("\t", " ")[:200]
    return f"<code>{clean.translate(_PUNCTUATION)}</code>" if clean else ""


def append_summary(text: str, path: Path) -> None:
    """Add *text* to the summary of the step; a summary that fails is no failure."""
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError:
        return

"""What a failing item of a live run shows: cause, fields, evidence, what to type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_parsediff.core.errors import ParsediffError, strip_control
from pytest_parsediff.core.wording import counted
from pytest_parsediff.diff.verdict import FieldDiff, Verdict
from pytest_parsediff.golden.render import Line, Style

_MOST_FIELDS = 50


def describe(
    error: ParsediffError, verdicts: Sequence[Verdict], commands: Sequence[str]
) -> list[Line]:
    """Return the lines that explain why an item fails; each is one line.

    Args:
        error: The cause; its first line comes first.
        verdicts: What was found; usually one.
        commands: What can be typed next, each with a word in front.
    """
    lines = [Line(error.headline, Style.HEADER)]
    lines += [Line(text) for text in error.detail.rstrip().split("\n") if error.detail]
    for verdict in verdicts:
        lines += _verdict_lines(verdict)
    lines.append(Line(f"hint: {error.hint}", Style.NOTE))
    lines += [Line(command, Style.NOTE) for command in commands]
    return [Line(strip_control(line.text), line.style) for line in lines]


def _verdict_lines(verdict: Verdict) -> Iterator[Line]:
    reason = f" ({verdict.reason})" if verdict.reason else ""
    phase = f", seen in phase {verdict.phase}" if verdict.cls != "identical" else ""
    yield Line(f"class: {verdict.cls}{reason}{phase}")
    if verdict.source:
        yield Line(f"source: {one_line(verdict.source)}")
    for text in verdict.message.rstrip().split("\n") if verdict.message else ():
        yield Line(f"parser: {text}")
    for one in verdict.fields[:_MOST_FIELDS]:
        yield from _field_lines(one)
    more = len(verdict.fields) - _MOST_FIELDS
    if more > 0:
        yield Line(f"… {counted(more, 'more field')}")
    for text in verdict.evidence:
        yield Line(f"evidence: {one_line(text)}")


def _field_lines(one: FieldDiff) -> Iterator[Line]:
    tag = " [informational]" if one.is_informational else ""
    detail = f" ({one.detail})" if one.detail else ""
    text = f"{one.field}: {one.stored} → {one.parsed}{detail}{tag}"
    yield Line(f"  {one_line(text)}")


def one_line(text: str) -> str:
    """Return *text* with line ends and tabs in it made visible."""
    return text.replace("\n", "\\n").replace("\t", "\\t")

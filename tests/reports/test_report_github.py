"""Annotations and step summary: escaped, capped, and only on GitHub."""

from __future__ import annotations

import html
import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from live_findings import diff, finding

from pytest_parsediff.diff.gate import Cause
from pytest_parsediff.diff.verdict import VerdictClass
from pytest_parsediff.reports.finding import Finding
from pytest_parsediff.reports.gathered import Gathered
from pytest_parsediff.reports.github import (
    MOST_ANNOTATIONS,
    append_summary,
    cell,
    is_github,
    summary,
    workflow_commands,
)

V = VerdictClass


def gather(*findings: Finding) -> Gathered:
    """Return *findings* as a run has them at its end."""
    gathered = Gathered()
    for one in findings:
        gathered.add(one)
    return gathered


def test_only_on_github() -> None:
    """The variable that GitHub sets, with the value that it sets."""
    assert is_github({"GITHUB_ACTIONS": "true"})
    assert not is_github({"GITHUB_ACTIONS": ""})
    assert not is_github({})


def test_annotations() -> None:
    """The gate comes first, then sessions that fail; others have none."""
    found = [finding(V.RACED, "s0"), finding(V.CHANGED, "s1")]

    lines = workflow_commands(found, [Cause("PD512", "nothing", "Look.")], "pytest.ini")

    assert [
        "::error file=pytest.ini,line=1,title=parse-diff gate::PD512: nothing",
        "::error file=pytest.ini,line=1,title=a s1::PD509: a session 's1' changed",
    ] == lines


def test_annotations_are_capped() -> None:
    """GitHub shows no more, and hides others' behind them."""
    found = [finding(V.CHANGED, f"s{n}") for n in range(50)]

    assert MOST_ANNOTATIONS == len(workflow_commands(found, [], "x"))


@given(st.text(max_size=40))
def test_a_session_id_cannot_write_a_command(session: str) -> None:
    """Whatever it holds, there is one command on one line with three properties."""
    (line,) = workflow_commands([finding(V.CHANGED, session)], [], "f")

    assert re.fullmatch(r"::error file=f,line=1,title=[^\r\n,:]*::[^\r\n]*", line)


@given(st.text(max_size=40))
def test_a_cell_has_no_markup_but_its_own(text: str) -> None:
    """Pipes, tags and links of a store end up as entities."""
    shown = cell(text)
    inner = shown.removeprefix("<code>").removesuffix("</code>")

    assert not re.search(r"[|<>`*_\[\]()\\\n\r]", inner)
    assert len(html.unescape(inner)) <= 200


def test_summary() -> None:
    """Counts, fields, and the sessions somebody must look at."""
    text = summary(
        gather(
            finding(V.IDENTICAL, "s0"),
            finding(V.CHANGED, "a|b", fields=(diff("title"),)),
            finding(V.RACED, "s2", fields=(diff("title"),)),
        ),
        [],
    )

    assert text.startswith("### Parse-diff gate: failed\n")
    assert "| changed | 1 |\n" in text
    assert "| <code>title</code> | 1 |\n" in text
    assert "| <code>a a&#124;b</code> | changed |  | <code>title</code> |\n" in text
    assert "s0" not in text


def test_a_quiet_summary() -> None:
    """Nothing but the counts where all is well."""
    text = summary(gather(finding(V.IDENTICAL)), [])

    assert text.startswith("### Parse-diff gate: passed\n")
    assert "reason" not in text


def test_a_summary_is_bounded() -> None:
    """The rest is a number, so that GitHub does not drop the whole."""
    many = [finding(V.CHANGED, f"s{n}") for n in range(1000)]

    text = summary(gather(*many), [])

    assert text.endswith("… 950 more\n")


def test_a_summary_is_appended(tmp_path: Path) -> None:
    """What earlier commands of the step wrote stays; a bad path fails nothing."""
    path = tmp_path / "summary.md"
    path.write_text("before\n", encoding="utf-8")

    append_summary("é\n", path)
    append_summary("x", tmp_path / "gone" / "summary.md")

    assert "before\né\n" == path.read_text(encoding="utf-8")

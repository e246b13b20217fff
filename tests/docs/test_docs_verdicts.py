"""The page on parse-diff names every reason, class, policy and setting there is."""

from __future__ import annotations

from dataclasses import fields

import pytest
from docs_blocks import REPOSITORY
from test_docs import names_in_tables, section

from pytest_parsediff.diff.evidence import SourcePolicy, weigh
from pytest_parsediff.diff.gate import GateSettings
from pytest_parsediff.diff.observation import Observation
from pytest_parsediff.diff.verdict import Reason, VerdictClass

PAGE = "parse-diff.md"


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("Reasons", set(map(str, Reason))),
        ("Order of the verdict", set(map(str, VerdictClass))),
        ("What counts as a move", set(map(str, SourcePolicy))),
        ("Gate settings", {one.name for one in fields(GateSettings)}),
    ],
)
def test_each_name_is_documented(heading: str, expected: set[str]) -> None:
    """The first column of each table is the whole vocabulary, and nothing else."""
    assert expected == names_in_tables(section(PAGE, heading))


def test_default_settings_are_documented() -> None:
    """The second column of the settings has the defaults in force."""
    text = section(PAGE, "Gate settings")
    settings = GateSettings()

    for name in ("max_stale", "max_excluded", "max_needs_retry", "min_examined"):
        assert f"| `{name}` | {getattr(settings, name)} |" in text
    assert f"| `raced_retries` | {settings.raced_retries} |" in text
    assert {f"`{cls}`" for cls in settings.fail_on} == set(
        text.partition("| `fail_on` | ")[2].partition(" |")[0].split(", ")
    )
    assert "| `max_raced` | any number |" in text
    assert settings.max_raced is None


def test_the_evidence_that_is_shown_is_what_a_verdict_prints() -> None:
    """The example of three observations has the form that the code gives."""
    start, second = 1_700_000_000 * 10**9, 10**9
    stored = Observation(
        size=8, mtime_ns=start, content_hash="9c6fd1c5a8f2ff", consumed=8
    )
    before = Observation(
        size=8,
        mtime_ns=start,
        ctime_ns=start,
        inode="1:2",
        content_hash="9c6fd1c5a8f2ff",
        consumed=8,
    )
    after = Observation(
        size=16,
        mtime_ns=start + 4 * second,
        ctime_ns=start + 4 * second,
        inode="1:2",
        content_hash="41b2c09e77d0ff",
        consumed=16,
    )

    evidence = weigh(
        stored,
        before,
        after,
        policy=SourcePolicy.JSONL,
        side_has_observations=True,
        is_alone=True,
    )

    assert Reason.MOVED_DURING_RUN is evidence.reason
    text = (REPOSITORY / "docs" / PAGE).read_text(encoding="utf-8")
    assert "\n".join(evidence.lines) in text

"""Recorded traces, followed commit by commit with a poll at every gap."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from followed import Followed, follow, main
from opencode_live_stores import RUN_LAWS, traced_rig
from opencode_stores import DDL

from pytest_parsediff.adapters.opencode import poll
from pytest_parsediff.interleave.strategy import Plans, Strategy
from pytest_parsediff.laws.explore import Explorer

HERE = Path(__file__).parent
#: Written by opencode 1.18.33: prompts, a tool, revert and unrevert, a fork, a prompt
#: after a revert, rename, archive, a child, compaction, and deletes of all kinds.
RECORDED = HERE / "recorded.jsonl"
#: Written by hand, for a store without an event log.
WRITTEN = HERE / "opencode_trace.jsonl"


def follow_written(folder: Path) -> dict[str, Followed]:
    """Follow the trace that was written by hand."""
    schema = folder / "schema.sql"
    schema.write_text(DDL)
    return dict(follow(schema, WRITTEN))


def test_what_opencode_does_is_followed() -> None:
    """After every poll the consumer holds what a full scan finds, in its order."""
    found = dict(follow(RECORDED.with_suffix(".sql"), RECORDED))

    assert ["live", "resumed", "seldom", "inside"] == [*found]
    assert [] == [line for one in found.values() for line in one.differences]
    assert {120} == {one.commits for one in found.values()}
    assert 120 == found["live"].polls == found["resumed"].polls


@pytest.mark.parametrize("strategy", [Strategy.SWEEP, Strategy.PCT])
def test_what_opencode_does_breaks_no_law(tmp_path: Path, strategy: Strategy) -> None:
    """Commits between the snapshots of two polls, and crashes."""
    rig = traced_rig(RECORDED.with_suffix(".sql"), RECORDED, tmp_path)
    explorer = Explorer(rig=rig, laws=RUN_LAWS)
    shape = explorer.quiet().shape
    plans = Plans(shape=shape, strategy=strategy, scenario="recorded", total=60)

    explored = explorer.explore(plans.between(0, 60), shape)

    assert explored.finding is None
    assert 60 == explored.plans
    assert len(explored.observations) > 5


def test_the_recording_has_what_is_said_of_it() -> None:
    """Each kind of change, so that nobody makes it shorter by accident."""
    lines = RECORDED.read_text("utf-8").split("\n")[:-1]
    kinds = {
        (change["op"], change["table"], column)
        for line in lines
        for change in json.loads(line)["changes"]
        for column in change.get("changed", [""])
    }

    deleted = {table for op, table, _ in kinds if op == "delete"}
    assert {"session", "message", "part", "event", "event_sequence"} == deleted
    changed = {
        column for op, table, column in kinds if (op, table) == ("update", "session")
    }
    assert {"revert", "title", "time_archived", "tokens_input"} <= changed
    assert '\\"type\\":\\"compaction\\"' in RECORDED.read_text("utf-8")


def test_a_trace_without_an_event_log_is_followed(tmp_path: Path) -> None:
    """The clock stands still, so no comparison of all digests helps."""
    found = follow_written(tmp_path)

    assert [] == [line for one in found.values() for line in one.differences]
    assert found["live"].commits > 8


def test_the_command_tells_of_differences(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A reader that looks at no row of a session is seen, and fails the command."""
    monkeypatch.setattr(poll, "nominate", lambda *_: [])

    assert 1 == main([str(RECORDED.with_suffix(".sql")), str(RECORDED)])

    out = capsys.readouterr().out
    assert "  live: 120 commits, 120 polls compared, " in out
    assert re.search(
        "  resumed: 120 commits, 120 polls compared, .* 0 differences", out
    )
    assert "    commit " in out


def test_the_command_is_silent_about_what_is_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line per way."""
    schema = tmp_path / "schema.sql"
    schema.write_text(DDL)

    assert 0 == main(["--seconds=60", str(schema), str(WRITTEN)])

    assert 5 == capsys.readouterr().out.count("\n")

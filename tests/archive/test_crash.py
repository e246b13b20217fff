"""A recording that is killed, or fails, at every single write it makes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from crash_child import BEFORE, after_of
from staged_sources import content, plan_of, query, record, statuses

from pytest_parsediff.archive.reader import ArchiveReader
from pytest_parsediff.archive.recording import Recording
from pytest_parsediff.archive.runs import OPEN
from pytest_parsediff.core.errors import ParsediffError

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")

SCENARIOS = ["new", "rewrite", "append"]


def break_everywhere(scenario: str, how: str, folder: Path) -> list[dict[str, Any]]:
    """Return how each broken recording ended; the first one was not broken."""
    before = BEFORE[scenario]
    if before is not None:
        record(folder / "base.db", before)
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, str(here / "crash_child.py"), scenario, how, str(folder)],
        stdout=subprocess.PIPE,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.split(b"\n")[:-1]]


def state_of(path: Path) -> Any:
    """Return all content by a connection that may restore the file; ``None``: no tables."""
    if not path.exists() or not query(path, "SELECT 1 FROM sqlite_schema LIMIT 1"):
        return None
    return content(path)


def states_before(folder: Path) -> list[Any]:
    """Return what the archive may hold if nothing was recorded."""
    base = folder / "base.db"
    if base.exists():
        return [content(base)]
    empty = folder / "empty.db"
    Recording.begin(empty, plan_of(after_of("new"))).abort("")
    return [None, content(empty)]


def last_state(path: Path, runs_before: int) -> str | None:
    """Return the state of the broken run; ``None`` if it was not even noted."""
    if state_of(path) is None:
        return None
    rows = query(path, "SELECT state FROM sync_runs WHERE run_id > ?", runs_before)
    return rows[0][0] if rows else None


def read_by_reader(path: Path) -> Any:
    """Return what a read-only look sees, or the code of its error."""
    try:
        reader = ArchiveReader(path, wait_s=0)
    except ParsediffError as error:
        return error.code
    with reader.snapshot():
        seen = [
            (one, list(reader.records(one.adapter, one.session)))
            for one in reader.sessions()
        ]
    reader.close()
    return seen


@pytest.mark.parametrize(
    ("scenario", "how"), [*((one, "kill") for one in SCENARIOS), ("rewrite", "torn")]
)
def test_a_killed_recording_leaves_before_or_after(
    scenario: str, how: str, path: Path
) -> None:
    """SIGKILL at every write: content is one of two states, and the ledger tells which.

    A read-only look sees that very state, without help of a writer but for a few writes
    at which the archive changes between its two journal modes.
    """
    folder = path.parent
    whole, *broken = break_everywhere(scenario, how, folder)
    runs_before = 0 if BEFORE[scenario] is None else 1
    before, after = states_before(folder), content(folder / "-1.db")
    looks = [read_by_reader(folder / "base.db"), read_by_reader(folder / "-1.db")]
    assert (None, None) == (whole["signal"], whole["code"])
    assert len(broken) > 20

    ends, blind = set(), []
    for one in broken:
        copy = folder / f"{one['at']}.db"
        look = read_by_reader(copy)
        found, state = state_of(copy), last_state(copy, runs_before)
        assert found == after or found in before, one
        assert (state == "ok") == (found == after), one
        if isinstance(look, str) and look not in ("PD501", "PD504"):
            blind.append((one["at"], look))
        elif isinstance(look, list):
            assert look == looks[found == after] or look == [], one
        if one["at"] % 4 == 0:  # they take most of the time
            assert_recovers(copy, scenario, after)
        ends.add((state, one["signal"]))

    assert {"PD503"} >= {code for _, code in blind}
    assert len(blind) <= len(broken) / 4, blind
    assert {("preflight", 9), ("committing", 9), ("ok", 9)} <= ends


def assert_recovers(path: Path, scenario: str, after: dict[str, list[Any]]) -> None:
    """Assert that another recording closes the dead run and comes to the same content."""
    side = after_of(scenario)
    try:
        Recording.begin(path, plan_of(side), wait_s=0).abort("looked")
    finally:
        open_ones = [
            status
            for (run_id,) in query(path, "SELECT run_id FROM sync_runs")
            for kind in ("source", "session")
            for status in statuses(path, run_id, kind).values()
            if status in OPEN
        ]
    assert [] == open_ones
    if scenario != "append":
        record(path, side)
        assert [row[:8] for row in after["sessions"]] == [
            row[:8] for row in content(path)["sessions"]
        ]
        assert after["records"] == content(path)["records"]


@pytest.mark.parametrize(
    ("scenario", "how"), [*((one, "error") for one in SCENARIOS), ("rewrite", "full")]
)
def test_a_failing_write_rolls_back(scenario: str, how: str, path: Path) -> None:
    """An error at every write is a typed error with content as before, or no harm.

    Only where nothing at all can be written any more may a commit that was reported as
    failed be found done by the next process; then the ledger says so too.
    """
    folder = path.parent
    whole, *broken = break_everywhere(scenario, how, folder)
    runs_before = 0 if BEFORE[scenario] is None else 1
    before, after = states_before(folder), content(folder / "-1.db")
    assert whole["code"] is None

    codes = set()
    for one in broken:
        copy = folder / f"{one['at']}.db"
        found, state = state_of(copy), last_state(copy, runs_before)
        assert one["signal"] is None, one
        if one["code"] is None:
            assert (found, state) == (after, "ok"), one
        elif (
            how == "full" and state == "ok"
        ):  # the sync failed, and the bytes are there
            assert found == after, one
        else:
            assert found in before, one
            assert state != "ok", one
        codes.add(one["code"])

    assert {"PD521"} <= codes <= {"PD501", "PD521", None}

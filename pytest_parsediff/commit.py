"""End an update: gather what all processes staged, commit it, tell about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_parsediff.golden.stage import read_stage
from pytest_parsediff.golden.update import UpdateMode, UpdateResult, conclude
from pytest_parsediff.syrupy_summary import register_written
from pytest_parsediff.tally import Tally


def commit_update(
    session: pytest.Session, mode: UpdateMode, run_folder: Path, tally: Tally
) -> None:
    """Write the goldens of an update that is sound; fail the run otherwise.

    Args:
        session: The controller's session.
        mode: What was asked.
        run_folder: Holds the stage files of all processes, which are removed.
        tally: What the reports said; the result of the update is put there.
    """
    stages = sorted(run_folder.glob("stage-*.jsonl"))
    staged, selected = read_stage(stages)
    for path in stages:
        path.unlink()
    result = conclude(staged, selected, tally.failed, tally.skipped, mode)
    tally.update = result
    _register(session.config, result)
    if result.errors and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _register(config: pytest.Config, result: UpdateResult) -> None:
    for decision in result.written:
        staged = decision.staged
        before = result.before[staged.golden]
        path = Path(staged.golden)
        anchor = path.with_name(staged.node_id.split("::")[0].rpartition("/")[2])
        register_written(config, staged.node_id, anchor, staged.content, before)

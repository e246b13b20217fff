"""End an update: gather what all processes staged, commit it, tell about it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_parsediff.golden.stage import read_stage
from pytest_parsediff.golden.update import UpdateResult, conclude
from pytest_parsediff.syrupy_summary import register_written

if TYPE_CHECKING:
    from pytest_parsediff.session import ScenarioPlugin


def commit_update(plugin: ScenarioPlugin, session: pytest.Session) -> None:
    """Write the goldens of an update that is sound; fail the run otherwise."""
    mode = plugin.settings.update
    assert mode is not None, "called for updates only"
    stages = sorted(plugin.run_folder().glob("stage-*.jsonl"))
    staged, selected = read_stage(stages)
    for path in stages:
        path.unlink()
    tally = plugin.tally
    result = conclude(staged, selected, tally.failed, tally.skipped, mode)
    tally.update = result
    _register(plugin.config, result)
    if result.errors and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _register(config: pytest.Config, result: UpdateResult) -> None:
    for decision in result.written:
        staged = decision.staged
        before = result.before[staged.golden]
        path = Path(staged.golden)
        anchor = path.with_name(staged.node_id.split("::")[0].rpartition("/")[2])
        register_written(config, staged.node_id, anchor, staged.content, before)

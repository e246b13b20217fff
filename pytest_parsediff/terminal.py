"""The section that pytest prints at the end of a run with scenarios."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pytest_parsediff.core.errors import Where, strip_control
from pytest_parsediff.core.wording import counted
from pytest_parsediff.golden.update import Action, UpdateResult

if TYPE_CHECKING:
    import pytest

    from pytest_parsediff.tally import Tally

_SHOWN = 20
_WORDS = {
    Action.CREATE: "created",
    Action.WRITE: "updated",
    Action.KEEP: "unchanged",
    Action.LEAVE: "left alone",
    Action.STALE: "stale",
}


def write_summary(reporter: pytest.TerminalReporter, tally: Tally) -> None:
    """Print counts, notes and what an update did; nothing when there is nothing."""
    if not (tally.golden or tally.failed or tally.update):
        return
    reporter.section("parsediff")
    if tally.update is None:
        counts = ", ".join(
            f"{n} {status}" for status, n in sorted(tally.golden.items())
        )
        reporter.line(f"goldens: {counts or 'none was compared'}")
    for node_id, note in tally.notes[:_SHOWN]:
        reporter.line(f"{node_id}: {note}", yellow=True)
    _write_more(reporter, len(tally.notes))
    if tally.notices and reporter.config.get_verbosity() > 0:
        for node_id, count in list(tally.notices.items())[:_SHOWN]:
            reporter.line(f"{node_id}: {counted(count, 'notice')} of the adapter")
        _write_more(reporter, len(tally.notices))
    if tally.update is not None:
        _write_update(reporter, tally.update)


def _write_more(reporter: pytest.TerminalReporter, count: int) -> None:
    if count > _SHOWN:
        reporter.line(f"… {count - _SHOWN} more")


def _write_update(reporter: pytest.TerminalReporter, result: UpdateResult) -> None:
    for error in result.errors:
        for line in str(error).split("\n"):
            reporter.line(strip_control(line), red=True)
    counts = Counter(decision.action for decision in result.decisions)
    listed = ", ".join(f"{n} {_WORDS[action]}" for action, n in sorted(counts.items()))
    intended = [decision for decision in result.decisions if decision.writes]
    if result.written or not intended:
        reporter.line(f"update-golden: {listed or 'no golden'}", bold=True)
    else:
        reporter.line(f"update-golden wrote nothing (it would be: {listed})")
    for decision in result.written or intended:
        word = _WORDS[decision.action] if result.written else "not written:"
        reporter.line(f"  {word} {Where(decision.staged.golden)}")
    for node_id, reason in list(result.skipped.items())[:_SHOWN]:
        reporter.line(f"  skipped {node_id}: {reason}")
    _write_more(reporter, len(result.skipped))

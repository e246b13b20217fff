"""What a failing block of plans shows: the law, the timeline, the command."""

from __future__ import annotations

import shlex

from pytest_parsediff.core.errors import strip_control
from pytest_parsediff.golden.render import Line, Style
from pytest_parsediff.stress.outcome import StressOutcome, explain


def describe_stress(
    outcome: StressOutcome, node_id: str, flags: str = "", block_flags: str = ""
) -> list[Line]:
    """Return the lines that explain why *outcome* fails.

    The first line names the cause. The last one is the next thing to type.

    Args:
        outcome: A failure.
        node_id: Of its item.
        flags: Of this run, that a replay of a token needs.
        block_flags: Of this run, that the whole block needs.
    """
    error = outcome.error
    assert error is not None, "only failures are described"
    lines = [Line(error.headline, Style.HEADER)]
    lines += [Line(text) for text in error.detail.rstrip().split("\n") if error.detail]
    lines += [Line(strip_control(text)) for text in explain(outcome)]
    if outcome.finding is None:
        lines.append(Line(f"hint: {error.hint}", Style.NOTE))
    if outcome.token:
        command = replay_command(node_id, outcome.token, flags)
        lines.append(Line(f"replay: {command}", Style.NOTE))
    else:
        command = f"pytest --parsediff {shlex.quote(node_id)} {block_flags}".rstrip()
        lines.append(Line(f"again: {command}", Style.NOTE))
    return lines


def replay_command(node_id: str, token: str, flags: str = "") -> str:
    """Return the command that runs the plan of *token* again.

    A replay has one item per scenario, whichever block has found the plan.
    """
    first = f"{node_id.rpartition('-plans-')[0]}-plans-0"
    return f"pytest --parsediff {shlex.quote(first)} {flags}--parsediff-replay={token}"

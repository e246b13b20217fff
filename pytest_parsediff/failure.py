"""What a failing scenario shows: cause, difference, what was kept, what to do."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_parsediff.core.errors import GoldenMismatchError, GoldenMissingError
from pytest_parsediff.core.wording import counted
from pytest_parsediff.golden.explain import explain
from pytest_parsediff.golden.render import Line, Style, render

if TYPE_CHECKING:
    from pytest_parsediff.run import Outcome

_SHOWN_NOTICES = 10


def describe(outcome: Outcome, node_id: str) -> list[Line]:
    """Return the lines that explain why *outcome* fails.

    The first line names the cause. The last one is the next thing to type.
    """
    error = outcome.error
    assert error is not None, "only failures are described"
    lines = [Line(error.headline, Style.HEADER)]
    lines += [Line(text) for text in error.detail.rstrip().split("\n") if error.detail]
    if isinstance(error, GoldenMismatchError):
        lines += _difference(outcome)
    lines += _notices(outcome)
    lines += _kept(outcome)
    acceptable = (GoldenMismatchError, GoldenMissingError)
    if isinstance(error, acceptable):
        command = f"pytest {shlex.quote(node_id)} --parsediff --update-golden"
        lines.append(Line(f"accept: {command}", Style.NOTE))
    else:
        lines.append(Line(f"hint: {error.hint}", Style.NOTE))
    return lines


def _difference(outcome: Outcome) -> Sequence[Line]:
    assert outcome.check is not None
    assert outcome.rules is not None
    rules = outcome.rules
    explanation = explain(
        outcome.check.expected, outcome.lines, key=rules.key, ordered=rules.ordered
    )
    return render(explanation)


def _notices(outcome: Outcome) -> Iterator[Line]:
    for notice in outcome.notices[:_SHOWN_NOTICES]:
        where = f"{notice.where}: " if notice.where else ""
        yield Line(f"notice {notice.code}: {where}{notice.message}")
    more = len(outcome.notices) - _SHOWN_NOTICES
    if more > 0:
        yield Line(f"… {counted(more, 'more notice')}")


def _kept(outcome: Outcome) -> Iterator[Line]:
    desk = outcome.desk
    if desk is None:
        return
    if outcome.check is not None:
        actual = desk.base / "actual.jsonl"
        actual.write_bytes(outcome.jsonl)
        yield Line(f"actual lines: {actual}")
    yield Line(f"store: {desk.store}")


@dataclass(frozen=True, slots=True)
class Crash:
    """Where a scenario failed, in the form pytest's own reporters look for.

    Attributes:
        path: The file.
        lineno: 1-based line.
        message: One line, for the short summary and for JUnit.
    """

    path: str
    lineno: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.lineno}: {self.message}"

"""The line that says how far a long parse is."""

from __future__ import annotations

import pytest

from pytest_parsediff.live.stages import Stage, StageName
from pytest_parsediff.live_progress import Progress, progress_of


class Terminal:
    """Notes what is written."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def ensure_newline(self) -> None:
        """Note a new line."""
        self.lines.append("NEWLINE")

    def rewrite(self, line: str, *, erase: bool = False) -> None:
        """Note a line."""
        assert erase
        self.lines.append(line)


def shown(*moments: tuple[StageName, float], source: str = "x.db") -> list[str]:
    """Return what is written when stages are reached at these seconds."""
    terminal, now = Terminal(), [0.0]
    progress = Progress(terminal, clock=lambda: now[0])
    for count, (name, second) in enumerate(moments):
        now[0] = second
        progress(Stage(name=name, adapter="a", source=source, count=count))
    return terminal.lines


def test_a_short_parse_is_not_shown() -> None:
    """Not even erased."""
    assert [] == shown(
        (StageName.OBSERVED, 10.0), (StageName.EMITTED, 10.9), (StageName.PARSED, 20.0)
    )


def test_a_long_parse_is_shown_ten_times_a_second() -> None:
    """On a line of its own, which is erased at the end."""
    assert ["NEWLINE", "a x.db: 1 event", "a x.db: 3 events", ""] == shown(
        (StageName.OBSERVED, 10.0),
        (StageName.EMITTED, 11.1),
        (StageName.EMITTED, 11.15),
        (StageName.EMITTED, 11.3),
        (StageName.PARSED, 12.0),
        (StageName.PARSED, 13.0),
    )


def test_names_of_sources_cannot_reach_the_terminal() -> None:
    """Nor fill it."""
    lines = shown(
        (StageName.OBSERVED, 0.0),
        (StageName.EMITTED, 2.0),
        source="\x1b[2J\n" + "x" * 200,
    )

    assert lines[1].startswith("a \\x1b[2J xxx")
    assert 70 == len(lines[1])


def test_nothing_is_shown_where_nobody_looks(pytester: pytest.Pytester) -> None:
    """No terminal, no callback, and the adapter may be read ahead."""
    assert progress_of(pytester.parseconfigure()) is None
    assert progress_of(pytester.parseconfigure("-p", "no:terminal")) is None

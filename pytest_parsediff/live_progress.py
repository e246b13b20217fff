"""One line on a terminal that says how far a long parse is."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Protocol

import pytest

from pytest_parsediff.core.errors import strip_control
from pytest_parsediff.core.wording import counted
from pytest_parsediff.live.stages import OnStage, Stage, StageName

_PATIENCE_S = 1.0
_INTERVAL_S = 0.1


class Terminal(Protocol):
    """The part of pytest's terminal reporter that is used here."""

    def ensure_newline(self) -> None:
        """Begin a new line, unless there is one."""
        ...

    def rewrite(self, line: str, *, erase: bool = False) -> None:
        """Write *line* over the current one."""
        ...


class Progress:
    """Shows a parse that takes long; a short one leaves no trace.

    Args:
        terminal: Where it is shown.
        show: Calls a function while nothing is captured.
        clock: Seconds, monotonic.
    """

    def __init__(
        self,
        terminal: Terminal,
        show: Callable[[Callable[[], None]], None] = lambda write: write(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._terminal = terminal
        self._show = show
        self._clock = clock
        self._began_s = self._shown_s = clock()
        self._is_shown = False

    def __call__(self, stage: Stage) -> None:
        """Take note of a stage."""
        now_s = self._clock()
        match stage.name:
            case StageName.EMITTED:
                if (
                    now_s - self._began_s > _PATIENCE_S
                    and now_s - self._shown_s > _INTERVAL_S
                ):
                    self._shown_s = now_s
                    self._show(lambda: self._write(stage))
            case StageName.OBSERVED:
                self._began_s = self._shown_s = now_s
            case StageName.PARSED if self._is_shown:
                self._is_shown = False
                self._show(lambda: self._terminal.rewrite("", erase=True))
            case _:
                pass

    def _write(self, stage: Stage) -> None:
        if not self._is_shown:
            self._terminal.ensure_newline()
            self._is_shown = True
        text = f"{stage.adapter} {stage.source}: {counted(stage.count, 'event')}"
        line = strip_control(text).replace("\n", " ")
        self._terminal.rewrite(line[:70], erase=True)


def progress_of(config: pytest.Config) -> OnStage | None:
    """Return what shows progress in this process; ``None`` where nobody looks."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not getattr(reporter, "isatty", False):
        return None
    capture = config.pluginmanager.get_plugin("capturemanager")

    def show(write: Callable[[], None]) -> None:
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            write()

    return Progress(reporter, show)

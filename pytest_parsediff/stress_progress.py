"""One line on a terminal that says how far a block of plans is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from pytest_parsediff.core.wording import counted

if TYPE_CHECKING:
    import pytest

    from pytest_parsediff.laws.explore import Explored

_INTERVAL_S = 0.2


class PlanProgress:
    """Shows plans per second while somebody looks, and knows what was going on.

    Attributes:
        unfinished: The block that was interrupted, one line; empty if none was.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.unfinished = ""
        self._config = config
        self._shown_s = 0.0

    @contextmanager
    def of(self, item: pytest.Item) -> Iterator[Callable[[Explored], None]]:
        """Return what is to be called after each plan of *item*."""
        reporter: Any = self._config.pluginmanager.get_plugin("terminalreporter")
        is_watched = reporter is not None and getattr(reporter, "isatty", False)

        def progress(explored: Explored) -> None:
            self.unfinished = f"{item.name}: {describe_rate(explored)}"
            now_s = time.monotonic()
            if is_watched and now_s - self._shown_s > _INTERVAL_S:
                self._shown_s = now_s
                self._show(reporter, self.unfinished)

        try:
            yield progress
        finally:
            if self._shown_s:
                self._shown_s = 0.0
                self._show(reporter, "")
        self.unfinished = ""

    def _show(self, reporter: Any, text: str) -> None:
        """Write over the current line, outside of what is captured."""
        capture: Any = self._config.pluginmanager.get_plugin("capturemanager")
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            reporter.rewrite(text[:78], erase=True)


def describe_rate(explored: Explored) -> str:
    """Return how many plans were run, and how fast."""
    rate = explored.plans / explored.seconds if explored.seconds else 0.0
    return f"{counted(explored.plans, 'plan')}, {rate:.0f} per second"

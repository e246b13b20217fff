"""Blocks of plans as pytest items, beside the item of their scenario."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import pluggy
import pytest
from msgspec import UNSET

from pytest_parsediff.core.config import StressConfig
from pytest_parsediff.core.errors import Unavailable
from pytest_parsediff.core.scenario import Scenario

if TYPE_CHECKING:
    from pytest_parsediff.stress.outcome import StressOutcome
    from pytest_parsediff.stress.stand import StressSettings

_NO_TABLE = StressConfig()


class StressHost(Protocol):
    """What items need of the plugin that made them."""

    def settings(self, scenario: Scenario) -> StressSettings:
        """Return what holds for *scenario*."""
        ...

    def run(self, item: StressItem) -> StressOutcome:
        """Run the block of plans of *item*."""
        ...

    def failure_of(self, item: StressItem, outcome: StressOutcome) -> object:
        """Return what pytest prints for a failing block."""
        ...


def stress_table(scenario: Scenario) -> StressConfig:
    """Return the ``[stress]`` table of *scenario*, or one that says nothing."""
    table = scenario.config.stress
    return _NO_TABLE if table is UNSET else table


def is_stressed(scenario: Scenario) -> bool:
    """Return whether *scenario* has anything for plans: writers, or a table of its own."""
    return bool(scenario.config.writer) or scenario.config.stress is not UNSET


def stress_items(
    parent: pytest.Collector,
    host: StressHost,
    scenario: Scenario,
    marks: Sequence[pytest.MarkDecorator],
) -> Iterator[StressItem]:
    """Yield one item per block of 100 plans; how many depends on their number alone."""
    from pytest_parsediff.interleave.strategy import blocks_of  # noqa: PLC0415

    for number in range(blocks_of(host.settings(scenario).plans)):
        item = StressItem.make(parent, host, scenario, number)
        for mark in marks:
            item.add_marker(mark)
        yield item


class StressItem(pytest.Item):
    """One block of plans of one scenario."""

    host: StressHost
    scenario: Scenario
    number: int
    outcome: StressOutcome | None
    unavailable: str | None

    @property
    def ihook(self) -> pluggy.HookRelay:
        """Call hooks as for the folder above, as the item of the scenario does."""
        assert self.parent is not None
        return self.parent.ihook

    @classmethod
    def make(
        cls, parent: pytest.Collector, host: StressHost, scenario: Scenario, number: int
    ) -> StressItem:
        """Return the item of the block *number* of *scenario*."""
        name = f"{scenario.name}-plans-{number}"
        item: StressItem = cls.from_parent(parent, name=name)
        item.host, item.scenario, item.number = host, scenario, number
        item.outcome = item.unavailable = None
        return item

    def runtest(self) -> None:
        """Run the block.

        Raises:
            StressFailed: A law is broken, or nothing was shown.
        """
        try:
            self.outcome = self.host.run(self)
        except Unavailable as reason:
            self.unavailable = str(reason)
            pytest.skip(self.unavailable)
        if self.outcome.token:
            self.user_properties.append(("parsediff_token", self.outcome.token))
        if self.outcome.proof:
            self.user_properties.append(("parsediff_proof", self.outcome.proof))
        if self.outcome.error is not None:
            raise StressFailed(self.outcome)

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None
    ) -> Any:
        """Return the law, the timeline and the command, without a traceback."""
        del style  # --tb is for tracebacks
        if isinstance(excinfo.value, StressFailed):
            return self.host.failure_of(self, excinfo.value.outcome)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[os.PathLike[str], int, str]:
        """Return the anchor file and its first line (0-based)."""
        return self.path, 0, self.name


class StressFailed(Exception):  # noqa: N818 - it carries an outcome, not a cause
    """A block of plans does not hold; the outcome says why."""

    def __init__(self, outcome: StressOutcome) -> None:
        super().__init__(str(outcome.error))
        self.outcome = outcome

"""One scenario as a pytest item."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pluggy
import pytest
from msgspec import UNSET

from pytest_parsediff.core.config import Mark
from pytest_parsediff.core.errors import Unavailable
from pytest_parsediff.core.scenario import Folder, Scenario
from pytest_parsediff.stress_collect import StressHost

if TYPE_CHECKING:
    from pytest_parsediff.run import Outcome


class Host(Protocol):
    """What nodes need of the plugin that made them."""

    @property
    def stress(self) -> StressHost:
        """What blocks of plans have in common."""
        ...

    @property
    def updating(self) -> bool:
        """Whether goldens are being rewritten."""
        ...

    @property
    def is_collected(self) -> bool:
        """Whether collection is over; no conftest is loaded after that."""
        ...

    def read(self, folder: Folder, root: Path) -> Scenario:
        """Return the scenario in *folder*, or raise its typed error."""
        ...

    def adapter_of(self, scenario: Scenario) -> str | None:
        """Return the name of the adapter that reads *scenario*."""
        ...

    def run(self, item: ScenarioItem) -> Outcome:
        """Run the scenario of *item*."""
        ...

    def failure_of(self, item: ScenarioItem, outcome: Outcome) -> object:
        """Return what pytest prints for a failing scenario."""
        ...


#: Fixtures that a scenario need not fill: its body takes no argument, and what syrupy
#: changes in PyCharm's diff viewer is not shown for a scenario.
_NEEDLESS = frozenset({"request", "_syrupy_apply_ide_patches"})


def scenario_body() -> None:
    """Stand in for a test function: marks and syrupy ask an item for one."""


class ScenarioItem(pytest.Function):
    """One scenario, run by one adapter."""

    plugin: Host
    scenario: Scenario
    outcome: Outcome | None
    unavailable: str | None

    @property
    def ihook(self) -> pluggy.HookRelay:
        """Call hooks as for the folder above; as for the file of a scenario."""
        assert self.parent is not None
        return self.parent.ihook

    @classmethod
    def make(
        cls,
        parent: pytest.File,
        plugin: Host,
        scenario: Scenario,
        fixtureinfo: Any,
    ) -> ScenarioItem:
        """Return the item of *scenario* with its marks."""
        item: ScenarioItem = cls.from_parent(
            parent,
            name=scenario.name,
            callobj=scenario_body,
            fixtureinfo=fixtureinfo,
        )
        item.fixturenames = [n for n in item.fixturenames if n not in _NEEDLESS]
        item.plugin, item.scenario = plugin, scenario
        item.outcome = item.unavailable = None
        for mark in scenario.config.marks or ():
            item.add_marker(as_mark(mark))
        if scenario.config.xfail is not UNSET:
            item._add_xfail(scenario.config.xfail)
        return item

    def _add_xfail(self, reasons: dict[str, str]) -> None:
        """Expect the failure that is declared for this scenario's adapter."""
        reason = reasons.get(self.plugin.adapter_of(self.scenario) or "")
        if reason is None:
            return
        if not self.plugin.updating:
            self.add_marker(pytest.mark.xfail(reason=reason, strict=True))
        else:
            text = f"known to fail, so its golden is not written: {reason}"
            self.add_marker(pytest.mark.skip(reason=text))

    def runtest(self) -> None:
        """Run the scenario.

        Raises:
            ScenarioFailed: It does not hold.
        """
        try:
            self.outcome = self.plugin.run(self)
        except Unavailable as reason:
            self.unavailable = str(reason)
            pytest.skip(self.unavailable)
        if self.outcome.error is not None:
            raise ScenarioFailed(self.outcome)

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None
    ) -> Any:
        """Return the explanation of a scenario's own failure, without a traceback."""
        del style  # --tb is for tracebacks
        if isinstance(excinfo.value, ScenarioFailed):
            return self.plugin.failure_of(self, excinfo.value.outcome)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[os.PathLike[str], int, str]:
        """Return the anchor file and its first line (0-based)."""
        return self.path, 0, self.name

    @cached_property
    def location(self) -> tuple[str, int | None, str]:
        """Where the item is, as in :meth:`reportinfo`, below pytest's root folder."""
        directory = self.parent and self.parent.parent
        if getattr(directory, "id_prefix", None) is not None:  # of our own nodes
            path = self.nodeid.rpartition("::")[0]
            return path.replace("/", os.sep), 0, self.name
        return super().location


class ScenarioFailed(Exception):  # noqa: N818 - it carries an outcome, not a cause
    """A scenario does not hold; the outcome says why."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(str(outcome.error))
        self.outcome = outcome


def as_mark(mark: str | Mark) -> pytest.MarkDecorator:
    """Return what a configured mark is in pytest."""
    if isinstance(mark, str):
        decorator: pytest.MarkDecorator = getattr(pytest.mark, mark)
        return decorator
    decorator = getattr(pytest.mark, mark.name)
    return (
        decorator(*mark.args, **mark.kwargs) if mark.args or mark.kwargs else decorator
    )

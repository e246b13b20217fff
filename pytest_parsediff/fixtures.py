"""The ``parsediff`` fixture: scenarios and SQL in hand-written tests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_parsediff.core.canonical import join_lines
from pytest_parsediff.core.config import ScenarioConfig
from pytest_parsediff.core.event import Event, Notice
from pytest_parsediff.core.scenario import FIXTURE, Scenario, look
from pytest_parsediff.options import read_settings

if TYPE_CHECKING:
    from pytest_parsediff.session import ScenarioPlugin


@dataclass(frozen=True, slots=True)
class Result:
    """What an adapter made of a store.

    Attributes:
        lines: Canonical lines without line ends, in order.
        notices: What the adapter noticed.
    """

    lines: list[bytes]
    notices: tuple[Notice, ...]

    @property
    def jsonl(self) -> bytes:
        """The bytes that a golden would have."""
        return join_lines(self.lines)

    @property
    def events(self) -> list[Event]:
        """The canonical events, decoded."""
        return [json.loads(line) for line in self.lines]


@dataclass(slots=True)
class Parsediff:
    """Runs adapters; every store is thrown away when the test ends."""

    plugin: ScenarioPlugin
    _scripts: list[Path] = field(default_factory=list)

    def __call__(
        self, scenario: str | Path, *, adapter: str | object | None = None
    ) -> Result:
        """Run the adapter on a scenario's store.

        Args:
            scenario: The scenario's folder, relative to pytest's root folder.
            adapter: Name of an adapter, or an adapter, or a function that yields
                events; ``None`` takes the scenario's own.

        Raises:
            ParsediffError: Anything that would fail a scenario, except for the golden.
        """
        folder = look(self.plugin.config.rootpath / scenario)
        root = next(
            (r for r in self.plugin.settings.roots if folder.path.is_relative_to(r)),
            folder.path.parent,
        )
        return self._project(self.plugin.reader.load(folder, root), adapter)

    def sql(self, script: str, *, adapter: str | object | None = None) -> Result:
        """Run the adapter on a store built from *script*.

        Args:
            script: What ``fixture.sql`` would say.
            adapter: As above; ``None`` takes ``parsediff_adapter``.

        Raises:
            ParsediffError: Anything that would fail a scenario, except for the golden.
        """
        desk = self.plugin.runner.workspace.new_desk()
        try:
            anchor = desk.tmp / FIXTURE
            anchor.write_text(script, encoding="utf-8")
            scenario = Scenario(
                id="sql",
                folder=desk.tmp,
                anchor=anchor,
                config=ScenarioConfig(),
                adapters=self.plugin.reader.base_defaults().adapters,
            )
            return self._project(scenario, adapter)
        finally:
            desk.remove()

    def _project(self, scenario: Scenario, adapter: str | object | None) -> Result:
        if isinstance(adapter, str):
            scenario = scenario.with_adapter(adapter)
            adapter = None
        lines, notices = self.plugin.runner.project(scenario, adapter)
        return Result(lines, notices)


@contextmanager
def open_parsediff(config: pytest.Config) -> Iterator[Parsediff]:
    """Yield the fixture's value; works with and without ``--parsediff``."""
    from pytest_parsediff.session import PLUGIN_NAME, ScenarioPlugin  # noqa: PLC0415

    plugin = config.pluginmanager.get_plugin(PLUGIN_NAME)
    if plugin is not None:
        yield Parsediff(plugin)
        return
    plugin = ScenarioPlugin(config, read_settings(config))
    try:
        yield Parsediff(plugin)
    finally:
        plugin.close()

"""The pytest plugin: hooks that do nothing unless they are asked.

Nothing of the engine is imported here, because every pytest run in an environment
with the plugin loads this module.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from pytest_parsediff import hookspecs
from pytest_parsediff.live_flags import (
    MARKERS,
    add_live_options,
    add_retry_flag,
    given_flags,
)
from pytest_parsediff.options import (
    add_options,
    add_update_flags,
    are_paths_named,
    keep_goldens_from_syrupy,
    read_settings,
)
from pytest_parsediff.stress_flags import add_stress_options

if TYPE_CHECKING:
    from pytest_parsediff.fixtures import Parsediff


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Make our own hooks known."""
    pluginmanager.add_hookspecs(hookspecs)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register flags and ini values."""
    add_options(parser)
    add_live_options(parser)
    add_stress_options(parser)


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(
    parser: pytest.Parser, args: list[str]
) -> Iterator[None]:
    """Register ``--update-golden`` after the conftest files had their turn."""
    yield
    add_update_flags(parser, args)
    add_retry_flag(parser, args)


def pytest_configure(config: pytest.Config) -> None:
    """Switch collection on when it was asked for."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    settings = read_settings(config)
    is_live = bool(given_flags(config))
    keep_goldens_from_syrupy(config)
    if is_live:
        from pytest_parsediff.live_register import register_live  # noqa: PLC0415

        register_live(config)
    if settings.enabled and (not is_live or are_paths_named(config)):
        from pytest_parsediff.session import ScenarioPlugin  # noqa: PLC0415

        plugin = ScenarioPlugin(config, settings)
        config.pluginmanager.register(plugin, "parsediff-scenarios")


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Keep scenario folders out of syrupy's deletions, in every run that deletes."""
    if session.config.getoption("update_snapshots", False):
        from pytest_parsediff.syrupy_summary import guard  # noqa: PLC0415

        guard(session.config, read_settings(session.config).roots)


@pytest.fixture
def parsediff(request: pytest.FixtureRequest) -> Iterator[Parsediff]:
    """Run adapters on scenarios and on SQL from a hand-written test."""
    from pytest_parsediff.fixtures import open_parsediff  # noqa: PLC0415

    with open_parsediff(request.config) as helper:
        yield helper

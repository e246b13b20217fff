"""Hooks that plugins and conftest files may implement."""

from __future__ import annotations

from collections.abc import Mapping

import pytest


@pytest.hookspec
def pytest_parsediff_adapters(config: pytest.Config) -> Mapping[str, object] | None:
    """Return adapters by name.

    A value is an adapter object, a class of one, or a plain function that yields
    events. Called once, before the first scenario runs. In a conftest that must also
    load where the plugin is absent, mark the implementation with
    ``@pytest.hookimpl(optionalhook=True)``.

    Args:
        config: pytest's configuration.
    """

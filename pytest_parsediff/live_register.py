"""Which plugin a live run needs: one that compares, or one that records."""

from __future__ import annotations

import pytest

from pytest_parsediff.live_base import LiveRunPlugin
from pytest_parsediff.live_options import read_live_options


def register_live(config: pytest.Config) -> None:
    """Register the plugin of a comparison, or that of a recording.

    Raises:
        pytest.UsageError: PD116, the flags mean nothing together.
    """
    options = read_live_options(config)
    plugin: LiveRunPlugin
    if options.is_recording:
        from pytest_parsediff.live_record import RecordPlugin  # noqa: PLC0415

        plugin = RecordPlugin(config, options)
    else:
        from pytest_parsediff.live_session import ComparePlugin  # noqa: PLC0415

        plugin = ComparePlugin(config, options)
    config.pluginmanager.register(plugin, "parsediff-live")

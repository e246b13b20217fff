"""The environment variables that adapters see."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from pytest_parsediff.adapters.limits import SelfLimiting
from pytest_parsediff.adapters.placeholders import expand
from pytest_parsediff.adapters.resolve import Resolved
from pytest_parsediff.core.config import AdapterConfig
from pytest_parsediff.core.place import Placed
from pytest_parsediff.core.scenario import Scenario
from pytest_parsediff.core.workspace import Desk


def with_env(
    configured: Mapping[str, tuple[AdapterConfig, Path]], env: Mapping[str, str]
) -> Mapping[str, tuple[AdapterConfig, Path]]:
    """Give every command adapter the scenario's variables beneath its own."""
    if not env:
        return configured
    return {
        name: (msgspec.structs.replace(config, env={**env, **(config.env or {})}), path)
        for name, (config, path) in configured.items()
    }


def variables_of(
    scenario: Scenario, resolved: Resolved, placed: Placed, desk: Desk
) -> Mapping[str, str]:
    """Return the environment of an adapter; those in other processes make their own.

    Raises:
        PlaceholderError: PD411.
    """
    homes = desk.homes()
    env = resolved.config.env or scenario.config.env
    if not env or isinstance(resolved.adapter, SelfLimiting):
        return homes
    path = placed.source.path
    values = {
        "store": lambda: str(path),
        "store_dir": lambda: str(path if path.is_dir() else path.parent),
        "tmp": lambda: desk.tmp_text,
        "state": lambda: str(desk.state),
    }
    return {
        **homes,
        **{name: expand(text, values, "env") for name, text in env.items()},
    }


class Environment:
    """Environment variables of this process, set for a while.

    Written out, because each call of a method of ``os.environ`` counts here.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._before: dict[str, str | None] = {}

    def __enter__(self) -> None:
        environ = os.environ
        for name, value in self._variables.items():
            self._before[name] = environ.get(name)
            environ[name] = value

    def __exit__(self, *_error: object) -> None:
        environ = os.environ
        for name, value in self._before.items():
            if value is not None:
                environ[name] = value
            else:
                try:
                    del environ[name]
                except KeyError:  # the adapter has removed it
                    continue

"""Environment variables in configuration: what no system takes, or nothing would see."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec
from msgspec import UNSET

from pytest_parsediff.core.config import AdapterConfig, ScenarioConfig
from pytest_parsediff.core.problem import clip


class BadVariable(NamedTuple):
    """What is wrong with a variable.

    Attributes:
        keys: Its place in the table, outermost key first.
        message: What was expected and what was found.
        hint: What to do, where that is not to correct the value.
    """

    keys: tuple[str, ...]
    message: str
    hint: str | None = None


def find_bad_variables(table: msgspec.Struct) -> Iterator[BadVariable]:
    """Yield what is wrong with ``env`` and ``pass_env`` of a checked *table*."""
    if isinstance(table, AdapterConfig | ScenarioConfig):
        yield from _bad_in_env(table.env or {})
    if isinstance(table, AdapterConfig):
        for name in table.pass_env or ():
            if not _is_name(name):
                yield BadVariable(("pass_env",), f"pass_env: {_expected(name)}")
        if table.env is not UNSET and _runs_nothing(table):
            message = "env means nothing for sql without command or prepare"
            hint = "Remove env, or give the table command or prepare."
            yield BadVariable(("env",), message, hint)


def _bad_in_env(env: dict[str, str]) -> Iterator[BadVariable]:
    for name, value in env.items():
        if not _is_name(name):
            yield BadVariable(("env", name), f"env: {_expected(name)}")
        elif "\0" in value:
            message = f"env.{name}: expected text without NUL, got {clip(value)}"
            yield BadVariable(("env", name), message)


def _is_name(name: str) -> bool:
    """Return whether systems take *name*: POSIX ends a name at ``=``, C at NUL."""
    return name != "" and "=" not in name and "\0" not in name


def _expected(name: str) -> str:
    return f"expected the name of a variable, without '=' and NUL, got {clip(name)}"


def _runs_nothing(table: AdapterConfig) -> bool:
    """Return whether only a query is run, which sees no variable."""
    return bool(table.sql) and not table.command and not table.prepare

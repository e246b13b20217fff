"""Refuse configured adapters whose keys contradict each other, or that nothing reads."""

from __future__ import annotations

from pathlib import Path

from msgspec import UNSET

from pytest_parsediff.core.config import AdapterConfig
from pytest_parsediff.core.errors import BadValueError, Where

_EXCLUSIVE = (
    ("command", "python"),
    ("sql", "python"),
    ("prepare", "python"),
    ("output", "python"),
    ("records", "python"),
    ("required", "python"),
    ("pass_env", "python"),
    ("records", "sql"),
    ("output", "sql"),
    ("isolation", "command"),
    ("isolation", "sql"),
)
_NEEDS = (
    ("prepare", ("command", "sql")),
    ("output", ("command",)),
    ("records", ("command",)),
    ("required", ("command", "prepare")),
    ("pass_env", ("command", "prepare")),
)
#: Where the hint can say more than which key to remove.
_HINTS = {("pass_env", "python"): "Remove pass_env: Python sees all of pytest's own."}


def is_given(config: AdapterConfig, key: str) -> bool:
    """Return whether *config* says anything about *key*."""
    return getattr(config, key) is not UNSET


def is_external(config: AdapterConfig) -> bool:
    """Return whether the adapter is a command, or rows of a tool's own database."""
    return is_given(config, "command") or is_given(config, "sql")


def check_coherence(name: str, config: AdapterConfig, folder: Path) -> None:
    """Check the table of adapter *name*, which a file in *folder* holds.

    Raises:
        BadValueError: PD103, it names both keys, or the one and what it needs.
    """
    table = f"[adapters.{name}]"
    for first, second in _EXCLUSIVE:
        if is_given(config, first) and is_given(config, second):
            message = f"{table}: {first} and {second} exclude each other"
            hint = _HINTS.get((first, second), "Remove one of the two.")
            raise BadValueError(message, Where(folder), hint)
    for key, needed in _NEEDS:
        if is_given(config, key) and not any(is_given(config, one) for one in needed):
            message = f"{table}: {key} means nothing without {' or '.join(needed)}"
            hint = f"Remove {key}, or give the table {' or '.join(needed)}."
            raise BadValueError(message, Where(folder), hint)

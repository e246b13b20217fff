"""From the name of an adapter to the adapter: configured, registered, built in, …."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
from msgspec import UNSET

from pytest_parsediff.adapters.builtin import BUILTIN
from pytest_parsediff.adapters.coherence import check_coherence, is_external
from pytest_parsediff.adapters.command import CommandAdapter
from pytest_parsediff.adapters.isolated import IsolatedAdapter
from pytest_parsediff.adapters.protocol import Adapter, OpenableAdapter
from pytest_parsediff.adapters.python import as_adapter, load
from pytest_parsediff.core.config import AdapterConfig
from pytest_parsediff.core.errors import (
    AdapterLoadError,
    BadValueError,
    UnknownAdapterError,
    Where,
)

GROUP = "parsediff.adapters"
_NOTHING = AdapterConfig()

Configured: TypeAlias = Mapping[str, tuple[AdapterConfig, Path]]


@dataclass(frozen=True, slots=True)
class Resolved:
    """An adapter, and how it is used.

    Attributes:
        adapter: Ready to scan.
        config: The adapter's own defaults, refined by the configured table.
    """

    adapter: Adapter | OpenableAdapter
    config: AdapterConfig


@dataclass(frozen=True, slots=True)
class _Found:
    """Where an adapter in Python comes from.

    Attributes:
        spec: ``module:callable``, which another process can load; empty if none can.
        search: Folder to look in first, if any.
        make: Loads it into this process.
        config: Its own defaults.
    """

    spec: str
    search: Path | None
    make: Callable[[], object]
    config: AdapterConfig = _NOTHING


def resolve(
    name: str,
    *,
    configured: Configured,
    registered: Mapping[str, object],
    folder: Path,
) -> Resolved:
    """Return the adapter called *name*.

    A configured table with ``command``, ``sql`` or ``python`` is the adapter. Else it
    is what a hook registered, the built-in one, an entry point of the group
    ``parsediff.adapters``, or ``module:callable``; a configured table refines that.

    Args:
        name: As in ``adapter = "…"``.
        configured: Table and folder of its file, by name.
        registered: Objects that :func:`as_adapter` takes, or ``module:callable``.
        folder: Where ``module:callable`` is looked for.

    Raises:
        UnknownAdapterError: PD112, with the nearest known name.
        BadValueError: PD103, keys of the table contradict each other.
        AdapterLoadError: PD410, it cannot be imported or is none.
    """
    config, place = configured.get(name, (_NOTHING, folder))
    check_coherence(name, config, place)
    if is_external(config):
        return Resolved(CommandAdapter(name, config, place), config)
    if config.python is not UNSET:
        found: _Found | None = _from_spec(config.python, place)
    else:
        found = _find(name, registered, folder)
    if found is None:
        raise UnknownAdapterError(_unknown(name, configured, registered))
    merged = refine(found.config, config)
    return Resolved(_make(name, found, merged, place), merged)


def refine(defaults: AdapterConfig, table: AdapterConfig) -> AdapterConfig:
    """Return *defaults* with every key that *table* gives put in its place."""
    given: dict[str, Any] = {
        key: value
        for key, value in msgspec.structs.asdict(table).items()
        if value is not UNSET
    }
    return msgspec.structs.replace(defaults, **given)


def _make(
    name: str, found: _Found, config: AdapterConfig, place: Path
) -> Adapter | OpenableAdapter:
    if config.isolation != "process":
        return as_adapter(found.make(), name)
    if found.spec:
        return IsolatedAdapter(name, found.spec, config, found.search)
    message = f"[adapters.{name}]: isolation means nothing without python"
    raise BadValueError(message, Where(place), 'Set `python = "module:callable"`.')


def _find(name: str, registered: Mapping[str, object], folder: Path) -> _Found | None:
    if name in registered:
        thing = registered[name]
        if isinstance(thing, str):
            return _from_spec(thing, folder)
        return _Found("", None, lambda: thing)
    if name in BUILTIN:
        builtin = BUILTIN[name]
        return _Found(builtin.spec, None, partial(load, builtin.spec), builtin.config)
    point = _entry_point(name)
    if point is not None:
        return _from_spec(point.value.partition("[")[0].strip(), None)
    return _from_spec(name, folder) if ":" in name else None


def _from_spec(spec: str, search: Path | None) -> _Found:
    return _Found(spec, search, partial(load, spec, search))


def _entry_point(name: str) -> EntryPoint | None:
    """Return the entry point called *name*; two that differ are an error."""
    points = {point.value: point for point in entry_points(group=GROUP, name=name)}
    if len(points) > 1:
        message = (
            f"several packages offer adapter {name!r}: {', '.join(sorted(points))}"
        )
        hint = f'Say which one: `python = "{min(points)}"` in [adapters.{name}].'
        raise AdapterLoadError(message, hint=hint)
    return next(iter(points.values()), None)


def _unknown(
    name: str, configured: Configured, registered: Mapping[str, object]
) -> str:
    offered = entry_points(group=GROUP).names
    known = sorted({*configured, *registered, *BUILTIN, *offered} - {name})
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if near:
        return f"unknown adapter {name!r}; the nearest known name is {near[0]!r}"
    return f"unknown adapter {name!r}; known are {', '.join(known)}"

"""What an adapter can do besides a scan, wherever it says so.

A query in its table comes first; else it is the adapter's own method, in this process
or in one of its own. All of it is contained: limits hold, and errors are typed.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from msgspec import UNSET

from pytest_parsediff.adapters.asking import ask_evidence, ask_sessions, describe
from pytest_parsediff.adapters.command import CommandAdapter
from pytest_parsediff.adapters.contain import name_of
from pytest_parsediff.adapters.isolated import IsolatedAdapter, Verb
from pytest_parsediff.adapters.limits import Limits
from pytest_parsediff.adapters.protocol import Capabilities
from pytest_parsediff.adapters.resolve import Resolved
from pytest_parsediff.adapters.sqlevidence import read_evidence, read_sessions
from pytest_parsediff.core.config import AdapterConfig
from pytest_parsediff.core.event import Context, SessionInfo, Source
from pytest_parsediff.core.proof import is_held


def find_capabilities(
    resolved: Resolved, source: Source, context: Context, limits: Limits | None = None
) -> Capabilities:
    """Return what the adapter can do.

    An adapter with a process of its own is asked in one: that costs its start.

    Args:
        resolved: The adapter and its table, whose keys come first.
        source: Any source of it; it is not read.
        context: For an adapter in a process of its own.
        limits: Those of a scan; ``None`` for those of the table.

    Raises:
        AdapterLoadError: PD410, its ``data_version`` is no whole number.
        ParsediffError: As :func:`find_sessions`.
    """
    own = _own_capabilities(resolved, source, context, _limits(resolved, limits))
    config = resolved.config
    return Capabilities(
        own.sessions or config.session_list is not UNSET,
        own.evidence or config.evidence is not UNSET,
        own.data_version if config.data_version is UNSET else config.data_version,
    )


def find_sessions(
    resolved: Resolved, source: Source, context: Context, limits: Limits | None = None
) -> list[SessionInfo] | None:
    """Return the sessions of *source* without parsing it.

    Args:
        resolved: The adapter; ``session_list`` of its table comes first.
        source: The store. Nothing stays open.
        context: For an adapter in a process of its own.
        limits: Those of a scan; ``None`` for those of the table. What runs in this
            process is interrupted in the main thread only.

    Returns:
        Each session once, in the adapter's order; ``None`` if it has no inventory.

    Raises:
        AdapterError: PD401. AdapterTimeoutError: PD402. OutputTooLargeError: PD407.
        AdapterExitError: PD409. AdapterLoadError: PD410, a wrong answer.
        EvidenceQueryError: PD516, the query of the table failed.
        ParsediffError: Raised by the adapter itself, unchanged.
    """
    limits = _limits(resolved, limits)
    adapter, query = resolved.adapter, resolved.config.session_list
    if query is not UNSET:
        if _is_held(source.path):
            child = _child(resolved, limits)
            return child.ask(Verb.QUERY_SESSIONS, source, context, query).sessions
        return read_sessions(
            source.path, query, end=_end(limits), max_bytes=limits.max_bytes
        )
    if isinstance(adapter, CommandAdapter):
        return None
    if isinstance(adapter, IsolatedAdapter):
        answer = adapter.limited(limits).ask(Verb.SESSIONS, source, context)
        return answer.sessions if answer.capabilities.sessions else None
    if not describe(adapter, limits).sessions:
        return None
    return ask_sessions(adapter, source, limits)


def find_evidence(
    resolved: Resolved, source: Source, context: Context, limits: Limits | None = None
) -> dict[str, str] | None:
    """Return the digest of every session of *source*, all from one snapshot.

    Args:
        resolved: The adapter; ``evidence`` of its table comes first.
        source: As for :func:`find_sessions`.
        context: As for :func:`find_sessions`.
        limits: As for :func:`find_sessions`.

    Returns:
        Digest by session; ``None`` if the adapter has no evidence.

    Raises:
        ParsediffError: As :func:`find_sessions`.
    """
    limits = _limits(resolved, limits)
    adapter, query = resolved.adapter, resolved.config.evidence
    if query is not UNSET:
        if _is_held(source.path):
            child = _child(resolved, limits)
            return child.ask(Verb.QUERY_EVIDENCE, source, context, query).evidence
        return read_evidence(
            source.path, query, end=_end(limits), max_bytes=limits.max_bytes
        )
    if isinstance(adapter, CommandAdapter):
        return None
    if isinstance(adapter, IsolatedAdapter):
        answer = adapter.limited(limits).ask(Verb.EVIDENCE, source, context)
        return answer.evidence if answer.capabilities.evidence else None
    if not describe(adapter, limits).evidence:
        return None
    return ask_evidence(adapter, source, limits)


def _own_capabilities(
    resolved: Resolved, source: Source, context: Context, limits: Limits
) -> Capabilities:
    adapter = resolved.adapter
    if isinstance(adapter, CommandAdapter):
        return Capabilities()
    if isinstance(adapter, IsolatedAdapter):
        return adapter.limited(limits).ask(Verb.DESCRIBE, source, context).capabilities
    return describe(adapter, limits)


def _child(resolved: Resolved, limits: Limits) -> IsolatedAdapter:
    """Return what runs a query in another process.

    SQLite libraries do not see each other's locks: what this process has open through
    one must not be opened through another (https://sqlite.org/howtocorrupt.html
    section 2.2.1).
    """
    name = name_of(resolved.adapter)
    return IsolatedAdapter(name, "", AdapterConfig(), None, limits)


def _is_held(path: Path) -> bool:
    try:
        return is_held([os.stat(path)])
    except OSError:  # the query will say so
        return False


def _limits(resolved: Resolved, limits: Limits | None) -> Limits:
    return limits or Limits.of(resolved.config)


def _end(limits: Limits) -> float:
    return time.monotonic() + limits.timeout_s

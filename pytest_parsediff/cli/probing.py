"""What an adapter can tell of a source without printing a single event."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from pytest_parsediff.adapters.capabilities import find_capabilities, find_sessions
from pytest_parsediff.adapters.deadline import Deadline, TimeUp
from pytest_parsediff.adapters.traces import describe, own_traceback
from pytest_parsediff.cli.sight import files_of
from pytest_parsediff.cli.subject import Subject
from pytest_parsediff.core.errors import AdapterError, ParsediffError
from pytest_parsediff.core.event import Context, Source


def probe_source(subject: Subject, source: Source, context: Context) -> dict[str, Any]:
    """Return what is known of *source*, as JSON.

    Returns:
        ``adapter``, ``source``, ``files`` (name to bytes), ``capabilities``,
        ``sessions`` (``count`` and ``updated_ns`` of the latest; null if the adapter
        does not list them), and ``store``: what the adapter's own ``probe`` says, null
        if it has none.

    Raises:
        ParsediffError: As a scan; the source cannot be read.
        Unavailable: The adapter cannot run on this machine.
    """
    resolved, limits = subject.adapter.resolved, subject.limits
    able = find_capabilities(resolved, source, context, limits)
    listed = find_sessions(resolved, source, context, limits)
    store = _ask_adapter(subject, source)
    return {
        "adapter": subject.adapter.name,
        "source": str(source.path),
        "files": _sizes(source),
        "capabilities": {
            "data_version": able.data_version,
            "evidence": able.evidence,
            "follows": callable(getattr(resolved.adapter, "open", None)),
            "sessions": able.sessions,
        },
        "sessions": None
        if listed is None
        else {
            "count": len(listed),
            "updated_ns": max(
                (one.updated_ns for one in listed if one.updated_ns is not None),
                default=None,
            ),
        },
        "store": dict(store) if isinstance(store, Mapping) else store,
    }


def _ask_adapter(subject: Subject, source: Source) -> object:
    """Return what the adapter's own ``probe`` says; ``None`` if it has none."""
    own = getattr(subject.adapter.resolved.adapter, "probe", None)
    if not callable(own):
        return None
    with Deadline(subject.limits.timeout_s) as deadline:
        try:
            return deadline.run(partial(own, source))
        except ParsediffError:
            raise
        except (Exception, TimeUp) as error:
            name = subject.adapter.name
            message = f"probe of adapter {name!r} raised {describe(error)}"
            raise AdapterError(message, detail=own_traceback(error)) from error


def _sizes(source: Source) -> dict[str, int]:
    """Return the sizes of a file and its sidecars; of a folder, those of its files."""
    if source.path.is_dir():
        found = [path for path in source.path.rglob("*") if path.is_file()]
        return {
            "files": len(found),
            "bytes": sum(path.stat().st_size for path in found),
        }
    return {
        path.name: path.stat().st_size
        for path in files_of(source.path)
        if path.is_file()
    }

"""How an adapter in a process of its own hands over: one JSON array per line.

``["event", {…}]``, ``["checkpoint", cursor]``, ``["notice", code, message, where]``,
``["evidence", session, digest]``, ``["session", id, updated_ns, size]``,
``["capabilities", sessions, evidence, data_version]``,
``["unavailable", reason]``, ``["error", class, message, place, hint, detail]`` with
``[path, line, column]`` or null as place, and ``["end"]`` behind everything.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

from pytest_parsediff.adapters.protocol import Capabilities
from pytest_parsediff.core import errors
from pytest_parsediff.core.canonical import encode_sorted
from pytest_parsediff.core.errors import ParsediffError, Unavailable, Where
from pytest_parsediff.core.event import (
    Checkpoint,
    Emission,
    Evidence,
    Notice,
    SessionInfo,
)

#: Everything that is handed over, one frame each.
Handed: TypeAlias = Emission | SessionInfo | Capabilities


def item_frame(item: Handed) -> bytes:
    """Return *item* as one frame.

    Raises:
        NotAnEventError: PD405, an event is not JSON and cannot leave its process.
    """
    match item:
        case Checkpoint():
            return frame("checkpoint", item.cursor)
        case Notice():
            return frame("notice", item.code, item.message, item.where)
        case Evidence():
            return frame("evidence", item.session, item.digest)
        case SessionInfo():
            return frame("session", item.session, item.updated_ns, item.size)
        case Capabilities():
            able = item.sessions, item.evidence, item.data_version
            return frame("capabilities", *able)
    encode_sorted(item)
    return frame("event", item)


def error_frame(error: ParsediffError | Unavailable) -> bytes:
    """Return *error* as one frame."""
    if isinstance(error, Unavailable):
        return frame("unavailable", str(error))
    where = error.where
    place = [str(where.path), where.line, where.column] if where else None
    name = type(error).__name__
    return frame("error", name, error.message, place, error.hint, error.detail)


def frame(*parts: object) -> bytes:
    """Return one line; ASCII, so that lone surrogates pass."""
    return json.dumps(parts).encode() + b"\n"


def read_frames(path: Path) -> Iterator[Handed | None]:
    """Yield what the frames in *path* hold, then ``None`` for the end.

    A writer that died leaves no end, or half a frame; both look the same here.

    Raises:
        ParsediffError: As written; an error class of the adapter's own becomes the
            nearest base of ours.
        Unavailable: As written.
    """
    with path.open("rb") as lines:
        for line in lines:
            if not line.endswith(b"\n"):
                return
            kind, *parts = json.loads(line)
            yield _item(kind, parts)


def _item(kind: str, parts: list[Any]) -> Handed | None:  # noqa: PLR0911 - one per kind
    match kind:
        case "event":
            event: dict[str, Any] = parts[0]
            return event
        case "checkpoint":
            return Checkpoint(*parts)
        case "notice":
            return Notice(*parts)
        case "evidence":
            return Evidence(*parts)
        case "session":
            return SessionInfo(*parts)
        case "capabilities":
            return Capabilities(*parts)
        case "end":
            return None
        case "unavailable":
            raise Unavailable(*parts)
        case "error":
            raise _error(*parts)
        case other:
            raise ValueError(other)


def _error(
    name: str, message: str, place: list[Any] | None, hint: str, detail: str
) -> ParsediffError:
    cls = getattr(errors, name, errors.AdapterError)
    where = Where(*place) if place else None
    error: ParsediffError = cls(message, where, hint, detail)
    return error

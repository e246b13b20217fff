"""Read what a command wrote: JSON lines, a JSON array, or a place in a document.

An object whose only member is ``$notice`` is a notice, every other one is an event.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pytest_parsediff.core.errors import (
    NotAnEventError,
    OutputFormatError,
    ParsediffError,
    Where,
    clip,
)
from pytest_parsediff.core.event import Event, Notice
from pytest_parsediff.core.pointers import ABSENT, Pointer

_NOTICE = "$notice"
_NOTICE_MEMBERS = {"message", "where"}  # beside the code
_NOTICE_HINT = "Write code, and message and where if need be; all of them are text."
_BLANK = b" \t\r\n"
_RECORDS_HINT = "Set records to the place of the list of events in the document."


def read_output(path: Path, records: str | None = None) -> Iterator[Event | Notice]:
    """Yield the events and notices in the file *path*.

    Args:
        path: UTF-8, with or without BOM; lines end with LF or CRLF. Its content is an
            array if ``[`` comes first, else one object per line; blank lines are
            nothing. It is held in memory.
        records: Place of the list in one document; ``None`` for the two above.

    Raises:
        OutputFormatError: PD404, the file is missing, not UTF-8, not JSON, has a key
            twice in one object, no list at *records*, or a notice that is none; with
            line where possible.
        NotAnEventError: PD405, an element is no object, or NaN or an infinity.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"the output file cannot be read: {error.strerror}"
        raise OutputFormatError(message, Where(path)) from error
    data = data.removeprefix(codecs.BOM_UTF8)
    if records is not None:
        yield from _objects(_list_at(_document(data, path), records, path), path)
    elif data.lstrip(_BLANK).startswith(b"["):
        yield from _objects(_document(data, path), path)
    else:
        yield from _lines(data, path)


def _lines(data: bytes, path: Path) -> Iterator[Event | Notice]:
    for line, raw in enumerate(data.split(b"\n"), 1):
        content = raw.strip(_BLANK)
        if not content:
            continue
        value = _loads(content, path, line)
        if not isinstance(value, dict):
            raise NotAnEventError(
                f"expected an object, got {clip(value)}", Where(path, line)
            )
        yield _event_or_notice(value, "", Where(path, line))


def _document(data: bytes, path: Path) -> Any:
    if not data.strip(_BLANK):
        raise OutputFormatError("expected a JSON document, got nothing", Where(path))
    return _loads(data, path, 1)


def _list_at(document: Any, records: str, path: Path) -> Any:
    found = Pointer.parse(records).get(document)
    if isinstance(found, list):
        return found
    what = "is absent" if found is ABSENT else f"is {clip(found)}"
    has = f"; the document has {clip(list(document))}" if found is ABSENT else ""
    message = f"records: expected a list at {records!r}, which {what}{has}"
    raise OutputFormatError(message, Where(path), _RECORDS_HINT)


def _objects(elements: Any, path: Path) -> Iterator[Event | Notice]:
    for index, element in enumerate(elements):
        if not isinstance(element, dict):
            message = f"element {index}: expected an object, got {clip(element)}"
            raise NotAnEventError(message, Where(path))
        yield _event_or_notice(element, f"element {index}: ", Where(path))


def _event_or_notice(value: Event, which: str, where: Where) -> Event | Notice:
    """Return *value*, or the notice that it is."""
    if value.keys() != {_NOTICE}:
        return value
    match value[_NOTICE]:
        case {"code": str(code), **others} if code and others.keys() <= _NOTICE_MEMBERS:
            message, place = others.get("message", ""), others.get("where", "")
            if isinstance(message, str) and isinstance(place, str):
                return Notice(code, message, place)
    message = f"{which}expected a notice, got {clip(value[_NOTICE])}"
    raise OutputFormatError(message, where, _NOTICE_HINT)


# --- strict JSON --------------------------------------------------------------------


def _loads(data: bytes, path: Path, line: int) -> Any:
    """Return the value of *data*, which begins on *line* of *path*."""
    try:
        return json.loads(
            data.decode(), object_pairs_hook=_unique, parse_constant=_refuse_constant
        )
    except UnicodeDecodeError as error:
        line += data.count(b"\n", 0, error.start)
        message = f"expected UTF-8, got byte {data[error.start]:#04x}"
        raise OutputFormatError(message, Where(path, line)) from error
    except json.JSONDecodeError as error:
        where = Where(path, line + error.lineno - 1, error.colno)
        message = f"expected JSON, got {_excerpt(error)}: {error.msg}"
        raise OutputFormatError(message, where) from error
    except ParsediffError as error:
        raise type(error)(error.message, Where(path, line)) from error
    except (ValueError, RecursionError) as error:  # too many digits, too deep
        message = f"expected JSON that can be read: {error}"
        raise OutputFormatError(message, Where(path, line)) from error


def _excerpt(error: json.JSONDecodeError) -> str:
    """Return the line at which *error* was found, clipped."""
    return clip(error.doc.split("\n")[error.lineno - 1])


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise OutputFormatError(f"key {clip(twice)} twice in one object")
    return value


def _refuse_constant(name: str) -> Any:
    raise NotAnEventError(f"{name} is not JSON")

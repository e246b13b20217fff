"""Text and documents that may hold lone surrogates, as cells of a run database.

JSON can spell lone surrogates, and bytes of file names that are no UTF-8 become them.
Neither SQLite nor msgspec has a form for them, so such texts are escaped behind a mark.
"""

from __future__ import annotations

import json
from typing import Any, TypeVar

import msgspec

_MARK = "\0"

ValueT = TypeVar("ValueT")


def to_cell(value: Any) -> Any:
    """Return *value* as SQLite can hold it; two different ones stay different."""
    if not isinstance(value, str):
        return value
    is_plain = value[:1] != _MARK and (value.isascii() or _is_unicode(value))
    return value if is_plain else _MARK + value.encode("unicode_escape").decode("ascii")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def from_cell(value: Any) -> Any:
    """Return what :func:`to_cell` was given."""
    if isinstance(value, str) and value[:1] == _MARK:
        return value[1:].encode("ascii").decode("unicode_escape")
    return value


def to_row(values: Any) -> tuple[Any, ...]:
    """Return the cells of one row."""
    return tuple(map(to_cell, values))


def from_row(cells: Any) -> tuple[Any, ...]:
    """Return what :func:`to_row` was given."""
    return tuple(map(from_cell, cells))


def encode(value: object) -> bytes:
    """Return *value*, one of this package's types, as JSON."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(value)).encode("ascii")


def decode(data: bytes, kind: type[ValueT]) -> ValueT:
    """Return what :func:`encode` was given."""
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.DecodeError:  # as it says of lone surrogates
        return msgspec.convert(json.loads(data), type=kind)

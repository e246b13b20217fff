"""JSON values as a golden comparison sees them: exact, and without spelling.

Two values are equal when they denote the same JSON value: ``1`` equals ``1.0`` and
``1e0``, ``true`` is not ``1``, the order of an object's members does not matter.
Numbers are never rounded: integers stay integers, everything else is a
:class:`decimal.Decimal`. Nothing here recurses, so depth is bounded by the decoder
alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias

from pytest_parsediff.core.canonical import escape_pointer

#: Scalars, and marks of empty objects and of lists, by JSON pointer.
Leaves: TypeAlias = dict[str, object]

_LONG = 256  # characters of a pointer that is kept as it is
_ATOMS = frozenset((str, int, Decimal, type(None)))


@dataclass(frozen=True, slots=True)
class Opaque:
    """A line that is not JSON; equal only to a line of the same bytes.

    Attributes:
        line: The bytes, without LF.
    """

    line: bytes

    @property
    def text(self) -> str:
        r"""The line as text; bytes that are not UTF-8 show as ``\xNN``."""
        return self.line.decode("utf-8", "backslashreplace")


def parse_line(line: bytes) -> object:
    """Return the JSON value of *line*.

    Returns:
        ``dict``, ``list``, ``str``, ``int``, ``Decimal``, ``bool`` or ``None``, the
        first two of the same. Numbers with a fraction or an exponent are ``Decimal``.

    Raises:
        ValueError: *line* is not UTF-8 or not JSON (NaN and Infinity are not), an
            object has a name twice, or depth or a number is beyond what can be held.

    Source:
        https://www.rfc-editor.org/rfc/rfc8259 section 4: what an object with a name
        twice means is up to the reader, so it equals nothing.
    """
    try:
        return _DECODER.decode(line.decode())
    except (ArithmeticError, RecursionError) as error:
        raise ValueError(f"cannot be held: {error}") from error


def read_line(line: bytes) -> object:
    """Return the JSON value of *line*, or :class:`Opaque`; never raises."""
    try:
        return parse_line(line)
    except ValueError:
        return Opaque(line)


def values_equal(expected_line: bytes, actual_line: bytes) -> bool:
    """Return whether two lines denote the same JSON value.

    Equal bytes are equal, whatever they are. Otherwise both must be JSON without
    doubled names; a line that is not equals no other.
    """
    if expected_line == actual_line:
        return True
    try:
        return leaves(parse_line(expected_line)) == leaves(parse_line(actual_line))
    except ValueError:
        return False


def leaves(value: object) -> Leaves:
    """Return *value* in a flat form that is equal exactly for equal values.

    Returns:
        Every scalar, empty object and list below *value* by its pointer, or by the
        digest of a long one, so that depth does not cost its square; all are hashable.
        Truth values and the lengths of lists are ``bytes``, which no JSON value is, so
        that ``true`` and ``1``, ``["a"]`` and ``{"0": "a"}`` stay apart.
    """
    found: Leaves = {}
    stack: list[tuple[str, Any]] = [("", value)]
    while stack:
        pointer, node = stack.pop()
        kind = type(node)
        if kind is dict:
            if not node:
                found[pointer] = b"{}"
            for name, inner in node.items():
                place = child(pointer, name)
                if type(inner) in _ATOMS:
                    found[place] = inner
                else:
                    stack.append((_shorten(place), inner))
        elif kind is list:
            found[pointer] = b"[%d" % len(node)
            stack.extend(
                (_shorten(child(pointer, str(i))), one) for i, one in enumerate(node)
            )
        elif kind is bool:
            found[pointer] = b"true" if node else b"false"
        else:
            found[pointer] = node
    return found


def _shorten(pointer: str) -> str:
    if len(pointer) <= _LONG:
        return pointer
    return f"#{hashlib.sha256(pointer.encode('utf-8', 'surrogatepass')).hexdigest()}"


def hashable(value: object) -> Hashable:
    """Return a form of *value* that exactly equal values share."""
    if type(value) in _ATOMS:
        return value
    return frozenset(leaves(value).items())


def same_scalar(left: object, right: object) -> bool:
    """Return whether two values, at most one of them a container, are equal."""
    return left == right and isinstance(left, bool) == isinstance(right, bool)


@lru_cache(maxsize=1024)
def child(pointer: str, name: str) -> str:
    """Return the pointer of member *name* below *pointer*.

    Events repeat their names, and a string that is not made anew keeps its hash.
    """
    if "/" in name or "~" in name:
        name = escape_pointer(name)
    return f"{pointer}/{name}"


def _unique(members: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(members)
    if len(made) != len(members):
        raise ValueError("a name stands twice in one object")
    return made


def _refuse(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=Decimal, parse_constant=_refuse
)

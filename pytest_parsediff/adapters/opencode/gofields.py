"""Typed access to the members of a JSON object, as Go fills a struct.

A field that is absent or ``null`` keeps its zero value, names match whatever their
case, of duplicates the last one counts (those of nested structs are merged), and a
value of the wrong type is an error even when a later duplicate is right.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import final

from pytest_parsediff.adapters.opencode.cells import parse_integer
from pytest_parsediff.adapters.opencode.gojson import DecodeError, Value


@lru_cache(maxsize=1024)
def fold(name: str) -> str:
    """Return *name* as it is compared: two non-ASCII letters fold to ASCII ones."""
    return name.lower().replace("\u017f", "s")  # lower() maps the Kelvin sign itself


@final
class Fields:
    """The members of one struct.

    Args:
        values: Objects or ``null``; several when a name is duplicated.
        path: Name of the struct in error texts, with a final dot; empty at the top.

    Raises:
        DecodeError: One of *values* is neither object nor ``null``.
    """

    __slots__ = ("_members", "_path")

    def __init__(self, values: Iterable[Value], path: str = "") -> None:
        self._path = path
        self._members: dict[str, list[Value]] = {}
        for value in values:
            if value.first == "n":
                continue
            if value.first != "{":
                raise _type_error(path.removesuffix(".") or "value", "object", value)
            for name, member in value.members:
                self._members.setdefault(fold(name.string()), []).append(member)

    def string(self, name: str) -> str:
        """Return a string field, or ``""``."""
        result = ""
        for value in self._typed(name, '"', "string"):
            result = value.string()
        return result

    def boolean(self, name: str) -> bool:
        """Return a boolean field, or ``False``."""
        result = False
        for value in self._typed(name, "tf", "bool"):
            result = value.first == "t"
        return result

    def integer(self, name: str) -> int:
        """Return a 64-bit integer field, or 0."""
        result = 0
        for value in self._typed(name, "-0123456789", "integer"):
            result = self._int64(name, value)
        return result

    def optional_integer(self, name: str) -> int | None:
        """Return a 64-bit integer field, or ``None`` when it is absent or null."""
        number = self.integer(name)
        return None if self._is_null(name) else number

    def real(self, name: str) -> float:
        """Return a field that is a finite number, or 0.0."""
        result = 0.0
        for value in self._typed(name, "-0123456789", "number"):
            result = float(value.literal)
            if math.isinf(result):
                raise DecodeError(f"{self._path}{name}: number out of range")
        return result

    def strings(self, name: str) -> tuple[str, ...]:
        """Return an array of strings, or an empty tuple; a null element is empty."""
        result: tuple[str, ...] = ()
        for value in self._typed(name, "[", "array"):
            for element in value.elements:
                if element.first not in 'n"':
                    raise _type_error(f"{self._path}{name}", "string", element)
            result = tuple(e.string() if e.first == '"' else "" for e in value.elements)
        return result

    def raw(self, name: str) -> Value | None:
        """Return a field of any type as it is stored, ``null`` included."""
        values = self._all(name)
        return values[-1] if values else None

    def struct(self, name: str) -> Fields:
        """Return a nested struct; absent or null is one without members."""
        return Fields(self._all(name), f"{self._path}{name}.")

    def optional_struct(self, name: str) -> Fields | None:
        """Return a nested struct, or ``None`` when it is absent or null."""
        fields = self.struct(name)
        return None if self._is_null(name) else fields

    def _all(self, name: str) -> list[Value]:
        return self._members.get(fold(name), [])

    def _is_null(self, name: str) -> bool:
        values = self._all(name)
        return not values or values[-1].first == "n"

    def _typed(self, name: str, firsts: str, expected: str) -> Iterator[Value]:
        for value in self._all(name):
            if value.first in firsts:
                yield value
            elif value.first != "n":
                raise _type_error(f"{self._path}{name}", expected, value)

    def _int64(self, name: str, value: Value) -> int:
        number = parse_integer(value.literal)
        if number is None:
            raise DecodeError(f"{self._path}{name}: expected a 64-bit integer literal")
        return number


def _type_error(path: str, expected: str, value: Value) -> DecodeError:
    return DecodeError(f"{path}: expected {expected}, got {value.type_name}")

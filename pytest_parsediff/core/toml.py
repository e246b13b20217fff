"""Read a TOML file into a checked structure, with errors that name file and line."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import msgspec

from pytest_parsediff.core.config import (
    RESERVED_KEYS,
    AdapterConfig,
    CompareConfig,
    Mark,
    SessionConfig,
    SQLOutput,
    StoredConfig,
    StressConfig,
    WriterConfig,
)
from pytest_parsediff.core.errors import (
    BadTOMLError,
    BadValueError,
    UnknownKeyError,
    UnsupportedKeyError,
    Where,
)
from pytest_parsediff.core.variables import find_bad_variables

StructT = TypeVar("StructT", bound=msgspec.Struct)

_Table: TypeAlias = dict[str, Any]
_Place: TypeAlias = tuple[str, ...]

#: Tables with fixed keys inside an adapter's table.
_INNER: tuple[tuple[str, type[msgspec.Struct]], ...] = (
    ("sql", SQLOutput),
    ("compare", CompareConfig),
)
_POSITION = re.compile(r" \(at line (\d+), column (\d+)\)$")
_VALUE_PATH = re.compile(r" - at `(?:key in )?\$\.?(.*)`$")


def read_toml(path: Path, structure: type[StructT]) -> StructT:
    """Return the checked content of *path*.

    Raises:
        BadTOMLError: PD104, unreadable, not UTF-8 or not TOML.
        UnknownKeyError: PD101, with the nearest known key.
        UnsupportedKeyError: PD102, a key that this version does not act on.
        BadValueError: PD103, a value of the wrong type, or a variable for the
            environment that no system takes.
    """
    text = read_text(path)
    return check_table(parse_toml(path, text), structure, path, text)


def read_text(path: Path) -> str:
    """Return the text of a TOML file, a BOM left out.

    Raises:
        BadTOMLError: PD104, with the line of the first byte that is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BadTOMLError(f"{error.strerror}", Where(path)) from error
    except UnicodeDecodeError as error:  # its object and start are without the BOM
        line = error.object.count(b"\n", 0, error.start) + 1
        raise BadTOMLError("expected UTF-8 text", Where(path, line)) from error


def parse_toml(path: Path, text: str) -> dict[str, Any]:
    """Return the raw tables of *text*.

    Raises:
        BadTOMLError: PD104, with line and column.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        found = _POSITION.search(message)
        if found:
            where = Where(path, int(found[1]), int(found[2]))
        else:  # "(at end of document)"
            where = Where(path, text.rstrip().count("\n") + 1)
        raise BadTOMLError(_POSITION.sub("", message), where) from error
    except (ValueError, RecursionError) as error:  # a huge integer; too deep
        raise BadTOMLError(f"{error}", Where(path)) from error


def check_table(
    table: dict[str, Any], structure: type[StructT], path: Path, text: str
) -> StructT:
    """Return *table* as *structure*; *path* and *text* are for error messages.

    Raises:
        UnknownKeyError: PD101. UnsupportedKeyError: PD102. BadValueError: PD103.
    """
    tables = list(_tables(table, structure))
    for place, inner, kind in tables:
        _check_keys(inner, kind, place, path, text)
    for place, inner, kind in reversed(tables[1:]):  # msgspec forgets names of tables
        _convert(inner, kind, place, path, text)
    return _convert(table, structure, (), path, text)


def _convert(
    table: _Table, structure: type[StructT], place: _Place, path: Path, text: str
) -> StructT:
    try:
        checked = msgspec.convert(table, structure)
    except msgspec.ValidationError as error:
        message = str(error)
        found = _VALUE_PATH.search(message)
        dotted = found[1] if found else ""
        keys = re.findall(r"[^.\[\]]+", re.sub(r"\[(?:\.\.\.|\d+)\]", "", dotted))
        cause = _VALUE_PATH.sub("", message).replace("`", "")
        where = Where(path, line_of_key(text, *place, *keys))
        name = ".".join([*place, dotted] if dotted else place) or "file"
        raise BadValueError(f"{name}: {cause}", where) from error
    for bad in find_bad_variables(checked):
        where = Where(path, line_of_key(text, *place, *bad.keys))
        raise BadValueError(".".join([*place, bad.message]), where, bad.hint)
    return checked


#: Arrays of tables.
_ARRAYS: tuple[tuple[str, type[msgspec.Struct]], ...] = (
    ("marks", Mark),
    ("writer", WriterConfig),
)
#: Tables of tables besides the adapters.
_NAMED: tuple[tuple[str, type[msgspec.Struct]], ...] = (
    ("stored", StoredConfig),
    ("sessions", SessionConfig),
)


def _tables(
    table: _Table, structure: type[msgspec.Struct]
) -> Iterator[tuple[_Place, _Table, type[msgspec.Struct]]]:
    """Yield each table whose keys are fixed: its place, itself, its structure."""
    yield (), table, structure
    for key, kind in _ARRAYS:
        array = table.get(key)
        for inner in array if isinstance(array, list) else ():
            if isinstance(inner, dict):
                yield (key,), inner, kind
    stress = table.get("stress")
    if isinstance(stress, dict):
        yield ("stress",), stress, StressConfig
    for name, adapter in _named(table, "adapters"):
        yield ("adapters", name), adapter, AdapterConfig
        for key, kind in _INNER:
            inner = adapter.get(key)
            if isinstance(inner, dict):
                yield ("adapters", name, key), inner, kind
    for key, kind in _NAMED:
        for name, inner in _named(table, key):
            yield (key, name), inner, kind


def _named(table: _Table, key: str) -> Iterator[tuple[str, _Table]]:
    """Yield the tables below *key*, each with its name."""
    named = table.get(key)
    for name, inner in named.items() if isinstance(named, dict) else ():
        if isinstance(inner, dict):
            yield name, inner


def _check_keys(
    table: _Table, structure: type[msgspec.Struct], place: _Place, path: Path, text: str
) -> None:
    known = structure.__struct_fields__
    reserved = RESERVED_KEYS.get(structure, frozenset())
    for key in table:
        if key in known:
            continue
        where = Where(path, line_of_key(text, *place, key))
        if key in reserved:
            raise UnsupportedKeyError(f"this version does not act on {key!r}", where)
        near = difflib.get_close_matches(key, [*known, *reserved], n=1, cutoff=0.5)
        nearest = f"; the nearest known key is {near[0]!r}" if near else ""
        raise UnknownKeyError(f"unknown key {key!r}{nearest}", where)


def line_of_key(text: str, *keys: str) -> int | None:
    """Return the 1-based line on which the last of *keys* is written.

    Args:
        text: A whole TOML file.
        *keys: The path of a key, outermost table first.

    tomllib keeps no positions, so this looks for one key after the other, each one
    behind the table around it. For a key that is not found (it was written with
    escapes) the line of that table is returned, or ``None``.
    """
    position, line = 0, None
    for key in keys:
        found = re.compile(
            r"(?:^[ \t]*\[[^\]\n=]*|^[ \t]*|[{,.][ \t]*)(?<![\w-])"
            rf"[\"']?(?P<key>{re.escape(key)})[\"']?[ \t]*[.=\]]",
            re.MULTILINE,
        ).search(text, position)
        if found:
            position = found.end("key")
            line = text.count("\n", 0, position) + 1
    return line

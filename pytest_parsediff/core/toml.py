"""Read a TOML file into a checked structure, with errors that name file and line."""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from pytest_parsediff.core.config import RESERVED_KEYS, AdapterConfig
from pytest_parsediff.core.errors import (
    BadTOMLError,
    BadValueError,
    UnknownKeyError,
    UnsupportedKeyError,
    Where,
)

StructT = TypeVar("StructT", bound=msgspec.Struct)

_POSITION = re.compile(r" \(at line (\d+), column (\d+)\)$")
_VALUE_PATH = re.compile(r" - at `(?:key in )?\$\.?(.*)`$")


def read_toml(path: Path, structure: type[StructT]) -> StructT:
    """Return the checked content of *path*.

    Raises:
        BadTOMLError: PD104, not UTF-8 or not TOML.
        UnknownKeyError: PD101, with the nearest known key.
        UnsupportedKeyError: PD102, a key that this version does not act on.
        BadValueError: PD103, a value of the wrong type.
    """
    text = read_text(path)
    return check_table(parse_toml(path, text), structure, path, text)


def read_text(path: Path) -> str:
    """Return the text of a TOML file, a BOM left out.

    Raises:
        BadTOMLError: PD104, with the line of the first byte that is not UTF-8.
    """
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
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
            where = Where(path, text.rstrip("\n").count("\n") + 1)
        raise BadTOMLError(_POSITION.sub("", message), where) from error


def check_table(
    table: dict[str, Any], structure: type[StructT], path: Path, text: str
) -> StructT:
    """Return *table* as *structure*; *path* and *text* are for error messages.

    Raises:
        UnknownKeyError: PD101. UnsupportedKeyError: PD102. BadValueError: PD103.
    """
    _check_keys(table, structure, path, text)
    adapters = table.get("adapters")
    if isinstance(adapters, dict):
        for adapter in adapters.values():
            if isinstance(adapter, dict):
                _check_keys(adapter, AdapterConfig, path, text)
    try:
        return msgspec.convert(table, structure)
    except msgspec.ValidationError as error:
        message = str(error)
        found = _VALUE_PATH.search(message)
        dotted = found[1] if found else ""
        keys = re.findall(r"[^.\[\]]+", re.sub(r"\[(?:\.\.\.|\d+)\]", "", dotted))
        line = line_of_key(text, keys[-1] if keys else "")
        cause = _VALUE_PATH.sub("", message).replace("`", "")
        raise BadValueError(
            f"{dotted or 'file'}: {cause}", Where(path, line)
        ) from error


def _check_keys(
    table: dict[str, Any], structure: type[msgspec.Struct], path: Path, text: str
) -> None:
    known = structure.__struct_fields__
    reserved = RESERVED_KEYS.get(structure, frozenset())
    for key in table:
        if key in known:
            continue
        where = Where(path, line_of_key(text, key))
        if key in reserved:
            raise UnsupportedKeyError(f"this version does not act on {key!r}", where)
        near = difflib.get_close_matches(key, [*known, *reserved], n=1, cutoff=0.5)
        nearest = f"; the nearest known key is {near[0]!r}" if near else ""
        raise UnknownKeyError(f"unknown key {key!r}{nearest}", where)


def line_of_key(text: str, key: str) -> int | None:
    """Return the 1-based line on which *key* is written, or ``None``.

    tomllib keeps no positions, so this is the first line that assigns the key or
    opens a table whose name holds it.
    """
    if not key:
        return None
    bare = re.escape(key)
    pattern = re.compile(
        rf"^[ \t]*(?:\[\[?[^\]\n]*\b{bare}\b|[\"']?{bare}[\"']?[ \t]*[.=])"
        rf"|[{{,][ \t]*[\"']?{bare}[\"']?[ \t]*=",
        re.MULTILINE,
    )
    found = pattern.search(text)
    return text.count("\n", 0, found.start() + 1) + 1 if found else None

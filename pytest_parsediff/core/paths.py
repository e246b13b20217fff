"""Absolute paths in events: replaced by names, so that lines are the same everywhere."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from urllib.parse import quote

from pytest_parsediff.core.canonical import Encoder, encode_lines
from pytest_parsediff.core.event import Event

#: Text that every encoder leaves as it is.
_PLAIN = re.compile(r"[A-Za-z0-9/_.-]*")


def with_encoded(paths: Mapping[str, str]) -> dict[str, str]:
    """Return *paths*, and beside them each as it stands in a URL, where that differs."""
    encoded = {quote(os.fsencode(path)): name for path, name in paths.items()}
    return {**encoded, **paths}


def _common_start(paths: Mapping[str, str]) -> str:
    """Return characters that all *paths* begin with: the folder they lie in, if any."""
    folder = min(paths, key=len)
    while folder and not all(path.startswith(folder) for path in paths):
        folder = folder.rpartition(os.sep)[0]
    # a character at a time, which takes longer than all the rest
    return folder or os.path.commonprefix(list(paths))  # noqa: RUF071 - characters are meant


def encode_with_names(
    events: list[Event], paths: Mapping[str, str], encoder: Encoder
) -> list[bytes]:
    """Return the lines of *events* with paths replaced.

    All are encoded as they are, and their lines tell which hold a path. Most lines can
    be changed as text; the others' events are replaced in *events*, and encoded once
    more.
    """
    lines = encode_lines(events, encoder)
    if not paths:
        return lines
    mark = path_mark(paths, encoder)
    found = [index for index, line in enumerate(lines) if mark in line]
    if not found:
        return lines
    names = [(path, _name(name, encoder)) for path, name in _longest(paths)]
    again = []
    for index in found:
        line = _replace_in_line(lines[index], mark, names)
        if line is None:
            again.append(index)
        else:
            lines[index] = line
    if again:
        replace = path_replacer(paths)
        for index in again:
            events[index] = replace(events[index])
        changed = encode_lines([events[index] for index in again], encoder)
        for index, line in zip(again, changed, strict=True):
            lines[index] = line
    return lines


def path_mark(paths: Mapping[str, str], encoder: Encoder) -> bytes:
    """Return what stands in each line in which one of *paths* does."""
    start = _common_start(paths)
    return (start if _PLAIN.fullmatch(start) else _name(start, encoder)).encode()


def path_replacer(paths: Mapping[str, str]) -> Callable[[Event], Event]:
    """Return a function that replaces absolute paths in all text values.

    A path is replaced only as a whole component: ``/s/store.db`` in
    ``x:/s/store.db/part`` but not in ``/s/store.db2`` nor in ``/other/s/store.db``.
    Longer paths go first. Keys are left alone.
    """
    if not paths:
        return lambda event: event
    longest_first = _longest(paths)
    common = _common_start(paths)

    def text(value: str) -> str:
        return _replace(value, common, longest_first)

    return lambda event: _map_text(event, text)


@cache
def _name(name: str, encoder: Encoder) -> str:
    """Return what stands for a path as it is written inside an encoded string."""
    (line,) = encode_lines([{"": name}], encoder)
    return line[len('{"":"') : -len('"}')].decode()


def _longest(paths: Mapping[str, str]) -> list[tuple[str, str]]:
    return sorted(paths.items(), key=lambda item: -len(item[0]))


def _replace_in_line(
    line: bytes, mark: bytes, names: list[tuple[str, str]]
) -> bytes | None:
    """Return an encoded line with paths replaced, or ``None`` if text cannot tell how.

    Text can tell where nothing is escaped, the paths are written as they are, and none
    stands in a key: the quote that ends a key has a colon behind it.
    """
    if b"\\" in line or not all(_PLAIN.fullmatch(path) for path, _ in names):
        return None
    position = line.find(mark)
    while position >= 0:
        end = line.find(b'"', position)
        if line[end + 1 : end + 2] == b":":
            return None
        position = line.find(mark, end)
    return _replace(line.decode(), mark.decode(), names).encode()


# A regular expression of all paths would say the same, but each scenario has its own
# folders, and compiling one takes longer than reading a small store.
_BEGINS = re.compile(r"(?<![\w.-])")
_ENDS = re.compile(r"(?![\w-]|\.\w)")


def _replace(value: str, common: str, longest_first: list[tuple[str, str]]) -> str:
    """Return *value* with whole paths replaced; *common* begins each of them."""
    parts = []
    done = 0
    position = value.find(common)
    while 0 <= position < len(value):
        after = position + 1
        for path, name in longest_first:
            end = position + len(path)
            if (
                value.startswith(path, position)
                and _BEGINS.match(value, position)
                and _ENDS.match(value, end)
            ):
                parts += [value[done:position], name]
                done = after = end
                break
        position = value.find(common, after)
    return "".join([*parts, value[done:]]) if parts else value


def _map_text(value: Any, change: Callable[[str], str]) -> Any:
    """Return *value* with *change* applied to all text that holds a slash."""
    if isinstance(value, str):
        return change(value) if "/" in value or "\\" in value else value
    if isinstance(value, dict):
        return {key: _map_text(inner, change) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_map_text(inner, change) for inner in value]
    return value

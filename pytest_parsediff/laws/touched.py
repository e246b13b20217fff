"""Which names writers touched: by what differs between two contents of a store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import msgspec

from pytest_parsediff.interleave.bench import Bench
from pytest_parsediff.interleave.databasebench import DatabaseBench
from pytest_parsediff.laws.images import in_memory, quote, tables_of

_Row: TypeAlias = tuple[object, ...]
_LONGEST_NAME = 256


def names_touched(bench: Bench, contents: Sequence[bytes]) -> Touched:
    """Return what differs between each two neighbours of *contents*.

    Args:
        bench: Whose ``capture`` gave them.
        contents: Of the committed states, in order.
    """
    if isinstance(bench, DatabaseBench):
        return rows_touched(contents)
    return files_touched(contents)


class Touched:
    """Texts that may name what was touched.

    Args:
        names: Texts that are names as they are.
        texts: Texts in which a name may stand.
    """

    def __init__(self, names: Iterable[str], texts: Iterable[str] = ()) -> None:
        self._names = frozenset(names)
        self._texts = tuple(texts)

    def may_be(self, session: str) -> bool:
        """Return whether *session* may be among what was touched."""
        if session in self._names:
            return True
        return any(session in text for text in self._texts)


def rows_touched(images: Sequence[bytes]) -> Touched:
    """Return every text of the rows that differ, and of rows that those name.

    Args:
        images: Contents of one database, in order.
    """
    dumps = [_dump(image) for image in images]
    found: set[str] = set()
    by_key: dict[str, set[str]] = {}
    for dump in dumps:
        for key, texts in dump.keys.items():
            by_key.setdefault(key, set()).update(texts)
    for before, after in pairwise(dumps):
        for row in before.rows ^ after.rows:
            found |= _texts(row, after.codec)
    waiting = set(found)
    while waiting:
        above = set().union(*(by_key.get(text, ()) for text in waiting)) - found
        found |= above
        waiting = above
    return Touched(found)


class _Dump(NamedTuple):
    """What is in one database.

    Attributes:
        rows: Each with its table; cells as bytes.
        keys: The texts of a row by its key.
        codec: Python's name of how it spells text.
    """

    rows: set[_Row]
    keys: dict[str, set[str]]
    codec: str


def _dump(image: bytes) -> _Dump:
    """Return what is in the database."""
    rows: set[_Row] = set()
    keys: dict[str, set[str]] = {}
    with in_memory(image) as connection:
        # UTF-8, UTF-16le or UTF-16be (https://sqlite.org/pragma.html#pragma_encoding)
        codec = str(connection.pragma("encoding")).replace("16", "16-")
        for table in tables_of(connection):
            # as bytes, because text need not be UTF-8
            cells = ", ".join(f"CAST({quote(c)} AS BLOB)" for c in table.columns)
            sql = f"SELECT {cells} FROM {quote(table.name)}"  # noqa: S608 - quoted
            for row in connection.execute(sql).fetchall():
                named = (table.name, *row)
                rows.add(named)
                if len(table.keys) == 1:
                    key = row[table.columns.index(table.keys[0])]
                    if isinstance(key, bytes):
                        name = key.decode(codec, "replace")
                        keys.setdefault(name, set()).update(_texts(named, codec))
    return _Dump(rows, keys, codec)


def _texts(row: _Row, codec: str) -> set[str]:
    return {
        cell.decode(codec, "replace")
        for cell in row
        if isinstance(cell, bytes) and len(cell) < _LONGEST_NAME
    }


def files_touched(contents: Sequence[bytes]) -> Touched:
    """Return names and contents of the files that differ.

    Args:
        contents: Of one tree, in order, as ``capture_tree`` returns them.
    """
    trees: list[Mapping[str, Any]] = [msgspec.msgpack.decode(one) for one in contents]
    texts = []
    for before, after in pairwise(trees):
        for name in {*before, *after}:
            if before.get(name) != after.get(name):
                texts.append(name)
                texts += [
                    tree[name][1].decode("utf-8", "replace")
                    for tree in (before, after)
                    if name in tree
                ]
    return Touched((), texts)

"""What a poll sees at one glance, and which sessions it makes worth reading.

A glance is one snapshot: the rows of ``session``, the numbers of the event log, and
where each table ends. It walks tables with a row per session, never those with a row
per message. A session is nominated by any of them; whether something about it has
changed is decided by its digest alone, so a nomination too many costs a read, and only
one too few would lose something.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import apsw

from pytest_parsediff.adapters.opencode.cells import (
    INT64_MIN,
    RequiredCells,
    cell,
    unreadable,
)
from pytest_parsediff.adapters.opencode.connection import Row, fetch
from pytest_parsediff.adapters.opencode.cursor import Known, name_of
from pytest_parsediff.adapters.opencode.layout import Layout, hash_migrations
from pytest_parsediff.adapters.opencode.root import resolve_root
from pytest_parsediff.adapters.opencode.schema import WANTED
from pytest_parsediff.adapters.opencode.treerows import encode_row
from pytest_parsediff.core.errors import RowError, Where
from pytest_parsediff.core.event import NO_SESSION, Notice

_COLUMNS = WANTED["session"].columns
_PARENT = _COLUMNS.index("parent_id")
_UPDATED = _COLUMNS.index("time_updated")
_SIGNATURE_BYTES = 9
#: Stands between the signature of a row and that of its root.
_ROOT_MARK = "/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """What one snapshot shows of all sessions.

    Attributes:
        version: ``data_version`` of the snapshot.
        layout_version: Counter of schema changes.
        migrations: Digest of their names; empty if there are none.
        rows: Signature by session of its row and its root, in the order of
            ``(time_updated, id)``.
        numbers: Last number of each session's event log; empty without a log.
        rowids: Greatest one by table.
        flaws: What is told of sessions that lack their id or their time of change.
    """

    version: int
    layout_version: int
    migrations: str
    rows: dict[str, str] = field(repr=False)
    numbers: dict[str, int] = field(repr=False)
    rowids: dict[str, int]
    flaws: tuple[Notice, ...] = ()

    @property
    def has_log(self) -> bool:
        """Whether the store keeps an event log, and has something in it."""
        return bool(self.numbers)


def glance(connection: apsw.Connection, layout: Layout, path: Path) -> Glance:
    """Look at the open snapshot."""
    rows, flaws = _read_sessions(connection, layout, path)
    version = fetch(connection, "PRAGMA data_version")[0][0]
    assert isinstance(version, int)
    return Glance(
        version=version,
        layout_version=layout.version,
        migrations=hash_migrations(connection, layout),
        rows=rows,
        numbers=dict(_read_numbers(connection, layout)),
        rowids={table: _last_rowid(connection, table) for table in layout.numbered},
        flaws=tuple(flaws),
    )


def _read_sessions(
    connection: apsw.Connection, layout: Layout, path: Path
) -> tuple[dict[str, str], list[Notice]]:
    """Return the signatures of all sessions in order, and what is told of bad ones."""
    schema, flaws = layout.schema, list[Notice]()
    codec, required = schema.codec, RequiredCells(schema.codec, Where(path), "session")
    select = schema.select("session", _COLUMNS)
    sql = f"SELECT id = CAST(id AS TEXT), {select} FROM session"  # noqa: S608 - names of our own
    rows: list[tuple[int, bytes, Row]] = []
    for is_text, *values in fetch(connection, sql):
        cells = tuple(values)
        key, updated = required.key(cells[0]), INT64_MIN
        try:
            required.identifier("id", cells[0], cells[0])
            updated = required.integer("time_updated", cells[_UPDATED], cells[0])
        except RowError as error:
            session = codec.text(key) if key else NO_SESSION
            flaws.append(unreadable(error, session))
        if is_text and key:
            rows.append((updated, key, cells))
    rows.sort(key=lambda found: found[:2])
    parents = {key: codec.key(row[_PARENT]) for _, key, row in rows}
    found: dict[str, str] = {}
    for _, key, row in rows:
        signature = _sign(encode_row(row, codec))
        if parents[key]:
            root, _ = resolve_root(parents.get, key, parents[key])
            signature += _ROOT_MARK + _sign(root)
        found[name_of(key, codec)] = signature
    return found, flaws


def _sign(data: bytes) -> str:
    digest = hashlib.blake2b(data, digest_size=_SIGNATURE_BYTES).digest()
    return b64encode(digest, b"-_").decode()


def _read_numbers(
    connection: apsw.Connection, layout: Layout
) -> Iterator[tuple[str, int]]:
    """Yield the last number of each aggregate of a log that is written."""
    if not layout.has_log or not fetch(connection, "SELECT 1 FROM event LIMIT 1"):
        return
    sql = f"SELECT {cell('aggregate_id')}, {cell('seq')} FROM event_sequence"  # noqa: S608 - constants
    codec = layout.schema.codec
    for aggregate, seq in fetch(connection, sql):
        number = codec.integer(seq)
        if isinstance(aggregate, bytes) and number is not None:
            yield name_of(aggregate, codec), number


def _last_rowid(connection: apsw.Connection, table: str) -> int:
    last = fetch(connection, f"SELECT max(rowid) FROM {table}")[0][0]  # noqa: S608 - a constant
    return last if isinstance(last, int) else 0


def nominate(known: Known, seen: Glance) -> list[str]:
    """Return the sessions of which a glance shows that they may have changed.

    Those whose row, root or number is another one, those that are new, those that are
    gone, and those of which it is not known what the consumer holds.
    """
    gone = [name for name in known.digests if name not in seen.rows]
    return gone + [
        name
        for name, row in seen.rows.items()
        if known.digests.get(name) is None
        or known.rows.get(name) != row
        or known.numbers.get(name) != seen.numbers.get(name)
    ]


def is_log_bypassed(known: Known, seen: Glance) -> bool:
    """Return whether some row has changed that the event log says nothing of.

    The log is a complete count of changes in stores that only opencode itself writes,
    and that no older version of it has written since.
    """
    return any(
        before.partition(_ROOT_MARK)[0] != row.partition(_ROOT_MARK)[0]
        and known.numbers.get(name) == seen.numbers.get(name)
        for name, row in seen.rows.items()
        if (before := known.rows.get(name)) is not None
    )


def is_log_silent(before: Glance, seen: Glance) -> bool:
    """Return whether something was committed of which the event log says nothing.

    That need not be about sessions: opencode itself notes that a project was opened.
    """
    return before.version != seen.version and before.numbers == seen.numbers

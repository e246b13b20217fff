"""The rows of one session tree, and the digest of what was read of them.

What the rest of the adapter makes of a session is a function of these cells and of the
path of the store, and of nothing else. So whatever changes an event changes the digest.
Cells that no event depends on are left out of it: times of change, and the session's
own cost and tokens, which change in places where nothing else does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import final

import apsw

from pytest_parsediff.adapters.opencode.cells import Codec
from pytest_parsediff.adapters.opencode.connection import Row, fetch
from pytest_parsediff.adapters.opencode.root import parent_lookup, resolve_root
from pytest_parsediff.adapters.opencode.schema import WANTED, Schema
from pytest_parsediff.core.event import Evidence

#: Begins every digest. Another way to make digests has another number, and needs
#: another ``data_version`` of the adapter.
_FORM = b"opencode evidence 1\n"

#: Cells of the session that events depend on.
_SESSION = (
    *("id", "parent_id", "project_id", "slug", "directory", "title", "version"),
    *("agent", "model", "time_created", "time_archived"),
)


@final
class TreeRows:
    """Reads one tree, a table at a time; a transaction must be open meanwhile.

    Each method is called at most once, :meth:`session` first and the others in any
    order. All of them are called before :meth:`evidence`, unless the session has no
    row or is being compacted.
    """

    __slots__ = ("_connection", "_digests", "_key", "_schema")

    def __init__(self, connection: apsw.Connection, schema: Schema, key: bytes) -> None:
        self._connection = connection
        self._schema = schema
        self._key = key
        self._digests: dict[str, bytes] = {}

    def session(self) -> dict[str, object] | None:
        """Return the wanted cells of the session, or ``None`` if it has no row."""
        columns = WANTED["session"].columns
        rows = self._rows("session", columns, "id")
        if not rows:
            return None
        cells = dict(zip(columns, rows[0], strict=True))
        self._note("session", [tuple(cells[name] for name in _SESSION)])
        return cells

    def is_compacting(self, cells: dict[str, object]) -> bool:
        """Return whether the session is being compacted; then it has no events.

        What else belongs to it does not count in its digest meanwhile.
        """
        compacting = (self._schema.codec.integer(cells["time_compacting"]) or 0) > 0
        if compacting:
            self._digests = {"compacting": b""}
        return compacting

    def messages(self) -> list[Row]:
        """Return id, time_created and data, in the order of time and id."""
        has_time = self._schema.has("message", "time_created")
        order = "time_created, id" if has_time else "id"
        columns = ("id", "time_created", "data")
        return self._noted("message", columns, order)

    def parts(self) -> list[Row]:
        """Return id, message_id, time_created and data, by message and id."""
        columns = ("id", "message_id", "time_created", "data")
        return self._noted("part", columns, "message_id, id")

    def inputs(self) -> list[Row]:
        """Return id and prompt."""
        return self._noted("session_input", ("id", "prompt"), "id")

    def session_messages(self) -> list[Row]:
        """Return id, type, seq, time_created and data, in the order of seq or time."""
        schema, table = self._schema, "session_message"
        has_time = schema.has(table, "time_created")
        order = "time_created, id" if has_time else "id"
        if schema.has(table, "seq"):
            order = "seq, id"
        columns = ("id", "type", "seq", "time_created", "data")
        return self._noted(table, columns, order)

    def root(self, parent: object) -> tuple[bytes, str]:
        """Return the session at the top, and what went wrong on the way to it."""
        parent_of = parent_lookup(self._connection, self._schema)
        key = self._schema.codec.key(parent)
        root, code = resolve_root(parent_of, self._key, key)
        self._note("root", [(root,)])
        return root, code

    def read_all(self, parent: object) -> None:
        """Read everything that belongs to the session besides its own row."""
        self.parts()
        self.inputs()
        self.messages()
        self.session_messages()
        self.root(parent)

    def evidence(self) -> Evidence | None:
        """Return the digest of everything read so far; ``None`` without a session.

        An id that is not clean text has none: two of them may be one id in events.
        """
        codec, key = self._schema.codec, self._key
        session = codec.text(key)
        if not self._digests or session.encode(codec.encoding, "replace") != key:
            return None
        return Evidence(session, self.digest())

    def digest(self) -> str:
        """Return the same digest, also for an id that has no evidence."""
        digest = hashlib.sha256(_FORM)
        for table in sorted(self._digests):
            digest.update(table.encode() + b"\n" + self._digests[table])
        return digest.hexdigest()

    def _noted(self, table: str, columns: tuple[str, ...], order: str) -> list[Row]:
        """Return the rows of *table* that belong to the session; noted if any."""
        if table not in self._schema.tables:
            return []
        rows = self._rows(table, columns, "session_id", order)
        if rows:
            self._note(table, rows)
        return rows

    def _rows(
        self, table: str, columns: tuple[str, ...], owner: str, order: str = "id"
    ) -> list[Row]:
        sql = (
            f"SELECT {self._schema.select(table, columns)} FROM {table} "  # noqa: S608 - names of our own
            f"WHERE {owner} = CAST(? AS TEXT) ORDER BY {order}"
        )
        return fetch(self._connection, sql, (self._key,))

    def _note(self, table: str, rows: Iterable[Row]) -> None:
        codec = self._schema.codec
        digest = hashlib.sha256()
        for row in rows:
            digest.update(encode_row(row, codec))
        self._digests[table] = digest.digest()


def encode_row(row: Row, codec: Codec) -> bytes:
    """Return the cells of *row* as the text that they are read as, with lengths.

    What is read alike is alike here: NULL and the empty text, 5 and ``'5'``.
    """
    parts: list[bytes] = []
    for cell in row:
        data = cell if type(cell) is bytes else codec.key(cell)
        parts.append(b"%d:" % len(data))
        parts.append(data)
    return b"".join(parts)

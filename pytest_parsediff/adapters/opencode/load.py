"""Reads one session tree, all of it in one snapshot."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import final

import apsw

from pytest_parsediff.adapters.opencode.connection import Row
from pytest_parsediff.adapters.opencode.rows import (
    InputRow,
    MessageRow,
    PartRow,
    SessionMessageRow,
    SessionRow,
    Tree,
)
from pytest_parsediff.adapters.opencode.schema import Schema
from pytest_parsediff.adapters.opencode.treerows import TreeRows
from pytest_parsediff.core.event import Evidence, Notice

#: More rows of one kind than this in one session are worth a notice.
LARGE_SESSION_ROWS = 100_000

#: About an ancestor, so that each session below it would give the same.
ROOT_NOTICES = {
    "root-cycle": "the chain of parents is a circle; its first repeated id is the root",
    "root-missing": "an ancestor has no row; its id is the root",
    "root-too-deep": "the chain of parents is too long; the last id reached is the root",
    "root-unreadable": "an ancestor cannot be read; its id is the root",
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was read of one session.

    Attributes:
        tree: ``None`` when the session has no row or is being compacted.
        notices: What was noticed.
        evidence: ``None`` when the session has no row.
        digest: The same digest, also where an id has no evidence; empty when the
            session has no row.
    """

    tree: Tree | None
    notices: list[Notice]
    evidence: Evidence | None
    digest: str


def load_tree(connection: apsw.Connection, schema: Schema, key: bytes) -> Loaded:
    """Read the session *key*; a transaction must be open meanwhile."""
    loader = _Loader(TreeRows(connection, schema, key), schema, key)
    tree = loader.tree()
    digest = loader.rows.digest() if loader.has_row else ""
    return Loaded(tree, loader.notices, loader.rows.evidence(), digest)


def weigh_tree(connection: apsw.Connection, schema: Schema, key: bytes) -> str | None:
    """Return the digest that :func:`load_tree` finds, without making a tree.

    Returns:
        Empty during a compaction, when there are no events; ``None`` without a row.
    """
    rows = TreeRows(connection, schema, key)
    cells = rows.session()
    if cells is None:
        return None
    if rows.is_compacting(cells):
        return ""
    rows.read_all(cells["parent_id"])
    return rows.digest()


@final
@dataclass(slots=True)
class _Loader:
    """Reads one tree; a transaction is open meanwhile."""

    rows: TreeRows
    schema: Schema
    key: bytes
    notices: list[Notice] = field(default_factory=list)
    has_row: bool = True

    def tree(self) -> Tree | None:
        cells = self.rows.session()
        if cells is None:
            self.has_row = False
            self._notice("session-missing", "session row not found", self._place)
            return None
        session = self._session(cells)
        self._integer(self._place, "time_compacting", cells["time_compacting"])
        if self.rows.is_compacting(cells):
            message = "the session is being compacted; skipped this time"
            self._notice("needs-retry", message, session.id)
            return None
        return Tree(
            session=session,
            messages=self._messages(),
            session_messages=self._session_messages(),
            root_id=self._root(cells["parent_id"]),
        )

    @property
    def _place(self) -> str:
        return f"session/{self.schema.codec.text(self.key)}"

    def _session(self, cells: dict[str, object]) -> SessionRow:
        text, place = self.schema.codec.text, self._place
        for column in (c for c in cells if c.startswith(("tokens_", "cost"))):
            if not self.schema.codec.is_real(cells[column]):
                self._bad_cell(place, column)
        return SessionRow(
            id=text(cells["id"]),
            parent_id=text(cells["parent_id"]),
            project_id=text(cells["project_id"]),
            slug=text(cells["slug"]),
            directory=text(cells["directory"]),
            title=text(cells["title"]),
            version=text(cells["version"]),
            agent=text(cells["agent"]),
            model=self.schema.codec.raw(cells["model"]),
            time_created_ms=self._integer(place, "time_created", cells["time_created"]),
            time_archived_ms=self._integer(
                place, "time_archived", cells["time_archived"]
            ),
        )

    def _messages(self) -> tuple[MessageRow, ...]:
        parts, inputs = self._parts(), self._inputs()
        rows = self.rows.messages()
        self._check_size("messages", len(rows))
        codec = self.schema.codec
        return tuple(
            MessageRow(
                id=codec.text(row_id),
                time_created_ms=self._integer(
                    f"message/{codec.text(row_id)}", "time_created", created
                ),
                data=codec.raw(data),
                parts=tuple(parts.get(codec.key(row_id), ())),
                input=inputs.get(codec.key(row_id)),
            )
            for row_id, created, data in rows
        )

    def _parts(self) -> dict[bytes, list[PartRow]]:
        """Return the parts of each message."""
        codec, owned = self.schema.codec, dict[bytes, list[PartRow]]()
        rows = self.rows.parts()
        self._check_size("parts", len(rows))
        for row_id, message_id, created, data in rows:
            place = f"part/{codec.text(row_id)}"
            if not codec.raw(message_id).strip():
                message = "the part names no message; left out"
                self._notice("ownerless-row", message, place)
                continue
            created_ms = self._integer(place, "time_created", created)
            part = PartRow(codec.text(row_id), created_ms, codec.raw(data))
            owned.setdefault(codec.key(message_id), []).append(part)
        return owned

    def _inputs(self) -> dict[bytes, InputRow]:
        """Return the stored prompts by the id of the message that they became."""
        codec = self.schema.codec
        return {
            codec.key(row_id): InputRow(codec.text(row_id), codec.raw(prompt))
            for row_id, prompt in self.rows.inputs()
        }

    def _session_messages(self) -> tuple[SessionMessageRow, ...]:
        return tuple(map(self._session_message, self.rows.session_messages()))

    def _session_message(self, row: Row) -> SessionMessageRow:
        codec = self.schema.codec
        place = f"session_message/{codec.text(row[0])}"
        return SessionMessageRow(
            id=codec.text(row[0]),
            type=codec.text(row[1]),
            seq=self._integer(place, "seq", row[2]),
            time_created_ms=self._integer(place, "time_created", row[3]),
            data=codec.raw(row[4]),
        )

    def _root(self, parent: object) -> str:
        codec = self.schema.codec
        root, code = self.rows.root(parent)
        if code:
            self._notice(code, ROOT_NOTICES[code], f"session/{codec.text(root)}")
        return codec.text(root)

    def _integer(self, place: str, column: str, value: object) -> int:
        """Return an optional integer; an unreadable one is 0 and noticed."""
        number = self.schema.codec.integer(value)
        if number is None:
            self._bad_cell(place, column)
        return number or 0

    def _bad_cell(self, place: str, column: str) -> None:
        self._notice("bad-cell", f"{column} is not a number; read as 0", place)

    def _check_size(self, kind: str, count: int) -> None:
        if count > LARGE_SESSION_ROWS:
            self._notice(
                "large-session", f"the session has {count} {kind}", self._place
            )

    def _notice(self, code: str, message: str, where: str) -> None:
        self.notices.append(Notice(code, message, where))

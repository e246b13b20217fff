"""The cursor: what a consumer holds behind a checkpoint, and what the store was then.

A cursor is a JSON document. It names every session that the consumer was told of, with
the digest of what it was told, so that whatever has become of the store since can be
found by comparison alone. The rest of it, what the session's row was, how far its event
log had come and where each table ended, only makes that faster.

It holds nothing that differs between two equal stores: no inode, no counter of SQLite.
A reader that starts from a cursor compares all digests anyway, so a file that was put
in the place of another one under the same name is found without.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from pytest_parsediff.adapters.opencode.cells import INT64_MAX, INT64_MIN, Codec

#: Goes up when documents of before cannot be read any more. 1 and 2 are those of other
#: programs, which do not say what the consumer holds.
VERSION = 3

#: The digest of a session that the consumer holds no event of.
NOTHING = ""
#: Ends the digest of a session of which something could not be read: a new reader tells
#: of it again.
FLAW_MARK = "!"

_Int64 = Annotated[int, Meta(ge=INT64_MIN, le=INT64_MAX)]
_DIGEST_CHARACTERS = 32
_HEX_MARK = "\0"


class Position(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far one table was read.

    Attributes:
        max_time_updated: Of all rows seen, milliseconds since the epoch.
        max_time_updated_id: The greatest id among those of that millisecond.
        max_rowid: Rows with a greater one were inserted since.
    """

    max_time_updated: _Int64 = 0
    max_time_updated_id: str = ""
    max_rowid: _Int64 = 0


class _Document(msgspec.Struct, frozen=True, kw_only=True):
    """The cursor as JSON; ``sessions`` has digest, row and number in the event log."""

    version: int
    target_hash: str
    schema_hash: str
    tables: dict[str, Position]
    sessions: dict[str, tuple[str | None, str, _Int64 | None]]


@dataclass(slots=True, kw_only=True)
class Known:
    """What a cursor says.

    Attributes:
        target_hash: Of the path that the store was read at.
        schema_hash: Of the names of all migrations; empty if there were none.
        tables: Position by table.
        digests: What the consumer holds of each session: a digest, which may end with
            ``FLAW_MARK``, ``NOTHING``, or ``None`` if it may hold anything because it
            was being told.
        rows: Signature by session of its row and root.
        numbers: Last number of each session's event log.
    """

    target_hash: str
    schema_hash: str = ""
    tables: dict[str, Position] = field(default_factory=dict)
    digests: dict[str, str | None] = field(default_factory=dict)
    rows: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)

    def copy(self) -> Known:
        """Return a copy that does not change with this one."""
        return Known(
            target_hash=self.target_hash,
            schema_hash=self.schema_hash,
            tables=dict(self.tables),
            digests=dict(self.digests),
            rows=dict(self.rows),
            numbers=dict(self.numbers),
        )

    @property
    def is_settled(self) -> bool:
        """Whether it is known of every session what the consumer holds."""
        return None not in self.digests.values()


def encode_cursor(known: Known) -> str:
    """Return the document; equal knowledge gives equal text."""
    names = sorted({*known.digests, *known.rows})
    sessions = {
        name: (
            known.digests.get(name, NOTHING),
            known.rows.get(name, ""),
            known.numbers.get(name),
        )
        for name in names
    }
    document = _Document(
        version=VERSION,
        target_hash=known.target_hash,
        schema_hash=known.schema_hash,
        tables=dict(sorted(known.tables.items())),
        sessions=sessions,
    )
    return msgspec.json.encode(document).decode()


def decode_cursor(text: str) -> Known | None:
    """Return what *text* says; ``None`` if it is no cursor of this version."""
    try:
        document = msgspec.json.decode(text.encode(), type=_Document)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    if document.version != VERSION:
        return None
    sessions = document.sessions
    return Known(
        target_hash=document.target_hash,
        schema_hash=document.schema_hash,
        tables=document.tables,
        digests={name: digest for name, (digest, _, _) in sessions.items()},
        rows={name: row for name, (_, row, _) in sessions.items()},
        numbers={name: n for name, (_, _, n) in sessions.items() if n is not None},
    )


def hash_target(path: Path) -> str:
    """Return what a cursor says of the place of the store."""
    return hashlib.sha256(bytes(path)).hexdigest()[:_DIGEST_CHARACTERS]


def shorten(digest: str) -> str:
    """Return the part of an evidence digest that a cursor keeps: 128 bits."""
    return digest[:_DIGEST_CHARACTERS]


def name_of(key: bytes, codec: Codec) -> str:
    """Return how a cursor spells the id *key*; ids that are no text are spelled in hex."""
    text = codec.text(key)
    if text.encode(codec.encoding, "replace") == key and text[:1] != _HEX_MARK:
        return text
    return _HEX_MARK + key.hex()


def key_of(name: str, codec: Codec) -> bytes:
    """Return the id that :func:`name_of` spelled; of any other name an id of nothing."""
    if name[:1] != _HEX_MARK:
        return name.encode(codec.encoding, "replace")
    try:
        return bytes.fromhex(name[1:])
    except ValueError:
        return b""

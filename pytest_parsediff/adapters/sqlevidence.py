"""Evidence and inventory of a source database, by a query of its adapter's table.

A digest is the SHA-256 of a canonical form of the values: per row the number of
values, per value a letter for its storage class, and its bytes behind their length.
So ``1``, ``1.0``, ``'1'``, ``x'31'`` and NULL all differ, and no value can pass for two.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pytest_parsediff.adapters.asking import merge
from pytest_parsediff.adapters.oneselect import Cell, OneSelect
from pytest_parsediff.core.errors import (
    EvidenceQueryError,
    OutputTooLargeError,
    Where,
    clip,
)
from pytest_parsediff.core.event import SessionInfo

#: Begins every digest, so that another canonical form cannot give an equal one.
_FORM = b"parsediff evidence 1\n"
#: What one session takes, in bytes; roughly.
_ENTRY_BYTES = 600
_VALUES_HINT = "Select the session id first, then what changes with the session."
_ID_HINT = "Select an id that is text or a whole number, and leave other rows out."
_LIST_HINT = "Select the session id and, if you have it, nanoseconds since the epoch."
_DATABASE_HINT = "Remove the key: only a SQLite database can be asked with it."


def read_evidence(
    db: Path, query: str, *, end: float, max_bytes: float
) -> dict[str, str]:
    """Return the digest of each session in *db*.

    Args:
        db: The source database; it is opened read-only and never made.
        query: One SELECT: the session id first, then the values. Several rows of one
            session count in the order in which they come; rows of different sessions
            may come mixed. One statement sees one snapshot.
        end: When it has to be done, in seconds of :func:`time.monotonic`.
        max_bytes: Most that the sessions may take; rows take no memory.

    Raises:
        EvidenceQueryError: PD516, *db* is no database, SQLite refused the query, it
            selects no values, or a row names no session.
        AdapterTimeoutError: PD402. OutputTooLargeError: PD407.
    """
    hashes: dict[str, Any] = {}
    for session, values in _rows("evidence", db, query, end, (2, None)):
        known = hashes.get(session)
        if known is None:
            _refuse_many("evidence", db, len(hashes), max_bytes)
            known = hashes[session] = hashlib.sha256(_FORM)
        known.update(encode_row(values))
    return {session: known.hexdigest() for session, known in hashes.items()}


def read_sessions(
    db: Path, query: str, *, end: float, max_bytes: float
) -> list[SessionInfo]:
    """Return the sessions in *db*, each once, in the order of the first rows.

    Args:
        db: As for :func:`read_evidence`.
        query: One SELECT: the session id; then, if known, when it changed last in
            nanoseconds since the epoch; then about how many bytes it takes.
        end: As for :func:`read_evidence`.
        max_bytes: As for :func:`read_evidence`.

    Raises:
        ParsediffError: As :func:`read_evidence`.
    """
    found: list[SessionInfo] = []
    for session, values in _rows("session_list", db, query, end, (1, 3)):
        _refuse_many("session_list", db, len(found), max_bytes)
        updated_ns, size = (*values, None, None)[:2]
        found.append(SessionInfo(session, _whole(updated_ns, db), _whole(size, db)))
    return merge(found)


def encode_row(values: tuple[Cell, ...]) -> bytes:
    """Return *values* in their canonical form."""
    return b"%d\n" % len(values) + b"".join(map(_encode, values))


def _encode(value: Cell) -> bytes:
    match value:
        case None:
            return b"n"
        case int():
            return b"i%d;" % value
        case float():
            return b"r" + struct.pack(">d", value)
        case str():
            data = value.encode()
            return b"t%d:%b" % (len(data), data)
        case _:
            return b"b%d:%b" % (len(value), value)


def _rows(
    key: str, db: Path, query: str, end: float, columns: tuple[int, int | None]
) -> Iterator[tuple[str, tuple[Cell, ...]]]:
    """Yield the session and the values of each row."""
    if not db.is_file():
        what = "got a folder" if db.is_dir() else "there is none"
        message = f"{key}: expected a SQLite database, {what}"
        raise EvidenceQueryError(message, Where(db), _DATABASE_HINT)
    least, most = columns

    def look(names: tuple[str, ...]) -> None:
        if len(names) < least or (most and len(names) > most):
            expected = f"at least {least}" if most is None else f"{least} to {most}"
            message = f"{key}: expected {expected} columns, got {len(names)}"
            hint = _VALUES_HINT if most is None else _LIST_HINT
            raise EvidenceQueryError(message, Where(db), hint)

    select = OneSelect(
        key=key, query=query, db=db, end=end, error=EvidenceQueryError, look=look
    )
    for number, (first, *values) in enumerate(select.rows(), 1):
        if isinstance(first, int) or (isinstance(first, str) and first):
            yield str(first), tuple(values)
            continue
        message = f"{key}: row {number}: expected a session id, got {clip(first)}"
        raise EvidenceQueryError(message, Where(db), _ID_HINT)


def _whole(value: Cell, db: Path) -> int | None:
    if value is None or isinstance(value, int):
        return value
    message = f"session_list: expected a whole number or NULL, got {clip(value)}"
    raise EvidenceQueryError(message, Where(db), _LIST_HINT)


def _refuse_many(key: str, db: Path, count: int, max_bytes: float) -> None:
    if (count + 1) * _ENTRY_BYTES > max_bytes:
        message = f"the sessions of {key} exceed max_output_mb"
        raise OutputTooLargeError(message, Where(db))

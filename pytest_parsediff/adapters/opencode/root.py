"""Finds the session at the top of a chain of parents."""

from __future__ import annotations

from collections.abc import Callable

import apsw

from pytest_parsediff.adapters.opencode.connection import fetch
from pytest_parsediff.adapters.opencode.schema import Schema

#: How many ancestors are looked up at most.
MAX_ANCESTORS = 32


def resolve_root(
    parent_of: Callable[[bytes], bytes | None], session: bytes, parent: bytes
) -> tuple[bytes, str]:
    """Walk upwards from *parent*, the direct parent of *session*.

    Args:
        parent_of: Returns the parent of a session, empty at the top, or ``None`` when
            there is no such session; may raise :class:`apsw.Error`.
        session: Where the walk starts.
        parent: Empty if *session* is a root.

    Returns:
        The root, or the best that is known of it, and then what went wrong: a notice
        code, else empty.
    """
    if not parent:
        return session, ""
    seen: set[bytes] = set()  # of the walk, which does not begin at the session
    current = parent
    for _ in range(MAX_ANCESTORS):
        if current in seen:
            return current, "root-cycle"
        seen.add(current)
        try:
            above = parent_of(current)
        except apsw.Error:
            return current, "root-unreadable"
        if above is None:
            return current, "root-missing"
        if not above:
            return current, ""
        current = above
    return current, "root-too-deep"


def parent_lookup(
    connection: apsw.Connection, schema: Schema
) -> Callable[[bytes], bytes | None]:
    """Return the look-up that :func:`resolve_root` needs, in the open snapshot."""
    select = schema.select("session", ("parent_id",))
    sql = f"SELECT {select} FROM session WHERE id = CAST(? AS TEXT)"  # noqa: S608 - names of our own

    def parent_of(key: bytes) -> bytes | None:
        rows = fetch(connection, sql, (key,))
        return schema.codec.key(rows[0][0]) if rows else None

    return parent_of

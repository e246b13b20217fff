"""Tier 1: one short text per session that is equal for equal records."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, final

#: Goes up when the same lines give another fingerprint.
VERSION = "v1"
_MODULUS = 2**256

#: Says of a line, and of its event if that is decoded already, whether its place counts.
IsPlaced: TypeAlias = Callable[[bytes, Mapping[str, Any] | None], bool]


def always_placed(_line: bytes, _event: Mapping[str, Any] | None) -> bool:
    """Say that the place of every record counts."""
    return True


def never_placed(_line: bytes, _event: Mapping[str, Any] | None) -> bool:
    """Say that the place of no record counts."""
    return False


@final
class Fingerprint:
    """Takes the lines of one session, in order, in constant memory.

    Lines whose place counts go into one hash, each behind its length, so that no two
    lists of lines read the same. Of the others the hashes are added up modulo 2**256,
    which no order changes and no repetition cancels. That is no defence against
    somebody who searches for lines with a chosen sum.
    """

    __slots__ = ("_count", "_is_placed", "_ordered", "_sum")

    def __init__(self, is_placed: IsPlaced = always_placed) -> None:
        self._is_placed = is_placed
        self._ordered = hashlib.sha256()
        self._sum = 0
        self._count = 0

    def add(self, line: bytes, event: Mapping[str, Any] | None = None) -> None:
        """Take the next line.

        Args:
            line: Canonical JSON without LF.
            event: What *line* says, if it is decoded already; that saves time only.
        """
        if self._is_placed(line, event):
            self._ordered.update(b"%d:" % len(line))
            self._ordered.update(line)
        else:
            digest = hashlib.sha256(line).digest()
            self._sum = (self._sum + int.from_bytes(digest)) % _MODULUS
            self._count += 1

    def hexdigest(self) -> str:
        """Return the fingerprint of the lines so far: ``v1:`` and 64 hex digits."""
        whole = self._ordered.copy()
        whole.update(b"+%d:" % self._count)
        whole.update(self._sum.to_bytes(32))
        return f"{VERSION}:{whole.hexdigest()}"

"""What is new in a read of an adapter that begins anew each time."""

from __future__ import annotations

import hashlib
from collections import Counter

_DIGEST_BYTES = 16


class Novelty:
    """Lets through the lines that the read before did not have.

    Takes some hundred bytes per line of the largest read.
    """

    def __init__(self) -> None:
        self._before: Counter[bytes] = Counter()
        self._now: Counter[bytes] = Counter()

    def news_in(self, lines: list[bytes]) -> list[bytes]:
        """Return those of *lines*, the next ones of this read, that are new."""
        return [line for line in lines if self._is_new(line)]

    def turn(self, *, was_whole: bool) -> None:
        """End a read; one that failed half-way does not say what is gone."""
        self._before = self._now if was_whole else self._before | self._now
        self._now = Counter()

    def _is_new(self, line: bytes) -> bool:
        digest = hashlib.blake2b(line, digest_size=_DIGEST_BYTES).digest()
        self._now[digest] += 1
        return self._now[digest] > self._before[digest]

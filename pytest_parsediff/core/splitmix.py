"""Random numbers that are the same on every Python, machine and release.

``random`` promises its sequence for ``random()`` alone, not for ``shuffle`` or
``sample``. What is drawn from a seed here stands in reports and is drawn again later,
perhaps by another Python, so the generator is our own.
"""

from __future__ import annotations

from collections.abc import MutableSequence
from hashlib import blake2b
from typing import TypeVar

_MASK = 2**64 - 1
_GAMMA = 0x9E3779B97F4A7C15

ItemT = TypeVar("ItemT")


class SplitMix64:
    """A stream of 64-bit numbers; not for secrets.

    Args:
        state: Any integer; its lowest 64 bits count.

    Source:
        Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA
        2014; https://prng.di.unimi.it/splitmix64.c.
    """

    __slots__ = ("_state",)

    def __init__(self, state: int) -> None:
        self._state = state & _MASK

    @classmethod
    def seeded(cls, *parts: int | str) -> SplitMix64:
        """Return the stream that belongs to *parts*, each a label or a number.

        Different parts give unrelated streams: ``("ab", "c")`` is not ``("a", "bc")``,
        and ``1`` is not ``"1"``.
        """
        digest = blake2b(digest_size=8)
        for part in parts:
            mark = b"i" if isinstance(part, int) else b"s"
            # surrogates stand for bytes of a file name that are no UTF-8
            data = str(part).encode("utf-8", "surrogatepass")
            digest.update(b"%s%d:%s" % (mark, len(data), data))
        return cls(int.from_bytes(digest.digest(), "big"))

    def next_u64(self) -> int:
        """Return the next number, 0 to 2**64 - 1."""
        self._state = (self._state + _GAMMA) & _MASK
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return mixed ^ (mixed >> 31)

    def below(self, limit: int) -> int:
        """Return a number from 0 to *limit* - 1, each equally likely.

        Args:
            limit: 1 to 2**64.
        """
        if not 1 <= limit <= 2**64:
            raise ValueError(f"expected a limit of 1 to 2**64, got {limit}")
        fair = 2**64 - 2**64 % limit  # above it some remainders would be likelier
        while (number := self.next_u64()) >= fair:
            pass
        return number % limit

    def shuffle(self, items: MutableSequence[ItemT]) -> None:
        """Put *items* in a random order, in place (Fisher and Yates)."""
        for last in range(len(items) - 1, 0, -1):
            other = self.below(last + 1)
            items[last], items[other] = items[other], items[last]

"""How numbers are said in what people read."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Return ``1 plan`` or ``2 plans``, for nouns that take an s.

    Args:
        number: How many, from 0 on.
        noun: For one of them; words may stand before it.
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def agreeing(number: int, noun: str, one: str, many: str) -> str:
    """Return ``1 line differs`` or ``2 lines differ``.

    Args:
        number: As for :func:`counted`.
        noun: As for :func:`counted`.
        one: What one of them does.
        many: What several do.
    """
    return f"{counted(number, noun)} {one if number == 1 else many}"

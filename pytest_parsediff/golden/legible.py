"""Bounded, harmless text for values and lines that came out of a store."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal

from pytest_parsediff.core.errors import strip_control
from pytest_parsediff.core.pointers import ABSENT
from pytest_parsediff.golden.values import Opaque

_LEAD = 40  # characters that stay in front of the first difference
_BLOCK = 4096

_ENCODER = json.JSONEncoder(
    ensure_ascii=False,
    separators=(",", ":"),
    default=lambda value: float(value) if isinstance(value, Decimal) else str(value),
)


def legible(text: str) -> str:
    r"""Return *text* with everything that does not print as ``\xNN`` or ``\uNNNN``.

    That is what a terminal would obey, what would end a line, and what cannot be seen
    (zero-width and no-break spaces), so that two texts which differ look different.
    """
    if text.isprintable():
        return text
    stripped = strip_control(text)
    return "".join([one if one.isprintable() else _escape(one) for one in stripped])


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def line_text(line: bytes) -> str:
    r"""Return *line* as text; bytes that are not UTF-8 become ``\xNN``."""
    return line.decode("utf-8", "backslashreplace")


def excerpt(text: str, width: int) -> str:
    """Return the beginning of *text* in at most *width* characters."""
    return _window(text, 0, 0, width)


def excerpts(left: str, right: str, width: int) -> tuple[str, str]:
    """Return both texts in *width* characters, cut around their first difference.

    Both start at the same character, so that they line up below each other.
    """
    at = first_difference(left, right)
    longest = max(len(left), len(right))
    start = max(0, min(at - _LEAD, longest - width))
    return _window(left, start, at, width), _window(right, start, at, width)


def first_difference(left: str, right: str) -> int:
    """Return the index of the first character that differs, or the shorter length."""
    shorter = min(len(left), len(right))
    for start in range(0, shorter, _BLOCK):
        stop = min(start + _BLOCK, shorter)
        if left[start:stop] != right[start:stop]:
            return next(at for at in range(start, stop) if left[at] != right[at])
    return shorter


def _window(text: str, start: int, at: int, width: int) -> str:
    """Return *text* from *start* on, with the character *at* in it, in *width*.

    Escapes make text longer, so what stands before *at* is cut to a quarter of *width*
    when it would push the difference out.
    """
    head = legible(text[start:at])
    if len(head) > 3 * width // 4:
        head = head[-(width // 4) :]
        start = max(start, 1)
    if start > 0:
        head = f"…{head[1:]}"
    room = width - len(head)
    rest = legible(text[at : at + room + 1])
    return head + (rest if len(rest) <= room else f"{rest[: room - 1]}…")


def show(value: object, width: int) -> str:
    """Return *value* as JSON in at most *width* characters."""
    return excerpt(_encode(value), width)


def show_change(expected: object, actual: object, width: int) -> str:
    """Return ``expected -> actual``, each in *width* characters around the difference."""
    old, new = excerpts(_encode(expected), _encode(actual), width)
    return f"{old} -> {new}"


def show_pointer(pointer: str, width: int) -> str:
    """Return *pointer* in at most *width* characters; its end says most."""
    text = legible(pointer[-width - 1 :]) or "the line"
    return text if len(text) <= width else f"…{text[1 - width :]}"


def show_key(values: Sequence[object], width: int) -> str:
    """Return the values of an event's key, each in at most *width* characters.

    Parts that the event does not have are left out: most keys serve several kinds.
    """
    present = [value for value in values if value is not ABSENT]
    return ", ".join([show(value, width) for value in present])


def _encode(value: object) -> str:
    """Return the whole of *value* as JSON, or as text if it is none."""
    if value is ABSENT:
        return repr(value)
    if isinstance(value, Opaque):
        return value.text
    if isinstance(value, Decimal):
        return str(value)
    try:
        return _ENCODER.encode(value)
    except RecursionError:
        return "{…}" if isinstance(value, dict) else "[…]"

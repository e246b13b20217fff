"""Names of test items for sessions, whatever characters a session id has.

pytest takes ``[`` and ``::`` for its own, shells take more, and one name must stand
for one session. A name is ``<adapter>-<session>``, where

* everything outside ``[A-Za-z0-9_.-]`` is written ``%XX`` per byte of its UTF-8 form;
* a ``-`` of the adapter is doubled, and one that begins the session is ``%2D``, so
  that the first single ``-`` is the one between the two.
"""

from __future__ import annotations

import re

_OTHERS = re.compile(r"[^A-Za-z0-9_.-]")
_HEX = re.compile(rb"%([0-9A-F]{2})")
_SEPARATOR = re.compile(r"^((?:[^-]|--)*)-(?!-)")

#: Name of the item for what belongs to no session; no session has a name without ``-``.
SWEEP = "sweep"


def item_name(adapter: str, session: str) -> str:
    """Return the name for one session of one adapter; no other pair has it."""
    first = escape(adapter).replace("-", "--")
    second = escape(session)
    if second.startswith("-"):
        second = f"%2D{second[1:]}"
    return f"{first}-{second}"


def parse_item_name(name: str) -> tuple[str, str]:
    """Return adapter and session of a name that :func:`item_name` made.

    Raises:
        ValueError: It made no such name.
    """
    found = _SEPARATOR.match(name)
    if found is None:
        raise ValueError(f"not the name of a session: {name!r}")
    adapter = unescape(found[1].replace("--", "-"))
    return adapter, unescape(name[found.end() :])


def escape(text: str) -> str:
    """Return *text* in the characters that a node id may have."""
    return _OTHERS.sub(_percent, text)


def _percent(found: re.Match[str]) -> str:
    # JSON may hold lone surrogates, which UTF-8 has no bytes for
    encoded = found[0].encode("utf-8", "surrogatepass")
    return "".join(f"%{byte:02X}" for byte in encoded)


def unescape(text: str) -> str:
    """Return what :func:`escape` was given."""
    encoded = _HEX.sub(lambda hex_: bytes.fromhex(hex_[1].decode()), text.encode())
    return encoded.decode("utf-8", "surrogatepass")

"""Text as Go prints it: JSON in canonical form, and quoted strings.

Source:
    https://pkg.go.dev/encoding/json#Marshal, https://pkg.go.dev/strconv#Quote
"""

from __future__ import annotations

import json
import re

from pytest_parsediff.adapters.opencode.gojson import Value

_HTML = re.compile("[<>&\u2028\u2029]")
_QUOTED = {
    "\a": r"\a",
    "\b": r"\b",
    "\f": r"\f",
    "\n": r"\n",
    "\r": r"\r",
    "\t": r"\t",
    "\v": r"\v",
    "\\": r"\\",
    '"': r"\"",
}


def quote_json(text: str) -> str:
    r"""Return *text* as JSON string, with ``<``, ``>``, ``&`` as ``\u00XX``."""
    plain = json.dumps(text, ensure_ascii=False)
    return _HTML.sub(lambda found: f"\\u{ord(found[0]):04x}", plain)


def canonical_json(value: Value) -> bytes:
    """Return *value* without spaces, names sorted, number literals unchanged.

    Of duplicate names the last one counts.
    """
    pieces: list[str] = []
    waiting: list[Value | str] = [value]  # a stack: nesting may exceed Python's own
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            pieces.append(item)
        elif item.first == "{":
            waiting += reversed(_object_items(item))
        elif item.first == "[":
            waiting += reversed(_array_items(item))
        else:
            plain = item.first != '"'
            pieces.append(item.literal if plain else quote_json(item.string()))
    return "".join(pieces).encode()


def _object_items(value: Value) -> list[Value | str]:
    members = {name.string(): member for name, member in value.members}
    items: list[Value | str] = ["{"]
    for index, name in enumerate(sorted(members)):
        items += [("," if index else "") + quote_json(name) + ":", members[name]]
    return [*items, "}"]


def _array_items(value: Value) -> list[Value | str]:
    items: list[Value | str] = ["["]
    for index, element in enumerate(value.elements):
        items += [",", element] if index else [element]
    return [*items, "]"]


def quote_go(text: str) -> str:
    r"""Return *text* in double quotes; what cannot be printed as ``\x``, ``\u``."""
    return f'"{"".join(map(_quote_character, text))}"'


def _quote_character(character: str) -> str:
    if character in _QUOTED:
        return _QUOTED[character]
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

"""Values of somebody's sessions as one harmless line: never a body, never a novel.

Reports go to terminals, build logs and pull requests. What people wrote and what agents
answered must not get there, so a text is shown only if nothing speaks against it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pytest_parsediff.core.pointers import ABSENT, Pointer
from pytest_parsediff.diff.comparison import Comparison
from pytest_parsediff.diff.places import ANY_INDEX
from pytest_parsediff.golden.legible import excerpts, legible

#: Longest text that is shown, and longest that is taken for something else than prose.
MAX_CHARACTERS = 80

_BODY = frozenset({
    "answer", "args", "arguments", "body", "command", "content", "description", "diff",
    "input", "instructions", "message", "output", "parameters", "patch", "prompt",
    "question", "reasoning", "response", "result", "stderr", "stdout", "summary", "text",
    "thinking", "thought", "transcript",
})  # fmt: skip
#: What stands below one of these is made up by a tool or a model, whatever its name.
_PAYLOAD = frozenset({"args", "arguments", "input", "output", "parameters", "result"})
_TITLE = frozenset({"label", "name", "title"})
#: Says in which form something is, not what it is.
_FORM = frozenset({"delta", "html", "json", "markdown", "raw", "string", "value"})
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d([.,]\d+)?)?( ?(Z|UTC|[-+]\d\d:?\d\d))?"
)
_INDEX = re.compile(r"\d+|\*")
_MAX_BITS = 1024  # of an integer whose digits are shown
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=float)


@dataclass(frozen=True, slots=True)
class ShownChange:
    """Two values that differ.

    Attributes:
        stored: One line.
        parsed: One line, other than *stored*.
        note: Lengths, where a text was cut; may be empty.
    """

    stored: str
    parsed: str
    note: str = ""


def show_value(value: object, place: str, comparison: Comparison) -> str:
    """Return *value* on one line in at most 81 characters.

    Args:
        value: As :func:`~pytest_parsediff.golden.values.read_line` returns it, or
            ``ABSENT``.
        place: JSON pointer of the value, or its pattern with ``*`` for indexes.
        comparison: Says what is a body, and whether somebody asked to see it.
    """
    text = _text(value, place, comparison)
    return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}…"


def show_change(
    stored: object, parsed: object, place: str, comparison: Comparison
) -> ShownChange:
    """Return two values that differ, so that the difference can be seen."""
    old, new = _text(stored, place, comparison), _text(parsed, place, comparison)
    if old == new:  # only bodies, and containers, may look alike
        if isinstance(stored, str):
            new = f"differs at equal length ({count(len(stored), 'character')})"
        else:
            new = f"another {new}"
        return ShownChange(old, new)
    if max(len(old), len(new)) <= MAX_CHARACTERS:
        return ShownChange(old, new)
    note = f"{len(old)} and {count(len(new), 'character')}"
    return ShownChange(*excerpts(old, new, MAX_CHARACTERS + 1), note)


def show_pattern(pattern: str) -> str:
    """Return a place as the name of a field: names that are prose are left out."""
    parts = [
        f"({count(len(part), 'character')})" if _is_prose(part) else legible(part)
        for part in pattern.split("/")
    ]
    return "/".join(parts)


def _text(value: object, place: str, comparison: Comparison) -> str:
    """Return *value* on one line, of any length."""
    if isinstance(value, str):
        if comparison.show_bodies or not _is_body(value, place, comparison):
            return _json(value)
        return f"text of {count(len(value), 'character')}"
    if isinstance(value, (dict, list)):
        return _json(value) if comparison.show_bodies else _outline(value)
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        return f"integer of {value.bit_length()} bits"
    if isinstance(value, bool) or value is None:
        return _json(value)
    return "absent" if value is ABSENT else str(value)


def _json(value: object) -> str:
    try:
        return legible(_ENCODER.encode(value))
    except RecursionError:
        return "{…}" if isinstance(value, dict) else "[…]"


def _outline(value: dict[str, Any] | list[Any]) -> str:
    if isinstance(value, dict):
        return f"object of {count(len(value), 'member')}"
    return f"list of {count(len(value), 'element')}"


def count(number: int, what: str) -> str:
    """Return *number* with *what* in the singular or the plural."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


# --- what is a body -------------------------------------------------------------------------


def _is_body(text: str, place: str, comparison: Comparison) -> bool:
    """Return whether *text* at *place* may be what somebody wrote."""
    tokens = Pointer.parse(place).tokens
    steps = [(one, ANY_INDEX if _INDEX.fullmatch(one) else one) for one in tokens]
    if comparison.places.cover(steps).is_body:
        return True
    names = [_words(one) for one in tokens if not _INDEX.fullmatch(one)]
    if any(words and words[-1] in _PAYLOAD for words in names):
        return True
    last = names[-1][-1:] if names else []
    if last and last[0] in _BODY:
        return True
    return not (last and last[0] in _TITLE) and _is_prose(text)


def _words(name: str) -> Sequence[str]:
    """Return the words of ``snake_case`` or ``CamelCase``, less what tells of a form."""
    words = [word.lower() for word in _WORD.findall(name)]
    while words and words[-1] in _FORM:
        words.pop()
    return words


def _is_prose(text: str) -> bool:
    if len(text) > MAX_CHARACTERS or text.startswith(("{", "[")):
        return True
    has_space = any(character.isspace() for character in text)
    return has_space and not _MOMENT.fullmatch(text)

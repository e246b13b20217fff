"""JSON pointers (RFC 6901), compiled once and applied to many events."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

#: An array index (RFC 6901 section 4); more digits than any array has elements fail.
_INDEX = re.compile("0|[1-9][0-9]{0,17}")


class _Absent:
    """Marks a place that an event does not have; distinct from JSON null."""

    def __repr__(self) -> str:
        return "<absent>"


#: What :meth:`Pointer.get` returns when the event has no such place.
ABSENT = _Absent()


@dataclass(frozen=True, slots=True)
class Pointer:
    """A parsed JSON pointer.

    Attributes:
        text: As written; a bare word ``id`` means the top-level member ``/id``.
        tokens: Unescaped member names and indexes.
    """

    text: str
    tokens: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Pointer:
        """Return the pointer that *text* denotes; ``/a/b`` or the bare word ``a``."""
        if not text.startswith("/"):
            return cls(text, (text,))
        tokens = text[1:].split("/")
        return cls(text, tuple(t.replace("~1", "/").replace("~0", "~") for t in tokens))

    def get(self, value: Any) -> Any:
        """Return the value at this place below *value*, or :data:`ABSENT`."""
        for token in self.tokens:
            value = _step(value, token)
            if value is ABSENT:
                return ABSENT
        return value

    def replace(self, value: Any, new: Any) -> bool:
        """Set an existing place to *new*; return whether the place exists."""
        holder = Pointer(self.text, self.tokens[:-1]).get(value)
        if holder is ABSENT or _step(holder, self.tokens[-1]) is ABSENT:
            return False
        if isinstance(holder, list):
            holder[int(self.tokens[-1])] = new
        else:
            holder[self.tokens[-1]] = new
        return True

    def remove(self, value: Any) -> Any:
        """Take the place out and return what was there, or :data:`ABSENT`."""
        holder = Pointer(self.text, self.tokens[:-1]).get(value)
        found = ABSENT if holder is ABSENT else _step(holder, self.tokens[-1])
        if found is ABSENT:
            return ABSENT
        if isinstance(holder, list):
            del holder[int(self.tokens[-1])]
        else:
            del holder[self.tokens[-1]]
        return found

    def is_element(self, value: Any) -> bool:
        """Return whether this place runs through an array of *value*."""
        for token in self.tokens:
            if isinstance(value, list):
                return True
            value = _step(value, token)
        return False

    def put(self, value: dict[str, Any], new: Any) -> bool:
        """Set the place, making missing objects on the way; return whether it fits."""
        holder: Any = value
        for token in self.tokens[:-1]:
            if not isinstance(holder, dict):
                return False
            holder = holder.setdefault(token, {})
        if not isinstance(holder, dict):
            return False
        holder[self.tokens[-1]] = new
        return True


def _step(value: Any, token: str) -> Any:
    if isinstance(value, dict):
        return value.get(token, ABSENT)
    if isinstance(value, list) and _INDEX.fullmatch(token) and int(token) < len(value):
        return value[int(token)]
    return ABSENT

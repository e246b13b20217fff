"""JSON as Go's ``encoding/json`` reads it, with the place of every value.

Differences to :mod:`json` that matter for a reader of foreign stores: numbers stay
literals (no precision is lost, ``NaN`` is refused), the text of a sub-value can be
had as it is stored, nesting is limited by count and not by the interpreter's stack,
and a surrogate without its partner becomes U+FFFD.

Source:
    https://pkg.go.dev/encoding/json#Unmarshal, RFC 8259
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import NamedTuple, final

from pytest_parsediff.adapters.opencode.cells import replace_surrogates

#: Deepest accepted nesting of arrays and objects.
MAX_DEPTH = 10_000

_TOKEN = re.compile(
    r"""[ \t\n\r]*+(
        [{}\[\],:]
      | "[^"\\\x00-\x1f]*+ (?: \\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}) [^"\\\x00-\x1f]*+ )*+ "
      | -?(?:0|[1-9][0-9]*+) (?:\.[0-9]++)? (?:[eE][+-]?[0-9]++)?
      | true | false | null
    )""",
    re.VERBOSE,
)
_BLANK = re.compile(r"[ \t\n\r]*+")


class DecodeError(ValueError):
    """A stored JSON text is not what it has to be; the text says where and why."""


class Value(NamedTuple):
    """One JSON value and where it stands.

    Attributes:
        text: The whole document; invalid UTF-8 may stand in it as lone surrogates.
        start: Index of the first character.
        end: Index after the last character.
        members: Of an object: names and values in stored order, duplicates included.
        elements: Of an array.
    """

    text: str
    start: int
    end: int
    members: tuple[tuple[Value, Value], ...] = ()
    elements: tuple[Value, ...] = ()

    @property
    def first(self) -> str:
        r"""The first character; it tells the type: ``{ [ " t f n``, or a number."""
        return self.text[self.start]

    @property
    def literal(self) -> str:
        """The characters of the value as they are stored."""
        return self.text[self.start : self.end]

    @property
    def type_name(self) -> str:
        """The JSON type, in words."""
        names = {"{": "object", "[": "array", '"': "string", "n": "null"}
        return names.get(self.first, "bool" if self.first in "tf" else "number")

    def string(self) -> str:
        """Return the characters that a string stands for."""
        literal = self.literal
        plain = json.loads(literal) if "\\" in literal else literal[1:-1]
        return replace_surrogates(plain)


@final
@dataclass(slots=True)
class _Frame:
    """A container that is being read; the outermost one is the document."""

    closer: str
    start: int
    want: str
    key: Value | None = None
    members: list[tuple[Value, Value]] = field(default_factory=list)
    elements: list[Value] = field(default_factory=list)

    def take(self, value: Value) -> None:
        if self.key is None:
            self.elements.append(value)
        else:
            self.members.append((self.key, value))
            self.key = None
        self.want = "next"


def parse(text: str) -> Value:
    """Return the one JSON value that *text* consists of.

    Raises:
        DecodeError: *text* is blank, is not JSON, holds a second value, or is nested
            deeper than :data:`MAX_DEPTH`.
    """
    if not text.strip():
        raise DecodeError("opencode: empty data blob")
    document = _Frame("", 0, "value")
    frames = [document]
    position = 0
    while document.want == "value" or len(frames) > 1:
        found = _TOKEN.match(text, position)
        if found is None:
            raise _syntax_error(text, position)
        start, position = found.span(1)
        _feed(frames, Value(text, start, position))
    rest = _BLANK.match(text, position)
    if rest is None or rest.end() != len(text):
        raise _syntax_error(text, position)
    return document.elements[0]


def _feed(frames: list[_Frame], token: Value) -> None:
    """Let one token act on the open containers."""
    frame, first = frames[-1], token.first
    if frame.want == "next" and first == ",":
        frame.want = "key" if frame.closer == "}" else "value"
    elif frame.want in ("next", "first") and first == frame.closer:
        frames.pop()
        members, elements = tuple(frame.members), tuple(frame.elements)
        value = Value(token.text, frame.start, token.end, members, elements)
        frames[-1].take(value)
    elif frame.want == "colon" and first == ":":
        frame.want = "value"
    elif frame.closer == "}" and frame.want in ("first", "key") and first == '"':
        frame.key = token
        frame.want = "colon"
    elif first in "{}[],:" or not _wants_value(frame):
        _open(frames, token)
    else:
        frame.take(token)


def _wants_value(frame: _Frame) -> bool:
    return frame.want == "value" or (frame.want == "first" and frame.closer == "]")


def _open(frames: list[_Frame], token: Value) -> None:
    """Begin a container."""
    closer = {"{": "}", "[": "]"}.get(token.first)
    if closer is None or not _wants_value(frames[-1]):
        raise _syntax_error(token.text, token.start)
    if len(frames) > MAX_DEPTH:
        raise DecodeError(f"nested deeper than {MAX_DEPTH} levels")
    frames.append(_Frame(closer, token.start, "first"))


def _syntax_error(text: str, position: int) -> DecodeError:
    blank = _BLANK.match(text, position)
    position = blank.end() if blank else position
    if position == len(text):
        return DecodeError("not JSON: the text ends too early")
    return DecodeError(f"not JSON: unexpected character at offset {position}")

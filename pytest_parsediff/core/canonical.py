r"""The only bytes a list of events may have: canonical JSON lines.

Two encoders, each with a version that goes up when its bytes change:

``sorted/1``
    Keys sorted by code point, no white space, UTF-8. U+0085, U+2028 and U+2029 are
    escaped, because tools that split text at "line ends" would cut a line there.

``declared/1``
    Keys in the order in which the adapter gave them, numbers and strings as Go's
    ``encoding/json`` prints them with HTML escaping on (``<`` is ``\u003c``), so
    that goldens published by Go programs match byte for byte.

Both end each line with one LF and never contain another one: JSON escapes LF inside
strings (RFC 8259 section 7). Split with :func:`split_lines`, never with
``str.splitlines()``, which also cuts at U+0085 and U+2028.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable
from enum import StrEnum
from itertools import chain
from typing import Any, NamedTuple

import msgspec

from pytest_parsediff.core.errors import NotAnEventError, clip
from pytest_parsediff.core.event import Event


class Encoder(StrEnum):
    """Which canonical form a scenario's golden has."""

    SORTED = "sorted"
    DECLARED = "declared"


#: Version of each encoder's bytes.
ENCODER_VERSIONS = {Encoder.SORTED: 1, Encoder.DECLARED: 1}

_LINE_SEPARATORS = {"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_GO_ESCAPES = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}
_SURROGATE = re.compile("[\ud800-\udfff]")
#: Two code points that JSON can only write as one character above U+FFFF.
_UNJOINED_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_sorted = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
)
_declared = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
#: How many events are encoded at once: enough to share the work, few enough for memory.
_BATCH = 256
#: What :func:`json.loads` returns; nothing else is encoded without a closer look.
_JSON_KINDS = frozenset({dict, list, str, int, float, bool, type(None)})
#: The same without floats, which encoders print differently, and what holds others.
_PLAIN_KINDS = frozenset({str, int, bool, type(None)})
#: What the fast encoder raises for what it does not take.
_NOT_ENCODED = (TypeError, ValueError, RecursionError, msgspec.MsgspecError)
_decode_lines = msgspec.json.Decoder().decode_lines


def encode_sorted(event: Event) -> bytes:
    """Return *event* as one ``sorted/1`` line without its LF.

    Raises:
        NotAnEventError: PD405, a value is not JSON (bytes, NaN, an integer key, …).
    """
    return _finish_sorted(_dump(_FORMS[Encoder.SORTED], event))


def encode_declared(event: Event) -> bytes:
    r"""Return *event* as one ``declared/1`` line without its LF.

    Lone surrogates become U+FFFD, as in Go. Floats print in their shortest
    round-trip form, with an exponent only below 1e-6 and from 1e21 on, and without
    ``.0``.

    Raises:
        NotAnEventError: PD405, a value is not JSON.

    Source:
        https://pkg.go.dev/encoding/json#Marshal (floats as ES6 numbers, HTML
        escaping, U+2028 and U+2029).
    """
    return _finish_declared(_dump(_FORMS[Encoder.DECLARED], event))


def _finish_sorted(text: str) -> bytes:
    """Return JSON *text* in the form of ``sorted/1``."""
    if not text.isascii():
        text = _escape(text, _LINE_SEPARATORS)
    return _utf8(text)


def _finish_declared(text: str) -> bytes:
    """Return JSON *text*, whose numbers are Go's, in the form of ``declared/1``."""
    text = _escape(text, _GO_ESCAPES)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", text).encode()


def _escape(text: str, escapes: dict[str, str]) -> str:
    """Replace characters that only strings can hold: no other token does."""
    for character, escape in escapes.items():
        text = text.replace(character, escape)
    return text


class _Form(NamedTuple):
    """How one encoder writes.

    Attributes:
        slow: Encodes one event; what it takes is the rule.
        fast: Encodes most events to the same text, ten times as fast.
        number: Prints a float.
        finish: Makes the line of JSON text whose numbers are printed.
        special: ASCII that the line does not hold as the text does.
    """

    slow: json.JSONEncoder
    fast: msgspec.json.Encoder
    number: Callable[[float], str]
    finish: Callable[[str], bytes]
    special: tuple[bytes, ...] = ()

    def holds_special(self, data: bytes) -> bool:
        """Return whether *data* is not what the line holds, though it is ASCII."""
        return bool(self.special) and any(special in data for special in self.special)


def encode_lines(events: Iterable[Event], encoder: Encoder) -> list[bytes]:
    """Return one line per event, in order, without line ends.

    Raises:
        NotAnEventError: PD405, a value is not JSON.
    """
    pending = list(events)
    form = _FORMS[encoder]
    lines: list[bytes] = []
    for start in range(0, len(pending), _BATCH):
        lines += _encode_batch(pending[start : start + _BATCH], form)
    return lines


def encode_line(event: Event, encoder: Encoder) -> bytes:
    """Return what :func:`encode_lines` gives for one event, sooner if it is a plain one.

    Raises:
        NotAnEventError: PD405, a value is not JSON.
    """
    form = _FORMS[encoder]
    if type(event) is dict and _is_plain(event):
        try:
            line = form.fast.encode(event)
        except _NOT_ENCODED:  # say what is wrong, and where
            return encode_lines([event], encoder)[0]
        if line.isascii() and not form.holds_special(line):
            return line
    return encode_lines([event], encoder)[0]


def _is_plain(event: dict[str, Any]) -> bool:
    """Return whether *event* holds nothing but text, integers, booleans and null."""
    return _PLAIN_KINDS.issuperset(map(type, event.values())) and {str}.issuperset(
        map(type, event)
    )


def _encode_batch(events: list[Event], form: _Form) -> list[bytes]:
    """Encode many events with the work of one, as long as nothing is wrong with them.

    Line feeds can be put between the texts, because a JSON text has its own escaped.
    """
    data = _encode_fast(events, form)
    if data is None:  # one by one, which says what is wrong with which, and where
        text = "\n".join([_dump(form, event) for event in events])
    elif data.isascii() and not form.holds_special(data):
        return data.split(b"\n")
    else:
        text = data.decode()
    return form.finish(text).split(b"\n")


def _encode_fast(events: list[Event], form: _Form) -> bytes | None:
    """Return the texts of *events*, each on a line of its own, or ``None``.

    ``None`` means that the slow encoder must look: there are values of other types
    than JSON's own, or something that the fast encoder does not take. The two agree on
    all text but floats.
    """
    try:
        data = form.fast.encode_lines(events)  # first: it finds what holds itself
        kinds = _kinds(events)
        if not kinds <= _JSON_KINDS:
            return None
        if float in kinds and _decode_lines(data) != events:  # NaN became null
            return None
    except _NOT_ENCODED:
        return None
    data = data[:-1]
    if float not in kinds:
        return data
    # one by one, because few events hold a float
    texts = [_print_floats(text, form.number) for text in data.decode().split("\n")]
    return "\n".join(texts).encode()


def _kinds(events: list[Event]) -> set[type]:
    """Return the types of all values in *events*.

    An item that is no dictionary, and a key that is not text, count as ``object``.
    Written so that each value is passed over in C.
    """
    kinds: set[type] = set()
    if set(map(type, events)) != {dict}:
        return {object}
    dicts: list[Any] = list(events)
    lists: list[Any] = []
    while dicts or lists:
        if not set(map(type, chain.from_iterable(dicts))) <= {str}:
            return {object}
        values = [*chain.from_iterable(map(dict.values, dicts))]
        values += chain.from_iterable(lists)
        found = set(map(type, values))
        kinds |= found
        dicts = [one for one in values if type(one) is dict] if dict in found else []
        lists = [one for one in values if type(one) is list] if list in found else []
    return kinds


def join_lines(lines: Iterable[bytes]) -> bytes:
    """Return *lines* as the bytes of a file: each one ended by LF."""
    return b"\n".join([*lines, b""])


def split_lines(data: bytes) -> list[bytes]:
    """Return the lines of *data* without LF; a missing last LF loses nothing."""
    lines = data.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    return lines


# --- checking -----------------------------------------------------------------------


def _dump(form: _Form, event: Event) -> str:
    """Encode *event* and prove that decoding gives the same value back.

    json turns integer keys into strings and enums into numbers without a word; what
    does not survive the round trip is looked at value by value.
    """
    if not isinstance(event, dict):
        raise NotAnEventError(f"expected a JSON object, got {clip(event)}")
    try:
        text = form.slow.encode(event)
        survives = json.loads(text) == event
    except (TypeError, ValueError, RecursionError) as error:
        raise _explain(event, error) from error
    if not survives:
        _check(event, "")
    return text if form.number is repr else _print_floats(text, form.number)


def _explain(event: Event, error: Exception) -> NotAnEventError:
    """Return PD405 that names the place, or at least what json said."""
    try:
        _check(event, "")
    except NotAnEventError as found:
        return found
    except RecursionError:  # too deep, or a container inside itself
        pass
    what = "one nested too deeply: " if isinstance(error, RecursionError) else ""
    return NotAnEventError(f"expected a JSON object, got {what}{error}")


def _check(value: object, pointer: str) -> None:
    """Raise PD405 at the first value below *pointer* that is not JSON."""
    if value is None or isinstance(value, (bool, int, str)):
        return
    if isinstance(value, float):
        if not math.isfinite(value):
            _not_json(pointer, value)
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                _not_json(pointer, key, "a key that is not text")
            _check(inner, f"{pointer}/{escape_pointer(key)}")
        return
    if isinstance(value, (list, tuple)):
        for index, inner in enumerate(value):
            _check(inner, f"{pointer}/{index}")
        return
    _not_json(pointer, value)


def _not_json(
    pointer: str, value: object, what: str = "a value that is not JSON"
) -> None:
    place = pointer or "the top level"
    raise NotAnEventError(f"{what} at {place}: {type(value).__name__} {clip(value)}")


def escape_pointer(token: str) -> str:
    """Return *token* escaped for a JSON pointer (RFC 6901 section 3)."""
    return token.replace("~", "~0").replace("/", "~1")


def _utf8(text: str) -> bytes:
    r"""Encode; a lone surrogate, which UTF-8 cannot hold, becomes ``\udXXX``."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        if _UNJOINED_PAIR.search(text):
            message = "expected text, got a surrogate pair as two characters"
            raise NotAnEventError(message) from error
        return _SURROGATE.sub(lambda s: f"\\u{ord(s[0]):04x}", text).encode()


# --- numbers ------------------------------------------------------------------------

# Encoders print floats in their own way and offer no way in, so the float tokens of
# their output are rewritten. Strings are matched first, so that nothing inside one can
# be taken for a number; the cheap search saves that for events without floats.
_MAY_HOLD_FLOAT = re.compile(r"[:\[,]-?\d+[.e]")
_STRING_OR_FLOAT = re.compile(
    r'"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+(?:e[-+]?\d+)?|e[-+]?\d+)'
)


# Where no string holds a backslash, a quote that follows anything but ``:,[{`` ends a
# string, so what stands behind it and a colon is the value of a member. That finds the
# floats of most events without looking at every string.
_AMBIGUOUS = re.compile(r'(?:[\[,]|[:,\[{]":)-?\d+[.e]')
_MEMBER_FLOAT = re.compile(r'(?<=[^:,\[{]":)-?\d+(?:\.\d+(?:e[-+]?\d+)?|e[-+]?\d+)')


def _print_floats(text: str, number: Callable[[float], str]) -> str:
    """Return JSON *text* with its floats as *number* prints them."""
    if not _MAY_HOLD_FLOAT.search(text):
        return text

    def token(found: re.Match[str]) -> str:
        old = found[0]
        return old if old.startswith('"') else number(float(old))

    plain = "\\" not in text and not _AMBIGUOUS.search(text)
    return (_MEMBER_FLOAT if plain else _STRING_OR_FLOAT).sub(token, text)


def go_float(number: float) -> str:
    """Return *number* as Go prints it in JSON: ``0``, ``0.02``, ``1e-7``, ``1e+21``.

    Both languages print the shortest digits that read back as the same number; Python
    changes to an exponent below 1e-4 and from 1e16 on, with one digit before the
    point, Go below 1e-6 and from 1e21 on.
    """
    mantissa, has_exponent, power = repr(number).removesuffix(".0").partition("e")
    if not has_exponent:
        return mantissa
    exponent = int(power)
    if -7 < exponent < 21:
        return _plain(mantissa, exponent)
    return f"{mantissa}e{exponent:+d}"


def _plain(mantissa: str, exponent: int) -> str:
    """Write ``d.ddd * 10**exponent``, at least 16 or at most -5, without an exponent."""
    sign = "-" if mantissa.startswith("-") else ""
    digits = mantissa.lstrip("-").replace(".", "")
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    return f"{sign}{digits:0<{exponent + 1}}"  # 17 digits at most: no fraction


_FORMS = {
    Encoder.SORTED: _Form(
        _sorted, msgspec.json.Encoder(order="sorted"), repr, _finish_sorted
    ),
    Encoder.DECLARED: _Form(
        _declared,
        msgspec.json.Encoder(),
        go_float,
        _finish_declared,
        (b"<", b">", b"&"),
    ),
}

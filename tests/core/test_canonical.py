"""The only bytes a list of events may have."""

from __future__ import annotations

import enum
import json
import math
import sys
from collections import OrderedDict
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_parsediff.core.canonical import (
    ENCODER_VERSIONS,
    Encoder,
    encode_declared,
    encode_line,
    encode_lines,
    encode_sorted,
    escape_pointer,
    go_float,
    join_lines,
    split_lines,
)
from pytest_parsediff.core.errors import NotAnEventError

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
#: Text that UTF-8 can hold.
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | FLOATS | TEXT,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3)
    ),
    max_leaves=5,
)
EVENTS = st.dictionaries(TEXT, VALUES, max_size=4)


def reordered(value: Any) -> Any:
    """Return *value* with the members of every object in reverse order."""
    if isinstance(value, dict):
        return {key: reordered(value[key]) for key in reversed(value)}
    return [reordered(inner) for inner in value] if isinstance(value, list) else value


def as_floats(value: Any) -> Any:
    """Return *value* with every number as a float: Go prints 1.0 as 1."""
    if isinstance(value, dict):
        return {key: as_floats(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_floats(inner) for inner in value]
    return float(value) if type(value) is int else value


def test_each_encoder_has_a_version() -> None:
    """A golden's bytes belong to a version, so no encoder is without one."""
    assert set(Encoder) == set(ENCODER_VERSIONS)


# --- sorted ---------------------------------------------------------------------------


def test_sorted_form() -> None:
    """Keys are sorted at every level, and there is no white space."""
    event = {"b": [1, 2.0, True, None], "a": {"é": "ü", "Z": ""}}
    assert '{"a":{"Z":"","é":"ü"},"b":[1,2.0,true,null]}'.encode() == encode_sorted(
        event
    )


@given(EVENTS)
def test_sorted_form_does_not_depend_on_key_order(event: dict[str, Any]) -> None:
    """Two events with equal members have the same line."""
    assert encode_sorted(event) == encode_sorted(reordered(event))


@given(EVENTS)
def test_sorted_form_decodes_to_the_event(event: dict[str, Any]) -> None:
    """Decoding gives the values back, floats included."""
    assert event == json.loads(encode_sorted(event))


@given(EVENTS)
@example({"a": "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"})
def test_sorted_line_is_one_line_for_every_tool(event: dict[str, Any]) -> None:
    """Neither bytes nor text can be split inside a line."""
    line = encode_sorted(event)
    assert [line] == line.splitlines()
    assert [line.decode()] == line.decode().splitlines()


@given(st.text())
def test_any_text_that_json_can_hold_survives(text: str) -> None:
    """Lone surrogates are escaped; a pair of them is refused, because it would join."""
    try:
        line = encode_sorted({"a": text})
    except NotAnEventError:
        assert text != text.encode("utf-16", "surrogatepass").decode(
            "utf-16", "surrogatepass"
        )
    else:
        assert {"a": text} == json.loads(line)


def test_lone_surrogate_is_escaped() -> None:
    r"""UTF-8 cannot hold it, JSON can: as ``\udXXX``."""
    assert b'{"\\udc80":"a\\ud800"}' == encode_sorted({"\udc80": "a\ud800"})


def test_surrogate_pair_as_two_characters_is_refused() -> None:
    """Its escapes would decode as another text: one character."""
    with pytest.raises(NotAnEventError, match=r"PD405.*surrogate pair"):
        encode_sorted({"a": "\ud83d\ude00"})


@pytest.mark.parametrize("digits", [1, 300, 4000])
def test_large_integers_stay_exact(digits: int) -> None:
    """An integer is never taken through a float."""
    number = int("9" * digits)
    assert b'{"a":%d}' % number == encode_sorted({"a": number})
    assert b'{"a":%d}' % number == encode_declared({"a": number})


# --- what is not an event ---------------------------------------------------------------


class Color(enum.Enum):
    """An enum that json does not know."""

    RED = 1


def nested(depth: int) -> Any:
    """Return *depth* lists inside each other."""
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


def inside_itself() -> Any:
    """Return a list that holds itself."""
    value: list[Any] = []
    value.append(value)
    return value


def among_others(event: Any, encoder: Encoder) -> bytes:
    """Return the line of *event*, encoded together with good ones."""
    return encode_lines([{"a": 1}, event, {"b": 0.5}], encoder)[1]


ENCODE = [
    encode_sorted,
    encode_declared,
    partial(among_others, encoder=Encoder.SORTED),
    partial(among_others, encoder=Encoder.DECLARED),
]


@pytest.mark.parametrize("encode", ENCODE)
@pytest.mark.parametrize(
    ("event", "message"),
    [
        ([], r"expected a JSON object, got \[\]"),
        ("text", "expected a JSON object, got 'text'"),
        (None, "expected a JSON object, got None"),
        (nested(100_000), "expected a JSON object, got <list>"),
        ({"a": b"x"}, "not JSON at /a: bytes b'x'"),
        ({"a": math.nan}, "not JSON at /a: float nan"),
        ({"a": [0, {"b/c~": -math.inf}]}, "not JSON at /a/1/b~1c~0: float -inf"),
        ({"a": Decimal(1)}, "not JSON at /a: Decimal"),
        ({"a": {1, 2}}, "not JSON at /a: set"),
        ({"a": Color.RED}, "not JSON at /a: Color"),
        ({1: "a"}, "a key that is not text at the top level: int 1"),
        ({"a": {1.5: "a"}}, "a key that is not text at /a: float 1.5"),
        ({"a": {None: 1}}, "a key that is not text at /a: NoneType"),
        ({"a": [{True: 1}]}, "a key that is not text at /a/0: bool True"),
        ({1: 1, "1": 2}, "a key that is not text"),
        ({1: 1, "b": 2}, "a key that is not text"),
        ({(1, 2): 1}, "a key that is not text"),
        ({"a": 10**5000}, "expected a JSON object, got .*4300 digits"),
        ({"a": nested(100_000)}, "expected a JSON object, got .*recursion"),
        ({"a": inside_itself()}, "expected a JSON object, got .*Circular"),
    ],
)
def test_what_is_not_json_is_refused(encode: Any, event: Any, message: str) -> None:
    """Nothing that JSON cannot hold is encoded; the error names the place."""
    with pytest.raises(NotAnEventError, match=f"PD405.*{message}"):
        encode(event)


@pytest.mark.parametrize("encode", ENCODE)
def test_any_depth_gives_a_line_or_an_error_with_a_code(encode: Any) -> None:
    """Between what json can hold and what it cannot, nothing else escapes."""
    limit = sys.getrecursionlimit()
    refused = 0
    # CPython 3.12 and later let C code go deeper than the limit for Python code
    for depth in (*range(limit // 4, limit + 50, 7), 20_000, 100_000):
        try:
            encode({"a": nested(depth)})
        except NotAnEventError:
            refused += 1
    assert 0 < refused


class Word(enum.StrEnum):
    """An enum that is text."""

    A = "a"


class Number(enum.IntEnum):
    """An enum that is a number."""

    ONE = 1


def test_what_json_holds_in_another_type_passes() -> None:
    """A tuple is an array, and an enum that is text or a number is that."""
    event = {"a": (1, (Word.A, Number.ONE), 0.5, None)}
    assert b'{"a":[1,["a",1],0.5,null]}' == encode_sorted(event)


# --- declared -------------------------------------------------------------------------


def test_declared_form() -> None:
    """Keys keep their order; text is escaped as Go does for HTML."""
    event = {"b": "<ROOT>&\u2028\u2029", "a": 'é\x7f\x85/\t"\\\x01\b', "c": {"<": 1}}
    expected = (
        r'{"b":"\u003cROOT\u003e\u0026\u2028\u2029",'
        '"a":"é\x7f\x85/'
        r'\t\"\\\u0001\b","c":{"\u003c":1}}'
    )
    assert expected.encode() == encode_declared(event)


@given(EVENTS)
def test_declared_form_decodes_to_the_event(event: dict[str, Any]) -> None:
    """Decoding gives key order back, and values where all numbers are floats."""
    decoded = json.loads(encode_declared(event), parse_int=float)
    assert as_floats(event) == decoded
    assert list(event) == list(decoded)


@given(EVENTS)
def test_declared_line_holds_no_line_feed(event: dict[str, Any]) -> None:
    """The line end is the only one."""
    assert b"\n" not in encode_declared(event)


def test_declared_form_replaces_lone_surrogates() -> None:
    """Go has no lone surrogates: it reads them as U+FFFD."""
    assert '{"a":"\ufffdb"}'.encode() == encode_declared({"a": "\ud800b"})


def test_what_looks_like_a_number_inside_text_stays() -> None:
    """Only number tokens are printed anew, also behind escapes."""
    event = {"1.0": '":1.0,[2.50"', "b\\": [1.0, '\\",1.0', 2.5e-7], "c": ":1e5,1.0"}
    expected = r'{"1.0":"\":1.0,[2.50\"","b\\":[1,"\\\",1.0",2.5e-7],"c":":1e5,1.0"}'
    assert expected.encode() == encode_declared(event)


# --- Go's numbers ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0.0, "0"),
        (-0.0, "-0"),
        (1.0, "1"),
        (-1.5, "-1.5"),
        (0.02, "0.02"),
        (100.0, "100"),
        (1e-4, "0.0001"),
        (1e-5, "0.00001"),
        (1e-6, "0.000001"),
        (-1.25e-6, "-0.00000125"),
        (9.99e-7, "9.99e-7"),
        (1e-7, "1e-7"),
        (-1.5e-10, "-1.5e-10"),
        (1e15, "1000000000000000"),
        (1e16, "10000000000000000"),
        (-1.2345678901234568e16, "-12345678901234568"),
        (1.2345678901234568e17, "123456789012345680"),
        (1e20, "100000000000000000000"),
        (9.999999999999999e20, "999999999999999900000"),
        (1e21, "1e+21"),
        (-1.5e21, "-1.5e+21"),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
    ],
)
def test_go_prints_floats(number: float, expected: str) -> None:
    """Shortest digits; an exponent only below 1e-6 and from 1e21 on."""
    assert expected == go_float(number)
    assert (
        f'{{"a":[{expected},{expected}],"b":{expected}}}'.encode()
        == encode_declared({"a": [number, number], "b": number})
    )


@given(FLOATS)
@example(-0.0)
@example(math.nextafter(1e-6, 0))
@example(math.nextafter(1e21, 0))
@example(math.nextafter(1e16, 0))
def test_go_float_reads_back_and_keeps_the_rules(number: float) -> None:
    """Any float reads back bit for bit, in the form that Go chooses by its size."""
    text = go_float(number)
    back = float(text)
    assert (number, math.copysign(1, number)) == (back, math.copysign(1, back))
    plain = number == 0 or 1e-6 <= abs(number) < 1e21
    assert plain == ("e" not in text)
    assert not text.endswith(".0")
    digits = text.lstrip("-").partition("e")[0].replace(".", "").strip("0")
    shortest = repr(number).lstrip("-").partition("e")[0].replace(".", "").strip("0")
    assert shortest == digits


# --- lines ----------------------------------------------------------------------------

LINES = st.lists(st.binary().map(lambda line: line.replace(b"\n", b"")))


def test_encode_lines_keeps_the_order() -> None:
    """One line per event, by the encoder that was asked for."""
    events = [{"b": 1.0, "a": 1}, {}]
    assert [b'{"a":1,"b":1.0}', b"{}"] == encode_lines(events, Encoder.SORTED)
    assert [b'{"b":1,"a":1}', b"{}"] == encode_lines(events, Encoder.DECLARED)


@given(st.lists(st.fixed_dictionaries({"a": VALUES | st.text()}), max_size=4))
@example([{"a": (1, 2)}, {"a": 1.5}])
@example([{"a": "<b>"}, {1: "a"}, {"a": "\ud800"}])
@example([{"a": ",\n"}, {"a": "},\n{"}, {}])
@example([{"a": 1e16}, {"a": "1e16"}])
@example([{"a": 1e-5, "b": [1e22, -0.0]}, {"a": ":1e-5,"}, {"a": 0.1}])
@example([{"a": 2**64, "b": True}, {"\u2028": "\x85", "\x7f": "\x1f"}])
def test_many_lines_are_those_of_each_event(events: list[dict[str, Any]]) -> None:
    """Encoding many events at once is encoding each of them, in any of the ways."""
    for encoder, encode in (
        (Encoder.SORTED, encode_sorted),
        (Encoder.DECLARED, encode_declared),
    ):
        try:
            expected = [encode(event) for event in events]
        except NotAnEventError:
            with pytest.raises(NotAnEventError, match="PD405"):
                encode_lines(events, encoder)
            with pytest.raises(NotAnEventError, match="PD405"):
                _ = [encode_line(event, encoder) for event in events]
        else:
            assert expected == encode_lines(iter(events), encoder)
            assert expected == [encode_line(event, encoder) for event in events]


def test_an_ordered_dictionary_keeps_its_own_order() -> None:
    """Its order is not the one in which a plain dictionary would hold the keys."""
    inner = OrderedDict(a=1, b=2)
    inner.move_to_end("a")
    (line,) = encode_lines([{"x": inner}], Encoder.DECLARED)
    assert b'{"x":{"b":2,"a":1}}' == line


@dataclass
class Lookalike:
    """Compares equal to the dictionary of its fields."""

    a: int = 1

    def __eq__(self, other: object) -> bool:
        return other == {"a": self.a}

    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize("encoder", Encoder)
def test_what_only_looks_like_json_is_refused(encoder: Encoder) -> None:
    """Coming back equal is not enough: the type has to be one of JSON's."""
    with pytest.raises(NotAnEventError, match=r"PD405.*at /x: Lookalike"):
        encode_lines([{"x": Lookalike()}], encoder)


@pytest.mark.parametrize("count", [0, 1, 255, 256, 257, 1000])
def test_any_number_of_events(count: int) -> None:
    """None is lost or doubled where one batch ends."""
    expected = [b'{"n":%d}' % number for number in range(count)]
    events = ({"n": number} for number in range(count))
    assert expected == encode_lines(events, Encoder.SORTED)


@given(LINES)
@example([b""])
@example([b"\r", b"\xc2\x85", b"\xe2\x80\xa8"])
def test_split_undoes_join(lines: list[bytes]) -> None:
    """Lines come back as they were, whatever bytes but LF they hold."""
    assert lines == split_lines(join_lines(lines))


@given(st.binary())
@example(b"a\nb")
@example(b"\n\n")
@example(b"")
def test_join_undoes_split_but_for_a_missing_last_line_end(data: bytes) -> None:
    """Nothing is lost: at most the last line end is added."""
    whole = data if not data or data.endswith(b"\n") else data + b"\n"
    assert whole == join_lines(split_lines(data))


@given(st.lists(EVENTS, max_size=4), st.sampled_from(Encoder))
def test_as_many_line_ends_as_events(
    events: list[dict[str, Any]], encoder: Encoder
) -> None:
    """Each event has exactly one LF in the file."""
    assert len(events) == join_lines(encode_lines(events, encoder)).count(b"\n")


@pytest.mark.parametrize(
    ("token", "expected"), [("a", "a"), ("a/b", "a~1b"), ("~", "~0"), ("~1", "~01")]
)
def test_escape_pointer(token: str, expected: str) -> None:
    """The two characters that mean something in a pointer are escaped."""
    assert expected == escape_pointer(token)


@pytest.mark.parametrize(
    "event",
    [
        {"a": 1.0, "b": "x"},
        {"a": ":1.0,", "b": 2.0},
        {"a:": 1.0},
        {"": 1.0},
        {"a": [1.0, "b", {"c": 1e22}]},
        {"a\\": 1.0, "b": '":1.0'},
        {"a": 'say "1.0"', "b": -1e-7},
        {"a": ",1.5,", "b": 1.0},
    ],
)
def test_floats_are_found_whatever_stands_around_them(event: dict[str, Any]) -> None:
    """Numbers lose ``.0``, wherever they stand; text that looks like one does not."""
    line = encode_declared(event)

    assert event == json.loads(line)
    plain = json.loads(line, parse_float=lambda text: f"float {text}")
    assert "float 1.0" not in str(plain)
    assert "float 2.0" not in str(plain)

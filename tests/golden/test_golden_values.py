"""Equality of JSON values: exact, and without spelling."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from golden_lines import encode, values
from hypothesis import example, given

from pytest_parsediff.golden.values import (
    Opaque,
    hashable,
    leaves,
    parse_line,
    read_line,
    values_equal,
)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (b"1", b"1.0"),
        (b"1", b"10e-1"),
        (b"0", b"-0.0"),
        (b"1.50", b"1.5"),
        (b'{"a":1,"b":2}', b'{"b": 2, "a": 1}'),
        (rb'"\u00e9\/"', '"é/"'.encode()),
        (b"9007199254740993", b"9007199254740993.0"),
        (b"1e400", b"10e399"),
        (b"[]", b" [ ] "),
    ],
)
def test_one_value_in_two_spellings_is_equal(left: bytes, right: bytes) -> None:
    """Numbers, escapes, white space and the order of names are spelling only."""
    assert values_equal(left, right)
    assert hashable(parse_line(left)) == hashable(parse_line(right))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (b"1", b"true"),
        (b"0", b"false"),
        (b"[1]", b"[true]"),
        (b'{"a":1}', b'{"a":true}'),
        (b'{"a":null}', b"{}"),
        (b'{"a":{}}', b'{"a":[]}'),
        (b'{"a":{}}', b'{"a":null}'),
        (b'{"a":{}}', b"{}"),
        (b'{"a":{},"b":1}', b'{"b":1}'),
        (b'["a"]', b'{"0":"a"}'),
        (b'{"0":"a"}', b'["a"]'),
        (b"[[]]", b"[[[]]]"),
        (b'{"a/b":1}', b'{"a":{"b":1}}'),
        (b'{"a~1b":1}', b'{"a/b":1}'),
        (b"9007199254740993", b"9007199254740992"),
        (b"9007199254740993", b"9007199254740992.0"),
        (b"0.1", b"0.10000000000000000001"),
        (b"1e400", b"1e500"),
        (b"[1,2]", b"[2,1]"),
        (b'"1"', b"1"),
        (b'""', b"null"),
    ],
)
def test_two_values_are_not_equal(left: bytes, right: bytes) -> None:
    """Types differ, lists have an order, and no number is rounded."""
    assert not values_equal(left, right)
    assert hashable(parse_line(left)) != hashable(parse_line(right))


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"NaN",
        b'{"a":Infinity}',
        b"[-Infinity]",
        b'{"a":1,"a":1}',
        b'{"a":[{"b":1,"b":2}]}',
        b'{"a":"\xff"}',
        b'\xef\xbb\xbf{"a":1}',
        b'"a\tb"',
        b"[" * 100_000 + b"]" * 100_000,
        b"1" * 5_000,
        b"1e99999999999999999999",
    ],
    ids=range(13),
)
def test_what_is_no_json_is_opaque_and_equals_only_itself(line: bytes) -> None:
    """Broken, doubled, not UTF-8 or beyond any limit: nothing raises but ValueError."""
    with pytest.raises(ValueError, match=r".*"):
        parse_line(line)

    assert Opaque(line) == read_line(line)
    assert values_equal(line, line)
    assert not values_equal(line, line + b" ")
    assert not values_equal(line, b"{}")
    assert not values_equal(b"{}", line)


def test_numbers_keep_all_their_digits() -> None:
    """Integers stay integers, everything else becomes a decimal number."""
    assert [2**80, Decimal("0.10")] == parse_line(b"[1208925819614629174706176,0.10]")
    assert str(Decimal("0.10")) == str(parse_line(b"0.10"))


def test_a_deep_line_is_compared_without_recursion() -> None:
    """What the decoder can read, the comparison can walk."""
    deep, other = b"[" * 500 + b"1" + b"]" * 500, b"[" * 500 + b"1.0" + b"]" * 500

    assert values_equal(deep, other)
    assert not values_equal(deep, deep.replace(b"1", b"2"))


def test_values_below_long_names_stay_apart() -> None:
    """Places that are too long to be kept are still told from each other."""
    one, other = "x" * 300, "y" * 300

    left = encode({one: {"a": 1}, other: {"a": 2}})

    for first, second in ((2, 1), (1, 3), (3, 2)):
        right = encode({one: {"a": first}, other: {"a": second}})
        assert not values_equal(left, right)


def test_bytes_that_are_not_utf8_stay_apart() -> None:
    """A bad byte is not the same as the text that shows it."""
    assert r"\xff" == Opaque(b"\xff").text
    assert Opaque(rb"\xff") != Opaque(b"\xff")


@given(values, values)
@example(True, 1)
@example([False], [0])
@example({"a": 1.0}, {"a": 1})
@example({"0": []}, [[]])
def test_values_equal_agrees_with_a_plain_definition(left: Any, right: Any) -> None:
    """Two values are equal if they are of one type and all inside them is equal."""
    first, second = encode(left), encode(right)

    assert is_equal(json.loads(first), json.loads(second)) == values_equal(
        first, second
    )


@given(values)
def test_a_line_equals_itself_in_another_spelling(value: Any) -> None:
    """White space, escapes and the order of names never matter."""
    line = encode(value)
    again = json.dumps(json.loads(line), indent=1, sort_keys=True).encode()

    assert values_equal(line, again)
    assert leaves(parse_line(line)) == leaves(parse_line(again))


def is_equal(left: Any, right: Any) -> bool:
    """Return whether two JSON values are equal, the slow and plain way."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(
            is_equal(left[name], right[name]) for name in left
        )
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(is_equal, left, right))
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    numbers = isinstance(left, (int, float)) and isinstance(right, (int, float))
    return bool((numbers or type(left) is type(right)) and left == right)

"""Bounded and harmless text for values that came out of a store."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_parsediff.core.pointers import ABSENT
from pytest_parsediff.golden.legible import (
    excerpt,
    excerpts,
    first_difference,
    legible,
    show,
    show_change,
    show_pointer,
)
from pytest_parsediff.golden.values import Opaque, read_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 漢 🙂", "plain é 漢 🙂"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\tb\nc", "a\\u0009b\\u000ac"),
        ("\u2028\x85", "\\u2028\\x85"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("\ud800", "\\ud800"),
        ("\U000e0001", "\\U000e0001"),
        ("\u202e", "\\u202e"),
    ],
)
def test_what_does_not_print_is_escaped(text: str, shown: str) -> None:
    """Terminal codes, line ends, invisible characters and lone surrogates show."""
    assert shown == legible(text)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a", '"a"'),
        (1, "1"),
        (None, "null"),
        (True, "true"),
        (Decimal("1.50"), "1.50"),
        ({"a": [Decimal("0.5")]}, '{"a":[0.5]}'),
        (ABSENT, "<absent>"),
        (Opaque(b"{\xff"), "{\\xff"),
        (["x" * 50], '["xxxxxxxxxxxxxxxxx…'),
    ],
)
def test_values_show_as_json(value: object, shown: str) -> None:
    """A value is JSON of 20 characters at most; what is no JSON is its text."""
    assert shown == show(value, 20)


@pytest.mark.parametrize(("line", "shown"), [("[", "[…]"), ('{"a":', "{…}")])
def test_a_value_too_deep_to_print_is_cut(
    line: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A value that the encoder cannot print does not raise."""
    import pytest_parsediff.golden.legible as module

    class Deep:
        def encode(self, value: object) -> str:
            """Fail as json does on deep values."""
            raise RecursionError(type(value))

    monkeypatch.setattr(module, "_ENCODER", Deep())

    assert shown == show(read_line((line + "1" + "}]"[line == "["]).encode()), 20)


def test_a_change_shows_where_two_long_values_differ() -> None:
    """Both values are cut around the first difference and line up."""
    old, new = "x" * 500 + "a" + "y" * 500, "x" * 500 + "b" + "y" * 500

    shown = show_change(old, new, 60)

    assert f"…{'x' * 39}a{'y' * 18}… -> …{'x' * 39}b{'y' * 18}…" == shown


def test_escapes_in_front_are_cut_with_an_ellipsis() -> None:
    """What becomes long by escaping does not push the difference out."""
    assert ("…x1b\\x1b\\x1ba", "…x1b\\x1b\\x1bb") == excerpts(
        "\x1b" * 30 + "a", "\x1b" * 30 + "b", 48
    )


def test_the_end_of_a_pointer_is_kept() -> None:
    """A long pointer loses its beginning; an empty one is the whole line."""
    assert ["/a", "…/2/3/4/5", "the line"] == [
        show_pointer(pointer, 9) for pointer in ("/a", "/0/1/2/3/4/5", "")
    ]


def test_an_excerpt_is_the_beginning() -> None:
    """Short text stays; long text ends in an ellipsis."""
    assert ["abcdef", "abcde…"] == [excerpt(one, 6) for one in ("abcdef", "abcdefg")]


@given(st.text(max_size=30), st.text(max_size=30))
@example("a" * 4_100 + "b", "a" * 4_100 + "c")
@example("a" * 4_096, "a" * 4_096 + "c")
def test_the_first_difference_is_the_first(left: str, right: str) -> None:
    """Everything before it is equal, and it is not."""
    at = first_difference(left, right)

    assert left[:at] == right[:at]
    assert left[at : at + 1] != right[at : at + 1] or left == right


@given(
    st.text(max_size=300),
    st.text(max_size=300),
    st.text(max_size=300),
    st.integers(20, 160),
)
@example("\x1b" * 50, "a", "b", 40)
@example("x" * 300, "a", "b", 40)
@example("x" * 300, "", "b", 20)
@example("x" * 30, "a" * 300, "b", 40)
@example("\u202e" * 39, "\ue000" * 300, "\ue001", 20)
def test_a_difference_stays_in_sight(
    common: str, left: str, right: str, width: int
) -> None:
    """Two different texts look different, in *width* characters, wherever they differ."""
    first, second = excerpts(common + left, common + right, width)

    assert max(len(first), len(second)) <= width
    assert (first + second).isprintable()
    if left[:1] != right[:1] and legible(left[:1]) != legible(right[:1]):
        assert first != second

"""JSON pointers, as configuration writes them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_parsediff.core.canonical import escape_pointer
from pytest_parsediff.core.pointers import ABSENT, Pointer

EVENT = {"a": {"b": [1, {"c": None}], "": 2, "x/y": 3, "m~n": 4, "~1": 5, "0": 6}}


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("a", ("a",)),
        ("a/b", ("a/b",)),
        ("/a/b", ("a", "b")),
        ("/", ("",)),
        ("/a//b", ("a", "", "b")),
        ("/x~1y/m~0n/~01", ("x/y", "m~n", "~1")),
    ],
)
def test_parse(text: str, tokens: tuple[str, ...]) -> None:
    """A slash makes a pointer with escapes; a bare word is a top-level key."""
    pointer = Pointer.parse(text)
    assert tokens == pointer.tokens
    assert text == pointer.text


@given(st.lists(st.text(), min_size=1))
def test_parse_undoes_escaping(tokens: list[str]) -> None:
    """Any member name can be written."""
    text = "".join(f"/{escape_pointer(token)}" for token in tokens)
    assert tuple(tokens) == Pointer.parse(text).tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/a/b/0", 1),
        ("/a/b/1/c", None),
        ("/a/", 2),
        ("/a/x~1y", 3),
        ("/a/m~0n", 4),
        ("/a/~01", 5),
        ("/a/0", 6),
        ("/a/b/2", ABSENT),
        ("/a/b/-", ABSENT),
        ("/a/b/-1", ABSENT),
        ("/a/b/01", ABSENT),
        ("/a/b/+1", ABSENT),
        ("/a/b/\u0661", ABSENT),
        ("/a/b/\u00b9", ABSENT),
        ("/a/b/" + "9" * 5000, ABSENT),
        ("/a/b/0/c", ABSENT),
        ("/a/b/1/c/d", ABSENT),
        ("/b", ABSENT),
    ],
)
def test_get(text: str, expected: object) -> None:
    """Only what RFC 6901 calls an index reaches into an array."""
    assert expected == Pointer.parse(text).get(EVENT)


def test_absent_is_not_null() -> None:
    """A place that is not there differs from one that holds null."""
    assert Pointer.parse("/a").get({"a": None}) is None
    assert Pointer.parse("/a").get({}) is ABSENT
    assert "<absent>" == repr(ABSENT)


@pytest.mark.parametrize(
    ("text", "done", "expected"),
    [
        ("a", True, {"a": 9, "l": [1, {"c": 2}]}),
        ("/l/0", True, {"a": 1, "l": [9, {"c": 2}]}),
        ("/l/1/c", True, {"a": 1, "l": [1, {"c": 9}]}),
        ("/l/2", False, {"a": 1, "l": [1, {"c": 2}]}),
        ("/a/b", False, {"a": 1, "l": [1, {"c": 2}]}),
        ("/x/y", False, {"a": 1, "l": [1, {"c": 2}]}),
        ("x", False, {"a": 1, "l": [1, {"c": 2}]}),
    ],
)
def test_replace(text: str, done: bool, expected: object) -> None:
    """Only a place that exists is set."""
    event: dict[str, Any] = {"a": 1, "l": [1, {"c": 2}]}
    assert done is Pointer.parse(text).replace(event, 9)
    assert expected == event


@pytest.mark.parametrize(
    ("text", "found", "expected"),
    [
        ("a", 1, {"l": [1, {"c": 2}]}),
        ("/l/0", 1, {"a": 1, "l": [{"c": 2}]}),
        ("/l/1/c", 2, {"a": 1, "l": [1, {}]}),
        ("/l/7", ABSENT, {"a": 1, "l": [1, {"c": 2}]}),
        ("/x/y", ABSENT, {"a": 1, "l": [1, {"c": 2}]}),
    ],
)
def test_remove(text: str, found: object, expected: object) -> None:
    """What was there is taken out and returned."""
    event: dict[str, Any] = {"a": 1, "l": [1, {"c": 2}]}
    assert found == Pointer.parse(text).remove(event)
    assert expected == event


@pytest.mark.parametrize(
    ("text", "done", "expected"),
    [
        ("b", True, {"a": 1, "b": 9}),
        ("/b/c/d", True, {"a": 1, "b": {"c": {"d": 9}}}),
        ("a", True, {"a": 9}),
        ("/a/b", False, {"a": 1}),
        ("/a/b/c", False, {"a": 1}),
    ],
)
def test_put(text: str, done: bool, expected: object) -> None:
    """Missing objects are made; a plain value on the way is never replaced."""
    event: dict[str, Any] = {"a": 1}
    assert done is Pointer.parse(text).put(event, 9)
    assert expected == event


@pytest.mark.parametrize(
    ("text", "expected"),
    [("/a/b/0", True), ("/a/b/1/c", True), ("/a/b", False), ("/a/0", False)],
)
def test_is_element(text: str, expected: bool) -> None:
    """A place that runs through an array can be told from one below objects only."""
    assert expected is Pointer.parse(text).is_element(EVENT)

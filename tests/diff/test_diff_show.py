"""What is shown of values: one harmless line, and no bodies unless somebody asks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from diff_sessions import STRICT, compile_table

from pytest_parsediff.core.config import AdapterConfig
from pytest_parsediff.core.pointers import ABSENT
from pytest_parsediff.core.rules import compile_rules
from pytest_parsediff.diff.comparison import compile_comparison
from pytest_parsediff.diff.show import (
    ShownChange,
    show_change,
    show_pattern,
    show_value,
)

ASKED = compile_table(show_bodies=True)

VALUES: list[tuple[object, str]] = [
    (ABSENT, "absent"),
    (None, "null"),
    (True, "true"),
    (False, "false"),
    (0, "0"),
    (-1.5, "-1.5"),
    (Decimal("1.50"), "1.50"),
    (2**1023, str(2**1023)[:80] + "\u2026"),
    (2**1024, "integer of 1025 bits"),
    (-(2**63), "-9223372036854775808"),
    ("", '""'),
    ("large-1", '"large-1"'),
    ('a"b\\', '"a\\"b\\\\"'),
    ("caf\u00e9", '"caf\u00e9"'),
    ({}, "object of 0 members"),
    ({"a": 1}, "object of 1 member"),
    ([1, 2], "list of 2 elements"),
    ([1], "list of 1 element"),
    ("two words", "text of 9 characters"),
    ("a\tb", "text of 3 characters"),
    ("a\u00a0b", "text of 3 characters"),
    ("x" * 80, '"' + "x" * 79 + "\u2026"),
    ("x" * 78, '"' + "x" * 78 + '"'),
    ("x" * 81, "text of 81 characters"),
    ('{"a":1}', "text of 7 characters"),
    ("[1]", "text of 3 characters"),
    ("\x1b[31m\x00", '"\\u001b[31m\\u0000"'),
    ("\u202eabc\u200b", '"\\u202eabc\\u200b"'),
    ("\ud800", '"\\ud800"'),
    ("2026-01-01 10:00:00", '"2026-01-01 10:00:00"'),
    ("2026-01-01T10:00:00.123Z", '"2026-01-01T10:00:00.123Z"'),
    ("2026-01-01 10:00:00 +0100", '"2026-01-01 10:00:00 +0100"'),
    ("2026-01-01 10:00 and more", "text of 25 characters"),
]


@pytest.mark.parametrize(("value", "expected"), VALUES)
def test_values(value: object, expected: str) -> None:
    """Each sort of value has a form of its own, on one line."""
    assert expected == show_value(value, "/a", STRICT)


BODIES = [
    "/text", "/payload/Text", "/content", "/message/content", "/body", "/input",
    "/output", "/prompt", "/result", "/arguments", "/thinking", "/thinking_text",
    "/ThinkingText", "/summary", "/text/0", "/content/12/text", "/content/*/text",
    "/inputJSON", "/input_json", "/text_delta", "/content-html", "/TEXT", "/text2",
    "/input/path", "/arguments/a/b/c", "/tool_result/0/name", "/output/title", "/args/x",
    "/tools/0/input/file",
]  # fmt: skip
NO_BODIES = [
    "/model", "/text/model", "/content_type", "/TextLength", "/message/id", "/id", "/0",
    "/title", "", "/", "/content/0/type", "/inputs_of/x", "/context", "/1/2", "/\u540d",
]  # fmt: skip


@pytest.mark.parametrize("place", BODIES)
def test_places_of_bodies(place: str) -> None:
    """A name that ends in the word for a body hides text, and nothing else."""
    assert "text of 5 characters" == show_value("hello", place, STRICT)
    assert ["5", "null", "absent"] == [
        show_value(one, place, STRICT) for one in (5, None, ABSENT)
    ]
    assert '"hello"' == show_value("hello", place, ASKED)


@pytest.mark.parametrize("place", NO_BODIES)
def test_places_of_no_bodies(place: str) -> None:
    """A short word elsewhere is shown."""
    assert '"hello"' == show_value("hello", place, STRICT)


@pytest.mark.parametrize("place", ["/title", "/Title", "/thread_name", "/label"])
def test_titles_are_shown(place: str) -> None:
    """With their spaces, in 80 characters, unless they stand in a body."""
    assert '"Add a test"' == show_value("Add a test", place, STRICT)
    long = "Add tests " * 20
    assert f'"{long}'[:80] + "\u2026" == show_value(long, place, STRICT)
    hidden = compile_table(bodies=[place])
    assert "text of 10 characters" == show_value("Add a test", place, hidden)
    assert "text of 10 characters" == show_value("Add a test", f"/input{place}", STRICT)


def test_declared_bodies() -> None:
    """Everything at and below the place is hidden, also behind any index."""
    comparison = compile_table(bodies=["/a/b", "/list/*/x", "/n/0"])
    hidden = ["/a/b", "/a/b/c", "/list/3/x", "/list/*/x/y", "/n/0"]
    shown = ["/a", "/a/c", "/list/3/y", "/list/x/x", "/n/1"]
    assert ["text of 2 characters"] * 5 == [
        show_value("hi", place, comparison) for place in hidden
    ]
    assert ['"hi"'] * 5 == [show_value("hi", place, comparison) for place in shown]


def test_what_is_declared_inside_a_body_does_not_open_it() -> None:
    """A place with a name of its own is as hidden as all around it."""
    comparison = compile_table(bodies=["/a"], fields={"x": ["/a/b"]}, ignore=["/a/c"])
    assert ["text of 2 characters"] * 2 == [
        show_value("hi", place, comparison) for place in ("/a/b", "/a/c")
    ]


def test_bodies_are_not_shown_by_default() -> None:
    """Somebody has to ask."""
    config = AdapterConfig()
    comparison = compile_comparison(config, compile_rules(config))
    assert "text of 2 characters" == show_value("hi", "/text", comparison)


def test_bodies_that_were_asked_for() -> None:
    """They are shown in one line of 80 characters, without control characters."""
    assert '"a\\nb"' == show_value("a\nb", "/text", ASKED)
    assert '{"a":[1,null,2.5]}' == show_value(
        {"a": [1, None, Decimal("2.5")]}, "/input", ASKED
    )
    long = show_value("x" * 200, "/text", ASKED)
    assert '"' + "x" * 79 + "\u2026" == long
    assert '["\\u001b"]' == show_value(["\x1b"], "/a", ASKED)
    deep: list[Any] = []
    for _ in range(200_000):
        deep = [deep]
    assert ["[…]", "{…}"] == [
        show_value(one, "/a", ASKED) for one in (deep, {"a": deep})
    ]


CHANGES: list[tuple[Any, Any, str, ShownChange]] = [
    (1, 2, "/a", ShownChange("1", "2")),
    (ABSENT, "", "/a", ShownChange("absent", '""')),
    (
        "same",
        "some",
        "/text",
        ShownChange("text of 4 characters", "differs at equal length (4 characters)"),
    ),
    (
        "same",
        "other",
        "/text",
        ShownChange("text of 4 characters", "text of 5 characters"),
    ),
    ("same", 4, "/text", ShownChange("text of 4 characters", "4")),
    (
        2**2000,
        2**2000 + 1,
        "/a",
        ShownChange("integer of 2001 bits", "another integer of 2001 bits"),
    ),
]


@pytest.mark.parametrize(("old", "new", "place", "expected"), CHANGES)
def test_changes(old: object, new: object, place: str, expected: ShownChange) -> None:
    """Two values that differ never look the same."""
    assert expected == show_change(old, new, place, STRICT)


def test_changes_of_long_values_show_where_they_differ() -> None:
    """Both are cut around the first difference; the note has their lengths."""
    old, new = "x" * 300 + "a" + "y" * 300, "x" * 300 + "b" + "y" * 299
    shown = show_change(old, new, "/text", ASKED)
    assert "603 and 602 characters" == shown.note
    assert 81 == len(shown.stored) == len(shown.parsed)
    assert ("xay" in shown.stored, "xby" in shown.parsed) == (True, True)


def test_changes_of_80_characters_are_not_cut() -> None:
    """They are shown whole, and one more is not."""
    old, new = "x" * 78, "x" * 77 + "y"
    assert ShownChange(f'"{old}"', f'"{new}"') == show_change(old, new, "/a", STRICT)
    assert "81 and 80 characters" == show_change(f"{old}x", new, "/a", STRICT).note


def test_names_of_fields() -> None:
    """Names that are prose, as keys of a map may be, are not shown."""
    assert "/a/*/b~1c" == show_pattern("/a/*/b~1c")
    assert "/answers/(16 characters)" == show_pattern("/answers/what do you want")
    assert "/(81 characters)/x" == show_pattern(f"/{'k' * 81}/x")
    assert "/a\\x1bb" == show_pattern("/a\x1bb")
    assert "" == show_pattern("")

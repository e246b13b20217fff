"""Differences inside one event, and those that many events share."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from golden_lines import encode, values
from hypothesis import example, given

from pytest_parsediff.core.pointers import ABSENT
from pytest_parsediff.golden.fields import (
    FieldChange,
    FieldGroup,
    FieldKind,
    field_changes,
    group_fields,
)
from pytest_parsediff.golden.values import leaves, parse_line, values_equal


def changes_of(expected: object, actual: object) -> list[tuple[str, object, object]]:
    """Return pointer and both values of each difference."""
    return [
        (one.pointer, one.expected, one.actual)
        for one in field_changes(expected, actual)
    ]


def change(expected: object, actual: object, pointer: str = "/n") -> FieldChange:
    """Return a change of one field."""
    return FieldChange(
        pointer=pointer, pattern=pointer, expected=expected, actual=actual
    )


def only_group(*changes: FieldChange) -> FieldGroup:
    """Return the one group of *changes*, each from an event of its own."""
    (group,) = group_fields([(one,) for one in changes])
    return group


@pytest.mark.parametrize(
    ("expected", "actual", "differences"),
    [
        ({"a": 1}, {"a": 2}, [("/a", 1, 2)]),
        ({"a": 1}, {"a": True}, [("/a", 1, True)]),
        ({"a": False}, {"a": True}, [("/a", False, True)]),
        ({"a": 1}, {"a": Decimal("1.0")}, []),
        ({"a": None}, {}, [("/a", None, ABSENT)]),
        ({}, {"a": None}, [("/a", ABSENT, None)]),
        ({"a": {"b": 1}}, {}, [("/a", {"b": 1}, ABSENT)]),
        ({"a": {"b": 1}}, {"a": [1]}, [("/a", {"b": 1}, [1])]),
        ({"a": {}}, {"a": []}, [("/a", {}, [])]),
        ({"a": "x"}, {"a": {}}, [("/a", "x", {})]),
        ({"a": [1, 2]}, {"a": [1, 3, 4]}, [("/a/1", 2, 3), ("/a/2", ABSENT, 4)]),
        ({"a": [1, [2]]}, {"a": [1]}, [("/a/1", [2], ABSENT)]),
        ({"a/b": {"~": 1}}, {"a/b": {"~": 2}}, [("/a~1b/~0", 1, 2)]),
        (1, 2, [("", 1, 2)]),
        ({"a": "x", "b": 1, "c": [0]}, {"c": [0], "b": 1, "a": "x"}, []),
    ],
    ids=range(15),
)
def test_differences_name_pointer_and_both_values(
    expected: object, actual: object, differences: list[object]
) -> None:
    """Objects compare by name, lists by index, and what one side lacks is absent."""
    assert differences == changes_of(expected, actual)


def test_differences_come_in_the_order_of_the_golden() -> None:
    """The golden's fields come first, then those that only the output has."""
    expected = {"z": 1, "a": {"y": 1, "b": 1}, "m": 1}
    actual = {"new": 0, "m": 2, "a": {"b": 2, "c": 0, "y": 2}, "z": 2}

    pointers = [one.pointer for one in field_changes(expected, actual)]

    assert ["/z", "/a/y", "/a/b", "/a/c", "/m", "/new"] == pointers


def test_a_pattern_has_a_star_for_each_index() -> None:
    """Indexes of lists become stars; names that look like indexes do not."""
    (found,) = field_changes({"0": [{"n": 1}]}, {"0": [{"n": 2}]})

    assert ("/0/0/n", "/0/*/n") == (found.pointer, found.pattern)


@given(values, values)
@example({"a": 1}, {"a": 1.0})
@example({"a": 1}, {"a": True})
def test_no_field_differs_exactly_for_equal_values(left: Any, right: Any) -> None:
    """The list of differences is empty if and only if the values are equal."""
    first, second = encode(left), encode(right)
    found = field_changes(parse_line(first), parse_line(second))

    assert values_equal(first, second) == (not found)


@given(values, values)
def test_each_difference_is_real(left: Any, right: Any) -> None:
    """The two values of a difference are never equal."""
    for one in field_changes(parse_line(encode(left)), parse_line(encode(right))):
        assert leaves(one.expected) != leaves(one.actual)


@pytest.mark.parametrize(
    ("changes", "delta"),
    [
        ([change(1, 2), change(7, 8)], 1),
        ([change(1, 2), change(7, 9)], None),
        ([change(5, 3)], -2),
        ([change(Decimal("0.1"), Decimal("0.3")), change(1, Decimal("1.2"))], "0.2"),
        ([change(False, True)], None),
        ([change(0, True)], None),
        ([change("1", "2")], None),
        ([change(1, 2), change("a", "b")], None),
        ([change(1, 2**300)], None),
        ([change(0, Decimal("1e400"))], "1e400"),
        ([change(1, Decimal("1e400"))], None),
        ([change(Decimal("-9e999999999"), Decimal("9e999999999"))], None),
    ],
    ids=range(12),
)
def test_a_group_has_a_delta_if_all_numbers_moved_by_it(
    changes: list[FieldChange], delta: int | str | None
) -> None:
    """The delta is exact, and there is none when one event differs otherwise."""
    expected = Decimal(delta) if isinstance(delta, str) else delta

    assert expected == only_group(*changes).delta


@pytest.mark.parametrize(
    ("changes", "constant"),
    [
        ([change("a", "b"), change("a", "b")], True),
        ([change("a", "b"), change("a", "c")], False),
        ([change(0, 1), change(0, True)], False),
        ([change(ABSENT, 5), change(ABSENT, 5)], True),
        ([change([], {}), change([], {})], False),
        ([change(None, []), change(None, [])], False),
    ],
    ids=range(6),
)
def test_a_group_is_constant_if_both_values_are_the_same(
    changes: list[FieldChange], constant: bool
) -> None:
    """Only scalars are looked at, and true is not 1."""
    assert constant is only_group(*changes).constant


def test_groups_count_events_and_put_the_most_frequent_first() -> None:
    """Two elements of one list in one event are one event; kinds stay apart."""
    lists = field_changes({"l": [1, 2]}, {"l": [2, 3, 4]})
    renamed = field_changes({"t": "a"}, {"t": "b"})

    groups = group_fields([lists, renamed, renamed])

    assert [
        ("/t", FieldKind.CHANGED, 2),
        ("/l/*", FieldKind.CHANGED, 1),
        ("/l/*", FieldKind.ADDED, 1),
    ] == [(one.pattern, one.kind, one.events) for one in groups]
    assert [None, 1, None] == [one.delta for one in groups]
    assert "/l/0" == groups[1].example.pointer


def test_a_change_knows_whether_a_side_lacks_the_field() -> None:
    """Absent before is added, absent after is removed."""
    kinds = [change(1, 2).kind, change(ABSENT, 2).kind, change(1, ABSENT).kind]

    assert [FieldKind.CHANGED, FieldKind.ADDED, FieldKind.REMOVED] == kinds

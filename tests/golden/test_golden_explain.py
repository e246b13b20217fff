"""Explaining a mismatch: which events are missing, extra, changed or moved."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from golden_lines import ID, encode, event, events, pointers, summary

from pytest_parsediff.core.pointers import ABSENT
from pytest_parsediff.golden.explain import Kind, explain


@pytest.mark.parametrize("key", [(), ID])
@pytest.mark.parametrize("ordered", [True, False])
def test_equal_lines_differ_in_nothing(key: Sequence[str], ordered: bool) -> None:
    """Two equal lists give an empty explanation with their length as matched."""
    found = explain(events(3), events(3), key=key, ordered=ordered)

    assert found.is_empty
    assert (3, 0) == (found.totals.matched, found.totals.differing)
    assert ((), ()) == (found.respelled, found.groups)


@pytest.mark.parametrize("key", [(), ID])
def test_one_event_may_be_missing_extra_changed_and_moved(key: Sequence[str]) -> None:
    """Each of the four is told apart, by both ways of matching."""
    expected = [event(number, tokens=number) for number in range(8)]
    actual = list(expected)
    actual[1] = event(1, tokens=100)
    actual[4], actual[5] = actual[5], actual[4]
    del actual[7]
    actual.insert(3, event(50, tokens=50))

    found = explain(expected, actual, key=key)

    kinds = {kind: (left, right) for kind, left, right in summary(found)}
    assert (1, 1) == kinds.pop("changed")
    assert (7, None) == kinds.pop("missing")
    assert (None, 3) == kinds.pop("extra")
    assert kinds.pop("moved") in [(4, 6), (5, 5)]
    assert {} == kinds
    assert ["/payload/tokens"] in pointers(found)


@pytest.mark.parametrize("key", [(), ID])
def test_two_swapped_neighbours_are_one_move(key: Sequence[str]) -> None:
    """The fewest events that could have moved are reported."""
    expected = events(6)
    actual = [*expected[:2], expected[3], expected[2], *expected[4:]]

    found = explain(expected, actual, key=key)

    assert (1, 1) == (found.totals.moved, found.totals.differing)
    assert not explain(expected, actual, key=key, ordered=False).differences


def test_an_event_that_goes_far_is_one_move() -> None:
    """Taking the first event to the end moves that one, not all others."""
    expected = events(9)

    found = explain(expected, [*expected[1:], expected[0]])

    assert [("moved", 0, 8)] == summary(found)


def test_an_event_may_be_changed_and_moved() -> None:
    """It counts as changed and as moved, and as one that differs."""
    expected = events(5, n=1)
    actual = [*expected[1:], event(0, n=2)]

    found = explain(expected, actual, key=ID)

    assert [("changed", 0, 4)] == summary(found)
    assert found.differences[0].moved
    assert (1, 1, 1) == (
        found.totals.changed,
        found.totals.moved,
        found.totals.differing,
    )
    unordered = explain(expected, actual, key=ID, ordered=False)
    assert (1, 0) == (unordered.totals.changed, unordered.totals.moved)


def test_differences_come_in_the_order_of_the_golden() -> None:
    """What is missing stands among what changed; what is extra comes last."""
    expected = events(5, n=1)
    actual = [event(9, n=1), event(1, n=2), *expected[2:3], event(4, n=2)]

    assert [
        ("missing", 0, None),
        ("changed", 1, 1),
        ("missing", 3, None),
        ("changed", 4, 3),
        ("extra", None, 0),
    ] == summary(explain(expected, actual, key=ID))


def test_a_key_decides_who_is_who() -> None:
    """Other ids are other events under a key; without one they are changes."""
    expected, actual = [event(1, text="the same")], [event(2, text="the same")]

    with_key = explain(expected, actual, key=ID)
    without = explain(expected, actual)

    assert [("missing", 0, None), ("extra", None, 0)] == summary(with_key)
    assert [["/payload/ID"]] == pointers(without)


def test_a_bare_word_is_a_field_at_the_top() -> None:
    """``id`` means ``/id``."""
    expected = [encode({"id": 1, "n": 1}), encode({"id": 2, "n": 1})]
    actual = [encode({"id": 2, "n": 5}), encode({"id": 1, "n": 6})]

    found = explain(expected, actual, key=["id"], ordered=False)

    assert [("changed", 0, 1), ("changed", 1, 0)] == summary(found)


def test_an_absent_key_is_not_null() -> None:
    """A part of the key that is absent equals only one that is absent, too."""
    expected = [encode({"s": 1, "n": 1}), encode({"s": 1, "m": None, "n": 2})]
    actual = [encode({"s": 1, "m": None, "n": 8}), encode({"s": 1, "n": 9})]

    found = explain(expected, actual, key=["s", "m"], ordered=False)

    assert [("changed", 0, 1), ("changed", 1, 0)] == summary(found)
    assert (1, ABSENT) == found.identity(found.differences[0])


@pytest.mark.parametrize(
    ("left", "right", "same"), [(1, True, False), (1, 1.0, True), ([1], [1.0], True)]
)
def test_keys_compare_as_json_values(left: object, right: object, same: bool) -> None:
    """A key may be anything, 1 equals 1.0, and true is not 1."""
    expected, actual = [encode({"id": left, "n": 1})], [encode({"id": right, "n": 2})]

    found = explain(expected, actual, key=["id"])

    assert same == (found.totals.matched == 1)


def test_a_repeated_key_matches_by_occurrence() -> None:
    """Among events of one key the first is matched with the first that is left."""
    expected = [encode({"id": 1, "n": n}) for n in (1, 2, 3, 4)]
    actual = [encode({"id": 1, "n": n}) for n in (1, 20, 30)]

    found = explain(expected, actual, key=["id"])

    assert [("changed", 1, 1), ("changed", 2, 2), ("missing", 3, None)] == summary(
        found
    )


def test_a_repeated_key_in_another_spelling_keeps_its_order() -> None:
    """Events that share a key match by value before they match by occurrence."""
    expected = [encode({"id": 1, "n": n}) for n in (1, 2)]
    actual = [encode({"id": 1, "n": n}) for n in (2.0, 1.0)]

    found = explain(expected, actual, key=["id"])

    assert (1, 0, 2) == (
        found.totals.moved,
        found.totals.changed,
        found.totals.respelled,
    )


@pytest.mark.parametrize("key", [(), ID])
def test_another_spelling_is_no_difference(key: Sequence[str]) -> None:
    """Equal values in other bytes are counted apart and leave nothing to explain."""
    expected = [b'{"payload":{"ID":"a","n":1},"kind":"k"}', event(1)]
    actual = [b'{"kind":"k","payload":{"n":1.0,"ID":"a"}}', event(1)]

    found = explain(expected, actual, key=key)

    assert found.is_empty
    assert [(Kind.SPELLING, 0, 0)] == [
        (one.kind, one.expected, one.actual) for one in found.respelled
    ]
    assert (2, 1, 0) == (
        found.totals.matched,
        found.totals.respelled,
        found.totals.differing,
    )


def test_spellings_that_change_places_have_not_moved() -> None:
    """The same values in the same order are equal, whichever bytes match across."""
    expected = [b'{"n":1}', b'{"n":2}', b'{"n":1.0}']

    found = explain(expected, expected[::-1])

    assert found.is_empty
    assert 2 == found.totals.respelled


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85"])
def test_a_line_separator_is_no_line_end(separator: str) -> None:
    """U+2028 and its kin may stand raw in a line and count as one character."""
    expected = [event(0, text=f"a{separator}b"), event(1)]
    actual = [event(0, text=f"a{separator}c"), event(1)]

    found = explain(expected, actual)

    assert [["/payload/text"]] == pointers(found)
    assert 2 == found.totals.matched

"""What holds for every mismatch, whatever the lines are."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

from golden_lines import bodies, encode, event, keys
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_parsediff.golden.explain import Kind, explain
from pytest_parsediff.golden.render import render
from pytest_parsediff.golden.sequence import longest_increasing
from pytest_parsediff.golden.values import Opaque, hashable, read_line

anything = st.binary(max_size=12).map(lambda line: line.replace(b"\n", b""))
few = st.lists(
    st.sampled_from(
        [
            b'{"n":1}',
            b'{"n":1.0}',
            b'{"n":true}',
            b'{"n":2}',
            b'{"n":2,"ID":1}',
            b'{"ID":1,"n":2.0}',
            b"{",
            b"1",
            b"1.0",
        ]
    ),
    max_size=7,
)
any_lines = few | st.lists(bodies.map(encode) | anything, max_size=7)
few_keys = st.sampled_from([(), ("ID",), ("n",), ("/n", "/ID")])


def value_of(line: bytes) -> object:
    """Return something that exactly the equal lines share."""
    value = read_line(line)
    return value if isinstance(value, Opaque) else (hashable(value),)


@given(any_lines, any_lines, few_keys)
@example(
    [b'{"n":1}', b'{"n":2}', b'{"n":1.0}'], [b'{"n":1.0}', b'{"n":2}', b'{"n":1}'], ()
)
@example([b"1", b"2"], [b"2", b"1"], ())
def test_an_explanation_is_empty_exactly_for_equal_values(
    expected: list[bytes], actual: list[bytes], key: Sequence[str]
) -> None:
    """In order, or as a multiset when order does not matter."""
    left, right = list(map(value_of, expected)), list(map(value_of, actual))

    ordered = explain(expected, actual, key=key)
    unordered = explain(expected, actual, key=key, ordered=False)

    assert (left == right) == ordered.is_empty
    assert (Counter(left) == Counter(right)) == unordered.is_empty


@given(any_lines, any_lines, few_keys, st.booleans())
def test_totals_add_up(
    expected: list[bytes], actual: list[bytes], key: Sequence[str], ordered: bool
) -> None:
    """Each line is matched or on one side only, and each difference is counted."""
    found = explain(expected, actual, key=key, ordered=ordered)
    totals = found.totals
    kinds = Counter(one.kind for one in found.differences)

    assert len(expected) == totals.matched + totals.missing
    assert len(actual) == totals.matched + totals.extra
    assert totals.differing == len(found.differences) == kinds.total()
    assert (totals.changed, totals.missing, totals.extra) == (
        kinds[Kind.CHANGED],
        kinds[Kind.MISSING],
        kinds[Kind.EXTRA],
    )
    assert totals.differing <= (
        totals.changed + totals.missing + totals.extra + totals.moved
    )
    assert all(one.fields for one in found.differences if one.kind is Kind.CHANGED)


@given(any_lines, any_lines, few_keys)
def test_as_many_equal_values_match_as_there_are(
    expected: list[bytes], actual: list[bytes], key: Sequence[str]
) -> None:
    """No two equal values are reported as missing, extra or changed."""
    shared = Counter(map(value_of, expected)) & Counter(map(value_of, actual))

    found = explain(expected, actual, key=key)

    assert shared.total() == found.totals.matched - found.totals.changed


@given(st.integers(0, 12).flatmap(lambda n: st.permutations(range(n))), keys)
def test_a_permutation_reports_the_fewest_moves_and_nothing_else(
    order: list[int], key: Sequence[str]
) -> None:
    """As many events stay as the longest run that keeps its order."""
    expected = [event(number) for number in range(len(order))]

    found = explain(expected, [expected[at] for at in order], key=key)

    assert {Kind.MOVED} >= {one.kind for one in found.differences}
    assert len(order) - len(longest_increasing(order)) == found.totals.moved


@given(any_lines, st.randoms(use_true_random=False), few_keys)
def test_deleting_some_events_reports_exactly_those_as_missing(
    expected: list[bytes], rng: random.Random, key: Sequence[str]
) -> None:
    """The number of missing events is the number deleted, whatever is repeated."""
    kept = [line for line in expected if rng.random() < 0.7]

    found = explain(expected, kept, key=key)

    assert len(expected) - len(kept) == found.totals.missing == found.totals.differing


@given(st.integers(1, 9), st.sets(st.integers(0, 8)), keys)
def test_deleted_events_are_named(
    count: int, cut: set[int], key: Sequence[str]
) -> None:
    """With events that differ, the missing ones are the very ones deleted."""
    expected = [event(number) for number in range(count)]
    actual = [line for at, line in enumerate(expected) if at not in cut]

    found = explain(expected, actual, key=key)

    assert sorted(cut & set(range(count))) == [
        one.expected for one in found.differences
    ]


@given(st.lists(bodies, min_size=1, max_size=6), st.data(), keys)
@example([{}], None, ())
def test_one_damaged_value_is_one_changed_event_with_that_pointer(
    payloads: list[dict[str, Any]], data: st.DataObject | None, key: Sequence[str]
) -> None:
    """A new value at one place is reported there and nowhere else."""
    expected = [event(number, **one) for number, one in enumerate(payloads)]
    at = data.draw(st.integers(0, len(payloads) - 1)) if data else 0
    name = data.draw(st.sampled_from(["a", "b", "new"])) if data else "a"
    damaged = {**payloads[at], name: "a value that nothing else has"}
    actual = [*expected]
    actual[at] = event(at, **damaged)

    found = explain(expected, actual, key=key)

    (one,) = found.differences
    assert (Kind.CHANGED, at, at, False) == (
        one.kind,
        one.expected,
        one.actual,
        one.moved,
    )
    assert [f"/payload/{name}"] == [field.pointer for field in one.fields]


@given(st.lists(bodies.map(encode), min_size=1, max_size=6), st.data())
def test_one_damaged_line_is_found_among_repeated_ones(
    expected: list[bytes], data: st.DataObject
) -> None:
    """Lines without any id still pair by place."""
    at = data.draw(st.integers(0, len(expected) - 1))
    damaged = {**as_dict(expected[at]), "kind": "damaged"}
    actual = [*expected]
    actual[at] = encode(damaged)

    found = explain(expected, actual)

    (one,) = found.differences
    assert (Kind.CHANGED, at, at) == (one.kind, one.expected, one.actual)
    assert ["/kind"] == [field.pointer for field in one.fields]


def as_dict(line: bytes) -> dict[str, Any]:
    """Return the object of *line*, as json reads it."""
    import json

    loaded: dict[str, Any] = json.loads(line)
    return loaded


@given(any_lines, any_lines, few_keys, st.booleans(), st.integers(0, 4))
def test_what_is_shown_is_bounded_and_harmless(
    expected: list[bytes],
    actual: list[bytes],
    key: Sequence[str],
    ordered: bool,
    limit: int,
) -> None:
    """No input makes more lines, longer lines or lines that a terminal obeys."""
    found = explain(expected, actual, key=key, ordered=ordered)

    lines = render(found, limit=limit, diff=7, width=60)

    assert len(lines) <= 5 * (limit + 1) + 7 + 5
    assert len(lines[0].text) <= 80
    assert all(len(line.text) <= 60 for line in lines[1:])
    assert all(line.text.isprintable() for line in lines)

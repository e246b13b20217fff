"""Records that are compared by number, and sums over a session."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from diff_sessions import (
    AGENT,
    compact,
    compare,
    compile_table,
    fields,
    lines_of,
    message,
    new_session,
)

from pytest_parsediff.core.event import Event
from pytest_parsediff.diff.compare import compare_sessions
from pytest_parsediff.diff.comparison import Comparison
from pytest_parsediff.diff.records import ParsedSession, StoredSession
from pytest_parsediff.diff.verdict import FieldDiff

COMPARISON = compile_table(AGENT)


def usage(**more: Any) -> Event:
    """Return one use of tokens."""
    event = {
        "kind": "usage",
        "dedup": "d1",
        "model": "large-1",
        "input": 5,
        "output": 7,
    }
    return {**event, **more}


TWO = [usage(), usage(dedup="d2")]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param([], [], [], id="empty"),
        pytest.param(TWO, TWO[::-1], [], id="shuffled"),
        pytest.param([usage(), usage()], [usage(), usage()], [], id="repeated"),
        pytest.param(
            TWO,
            TWO[:1],
            ["records", "aggregate:input_tokens", "aggregate:output_tokens"],
            id="removed",
        ),
        pytest.param(
            [usage(input=0, output=0), usage(input=0, output=0)],
            [usage(input=0, output=0)],
            ["records"],
            id="removed copy",
        ),
        pytest.param(
            TWO,
            [usage(), usage(dedup="d2", output=8)],
            ["records", "aggregate:output_tokens"],
            id="totals drift",
        ),
        pytest.param(
            [usage(output=7)],
            [usage(output=8)],
            ["records", "aggregate:output_tokens"],
            id="totals under the same key",
        ),
        pytest.param(
            TWO, [usage(), usage(dedup="d3")], ["records"], id="dedup key drift"
        ),
        pytest.param([usage()], [usage(model="tiny-2")], ["records"], id="model"),
        pytest.param(
            [usage(input=5), usage(input=6)],
            [usage(input=4), usage(input=7)],
            ["records"],
            id="tokens redistributed",
        ),
        pytest.param(
            [usage(dedup=None, at="10:00")],
            [usage(dedup=None, at="10:01")],
            ["records"],
            id="occurred_at without a dedup key",
        ),
        pytest.param([usage(cost=0.1)], [usage(cost=0.2)], [], id="costs ignored"),
        pytest.param([usage(input=5)], [usage(input=5.0)], [], id="equal numbers"),
    ],
)
def test_usage(old: list[Event], new: list[Event], expected: list[str]) -> None:
    """Only how many there are of each counts, after what is ignored.

    Pins: CompareUsageEvents/empty, shuffled, removed, totals drift, dedup key drift,
    model re-attribution, token redistribution, tuple occurred_at, totals under same
    key, costs ignored.
    """
    assert expected == fields(compare(old, new, COMPARISON))


def test_a_time_that_is_ignored() -> None:
    """What does not make two uses different is declared as ignored.

    Pins: CompareUsageEvents/same dedup, other time.
    """
    ignoring = compile_table(AGENT, ignore=["/at"])
    old, new = [usage(at="10:00")], [usage(at="10:01")]
    assert [] == fields(compare(old, new, ignoring))
    assert ["records"] == fields(compare(old, new, COMPARISON))


def test_surplus_is_counted_and_named() -> None:
    """Both kinds of records are counted together, the first by its ordinal."""
    old = [message(0), usage(), usage(dedup="d2"), usage(dedup="d2")]
    new = [usage(dedup="d2"), usage(dedup="d3", input=10, output=14)]
    (found,) = compare(old, new, COMPARISON)
    assert ("records", "4 records", "2 records") == (
        found.field,
        found.stored,
        found.parsed,
    )
    expected = (
        '3 missing, 1 extra; first missing is record 0 ("message", "m0");'
        ' first extra is record 1 ("usage")'
    )
    assert expected == found.detail


def test_the_place_among_other_records_does_not_count() -> None:
    """A use of tokens may be emitted before or after the message."""
    assert () == compare([usage(), message(0)], [message(0), usage()], COMPARISON)
    found = compare(
        [message(0), usage(), message(1)], [message(1), usage(), message(0)]
    )
    assert ["order"] == fields(found)


@pytest.mark.parametrize(
    ("values", "old", "new", "expected"),
    [
        ([1], {"k": 1, "n": 1}, {"k": 1.0, "n": 1}, []),
        ([1], {"k": True, "id": 1}, {"k": True, "id": 2}, ["/id"]),
        ([True], {"k": 1, "id": 1}, {"k": 1, "id": 2}, ["/id"]),
        ([None], {"k": None, "id": 1}, {"k": None, "id": 2}, ["records"]),
        ([None], {"id": 1}, {"id": 2}, ["/id"]),
        ([[1]], {"k": [1], "id": 1}, {"k": [1], "id": 2}, ["records"]),
    ],
)
def test_values_are_those_of_json(
    values: list[Any], old: Event, new: Event, expected: list[str]
) -> None:
    """Whether a record is compared by number is said by an equal JSON value."""
    comparison = compile_table(multiset={"/k": values})
    assert expected == fields(compare([old], [new], comparison))


def test_what_is_ignored_inside_a_container() -> None:
    """A container of nothing but ignored values counts as there, whatever it holds."""
    comparison = compile_table(multiset={"k": [1]}, ignore=["/u/cost"], blank=["/t"])
    old = [{"k": 1, "u": {"cost": 1}, "t": ""}]
    assert [] == fields(compare(old, [{"k": 1, "u": {"cost": 2}}], comparison))
    assert ["records"] == fields(compare(old, [{"k": 1}], comparison))
    assert ["records"] == fields(compare(old, [{"k": 1, "u": []}], comparison))


def test_a_damaged_line_is_not_loose() -> None:
    """What cannot be read is of no kind, and is missed."""
    comparison = compile_table(AGENT)
    stored = [b'{"kind":"usage"', *lines_of([usage()])]
    found = _compare(comparison, stored, lines_of([usage()]))
    assert [("records", "2 records", "1 record")] == compact(found)


def test_a_line_with_a_doubled_name_is_only_itself() -> None:
    """What such a line means is up to the reader, so it equals no other."""
    one, other = b'{"kind":"usage","a":1,"a":2}', b'{"kind":"usage","a":2,"a":2}'
    comparison = compile_table(AGENT)
    assert () == _compare(comparison, [one], [one], fingerprint="")
    assert ["records"] == fields(_compare(comparison, [one], [other]))


# --- sums -----------------------------------------------------------------------------------


def _compare(
    comparison: Comparison,
    stored: list[bytes],
    parsed: list[bytes],
    noted: dict[str, Any] | None = None,
    **row: Any,
) -> tuple[FieldDiff, ...]:
    """Compare lines; *noted* are the parsed session's sums, *row* is of the stored."""
    return compare_sessions(
        new_session(StoredSession, comparison, stored, **row),
        new_session(ParsedSession, comparison, parsed, aggregates=noted or {}),
        lambda: map(comparison.record, range(len(stored)), stored),
        lambda: map(comparison.record, range(len(parsed)), parsed),
        comparison,
    )


SUMS: list[tuple[list[object], int | float | None]] = [
    ([], None),
    ([None, "5", True, [1], {"a": 1}], None),
    ([0], 0),
    ([1, 2, 3], 6),
    ([0.1] * 10, 1.0),
    ([1, 0.5], 1.5),
    ([1.5, 1.5], 3),
    ([1e100, 1.0, -1e100], 1),
    ([2**64, 2**64], 2**65),
    ([1.7e308, 1.7e308, 0.5], 2 * int(1.7e308)),
    ([float("inf"), float("nan"), 1], 1),
]


@pytest.mark.parametrize(("values", "expected"), SUMS)
def test_sums(values: list[object], expected: float | None) -> None:
    """They are exact, whatever the order; what is no number is not there."""
    comparison = compile_table(aggregates={"n": "/a/n"})
    results = []
    for ordered in (values, values[::-1]):
        sums = comparison.new_aggregates()
        sums.add({"n": 1000})
        for value in ordered:
            sums.add({"a": {"n": value}})
        results.append(sums.result())
    assert [{"n": expected}] * 2 == results


def test_no_sum_is_not_the_sum_zero() -> None:
    """A place that is gone is shown as absent."""
    found = compare([usage(input=0)], [usage(input=None)], COMPARISON)
    assert ("aggregate:input_tokens", "0", "absent") in compact(found)


def test_sums_are_those_of_the_records() -> None:
    """What a row notes is taken only where no record has a number."""
    comparison = compile_table(aggregates={"n": "/n"}, ignore=["/x"])
    old, new = [b'{"n":1,"x":1}'], [b'{"n":1,"x":2}']
    assert () == _compare(comparison, old, new, aggregates={"n": 5})
    old, new = [b'{"x":1}'], [b'{"x":2}']
    assert () == _compare(comparison, old, new)
    assert [("aggregate:n", "5", "absent")] == compact(
        _compare(comparison, old, new, aggregates={"n": 5, "undeclared": 1})
    )
    assert [("aggregate:n", "5", "6")] == compact(
        _compare(comparison, old, new, {"n": 6}, aggregates={"n": 5})
    )


def test_tolerance_of_a_sum() -> None:
    """A sum has a tolerance of its own."""
    comparison = compile_table(
        aggregates={"n": "/n"}, ignore=["/n"], tolerance={"aggregate:n": 0.1}
    )
    assert [] == fields(compare([{"n": 0.8}], [{"n": 0.7}], comparison))
    assert ["aggregate:n"] == fields(compare([{"n": 0.3}], [{"n": 0.1}], comparison))
    assert {"n": Decimal("0.1")} == comparison.aggregate_tolerance


def test_informational_sums() -> None:
    """They can be declared like fields, filled later or at all."""
    table = {"aggregates": {"n": "/n"}, "ignore": ["/n"]}
    always = compile_table({"compare": table}, informational=["aggregate:n"])
    later = compile_table({"compare": table}, filled_later=["aggregate:n"])
    cases: list[tuple[Comparison, Event, Event, str]] = [
        (always, {"n": 1}, {"n": 2}, "aggregate:n?"),
        (later, {"n": 1}, {"n": 2}, "aggregate:n"),
        (later, {}, {"n": 2}, "aggregate:n?"),
        (later, {"n": 1}, {}, "aggregate:n"),
    ]
    for comparison, old, new, expected in cases:
        found = compare([old], [new], comparison, is_incremental=True)
        assert [expected] == fields(found)


def test_sums_too_long_to_print() -> None:
    """An integer that Python does not print in decimal is shown by its size."""
    comparison = compile_table(aggregates={"n": "/n"}, ignore=["/n"])
    nines = int("9" * 4300)
    found = compare([{"n": nines}, {"n": nines}], [{"n": 1}], comparison)
    assert ("aggregate:n", "integer of 14286 bits", "1") == compact(found)[1]

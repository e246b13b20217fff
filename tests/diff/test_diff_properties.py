"""What holds for any two sessions: nothing is missed, invented, or given away."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import pytest
from diff_sessions import compare_lines, compile_table, fields, lines_of
from hypothesis import given
from hypothesis import strategies as st

from pytest_parsediff.core.event import Event
from pytest_parsediff.diff.verdict import FieldDiff

#: Values of which no two are equal and written differently.
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False).filter(
        lambda number: number != int(number)
    )
    | st.sampled_from(["", "a", "b", "1", "null"])
    | st.text(max_size=6)
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "0", "/", "~"]), inner, max_size=3)
    ),
    max_leaves=6,
)
events: st.SearchStrategy[Event] = st.fixed_dictionaries(
    {"kind": st.sampled_from(["message", "usage"]), "id": st.integers(0, 4)},
    optional={"a": values, "b": values, "c": values},
)
sessions = st.lists(events, max_size=6)

TABLES: dict[str, dict[str, Any]] = {
    "keyed": {"key": ["/kind", "/id"]},
    "without a key": {},
    "keyed by what is rare": {"key": ["/a"]},
    "unordered": {"key": ["/id"], "ordered": False},
    "unordered without a key": {"ordered": False},
    "counted": {"key": ["/id"], "compare": {"multiset": {"kind": ["usage"]}}},
    "all counted": {"compare": {"multiset": {"kind": ["usage", "message"]}}},
    "named": {
        "key": ["/id"],
        "compare": {"fields": {"x": ["/a", "/b/*"], "y": ["/b"]}, "skew": ["/c/a"]},
    },
}
tables = st.sampled_from(sorted(TABLES)).map(TABLES.__getitem__)


def look(
    table: dict[str, Any], stored: Sequence[Event], parsed: Sequence[Event]
) -> tuple[FieldDiff, ...]:
    """Return what tier 2 finds, whatever the fingerprints say."""
    comparison = compile_table(table)
    return compare_lines(comparison, lines_of(stored), lines_of(parsed), form="other")


def fingerprint(table: dict[str, Any], session: Sequence[Event]) -> str:
    """Return the fingerprint of *session*."""
    found = compile_table(table).new_fingerprint()
    for line in lines_of(session):
        found.add(line)
    return found.hexdigest()


@given(table=tables, data=st.data(), stored=sessions)
def test_both_tiers_say_the_same(
    table: dict[str, Any], data: st.DataObject, stored: list[Event]
) -> None:
    """Fingerprints are equal exactly when records have no difference."""
    parsed = data.draw(
        st.just(stored) | st.permutations(stored) | st.just(stored[:-1]) | sessions
    )
    are_equal = fingerprint(table, stored) == fingerprint(table, parsed)
    assert are_equal == (look(table, stored, parsed) == ())
    comparison = compile_table(table)
    found = compare_lines(comparison, lines_of(stored), lines_of(parsed))
    assert are_equal == (found == ())


@pytest.mark.parametrize(
    "name", ["unordered", "unordered without a key", "all counted"]
)
@given(data=st.data(), stored=sessions)
def test_without_order_any_order_is_equal(
    name: str, data: st.DataObject, stored: list[Event]
) -> None:
    """Neither fingerprint nor comparison see a permutation."""
    parsed = data.draw(st.permutations(stored))
    table = TABLES[name]
    assert fingerprint(table, stored) == fingerprint(table, parsed)
    assert () == look(table, stored, parsed)


@given(table=tables, data=st.data(), stored=st.lists(events, min_size=1, max_size=6))
def test_any_single_mutation_is_found(
    table: dict[str, Any], data: st.DataObject, stored: list[Event]
) -> None:
    """A member changed, added or lost; a record lost, doubled or added: all are real."""
    parsed = copy.deepcopy(stored)
    at = data.draw(st.integers(0, len(stored) - 1))
    mutation = data.draw(st.sampled_from(["change", "add", "drop", "lose", "double"]))
    if mutation == "change":
        parsed[at][data.draw(st.sampled_from(sorted(parsed[at])))] = "changed"
    elif mutation == "add":
        parsed[at]["new"] = data.draw(values)
    elif mutation == "drop":
        del parsed[at][data.draw(st.sampled_from(sorted(parsed[at])))]
    elif mutation == "lose":
        del parsed[at]
    else:
        parsed.insert(data.draw(st.integers(0, len(parsed))), copy.deepcopy(parsed[at]))
    for found in (
        look(table, stored, parsed),
        compare_lines(compile_table(table), lines_of(stored), lines_of(parsed)),
    ):
        assert [] != [diff for diff in found if not diff.is_informational]


@given(
    table=st.sampled_from(["keyed", "without a key", "counted"]).map(TABLES.get),
    data=st.data(),
    stored=sessions,
)
def test_any_move_is_found_where_order_counts(
    table: dict[str, Any], data: st.DataObject, stored: list[Event]
) -> None:
    """Among records that have a place, and only there, another order is a difference."""
    parsed = data.draw(st.permutations(stored))
    comparison = compile_table(table)
    first, second = (
        [line for line in lines_of(session) if comparison.is_placed(line)]
        for session in (stored, parsed)
    )
    found = look(table, stored, parsed)
    assert (first != second) == (found != ())


@given(table=tables, stored=sessions, parsed=sessions)
def test_nothing_is_informational_in_a_row_that_is_not_marked(
    table: dict[str, Any], stored: list[Event], parsed: list[Event]
) -> None:
    """Whatever is declared; and a marked row has the same fields."""
    more: dict[str, Any] = {
        "informational": ["/a", "records", "order"],
        "filled_later": ["/c"],
    }
    if "fields" in table.get("compare", {}):
        more["informational"] = ["x", "records", "order"]
    comparison = compile_table(table, **more)
    lines = lines_of(stored), lines_of(parsed)
    plain = compare_lines(comparison, *lines)
    marked = compare_lines(comparison, *lines, is_incremental=True)
    assert not any(diff.is_informational for diff in plain)
    assert sorted(fields(plain)) == sorted(one.rstrip("?") for one in fields(marked))
    order = [diff.is_informational for diff in marked]
    assert sorted(order) == order


@given(table=tables, stored=sessions, parsed=sessions)
def test_what_is_shown_is_short_and_harmless(
    table: dict[str, Any], stored: list[Event], parsed: list[Event]
) -> None:
    """One line of printable characters, and two different values look different."""
    for diff in look(table, stored, parsed):
        for text in (diff.field, diff.stored, diff.parsed, diff.detail):
            assert text.isprintable()
        assert 81 >= max(len(diff.stored), len(diff.parsed))
        if diff.field not in ("records", "order"):
            assert diff.stored != diff.parsed


# --- bodies ---------------------------------------------------------------------------------

WINDOW = 12
#: Letters that no word of the program is made of.
secrets = st.text("qxzjkvw", min_size=WINDOW, max_size=100)
prose = st.lists(secrets, min_size=2, max_size=4).map(" ".join)
long = st.text("qxzjkvw", min_size=81, max_size=200)
hidden: st.SearchStrategy[Any] = (
    prose | long | secrets.map(lambda one: f'{{"{one}":1}}')
)


@st.composite
def bodies(draw: st.DrawFn) -> Event:
    """Return an event with secrets wherever somebody's words may stand."""
    some = st.sampled_from(["text", "thinking", "inputJSON", "Content", "declared"])
    event: Event = {
        "kind": draw(st.sampled_from(["message", "usage"])),
        "id": draw(st.integers(0, 3) | hidden),
        draw(some): draw(secrets),
        "input": draw(st.dictionaries(st.sampled_from("ab"), secrets | st.none())),
        "content": draw(st.lists(st.fixed_dictionaries({"text": secrets}), max_size=2)),
        "anything": draw(hidden | st.none()),
        "by_key": {draw(prose | long): draw(st.integers(0, 2))},
    }
    for name in draw(st.sets(st.sampled_from(sorted(event)))):
        del event[name]
    return event


@given(table=tables, data=st.data())
def test_no_body_is_ever_shown(table: dict[str, Any], data: st.DataObject) -> None:
    """No 12 characters of what somebody wrote are in any text of any difference."""
    stored = data.draw(st.lists(bodies(), max_size=4))
    parsed = data.draw(st.lists(bodies(), max_size=4))
    comparison = compile_table(table, bodies=["/declared"])
    found = compare_lines(comparison, lines_of(stored), lines_of(parsed))
    shown = " ".join(
        f"{diff.field} {diff.stored} {diff.parsed} {diff.detail}" for diff in found
    )
    runs = "".join(one if one in "qxzjkvw" else " " for one in shown).split()
    assert WINDOW > max(map(len, runs), default=0)

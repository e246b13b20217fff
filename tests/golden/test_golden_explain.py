"""Explaining a mismatch: which events are missing, extra, changed or moved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ParamSpec, TypeVar

import pytest
from golden_lines import encode, event, events

from pytest_parsediff.core.pointers import ABSENT
from pytest_parsediff.golden import align as align_module
from pytest_parsediff.golden import pairing as pairing_module
from pytest_parsediff.golden import values as values_module
from pytest_parsediff.golden.explain import Explanation, Kind, explain

ID = ("/payload/ID",)
P = ParamSpec("P")
R = TypeVar("R")


def summary(found: Explanation) -> list[tuple[str, int | None, int | None]]:
    """Return kind and both indexes of each difference."""
    return [(str(one.kind), one.expected, one.actual) for one in found.differences]


def pointers(found: Explanation) -> list[list[str]]:
    """Return the pointers of each difference."""
    return [[field.pointer for field in one.fields] for one in found.differences]


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


def test_one_inserted_event_leaves_all_others_matched() -> None:
    """Even when every event changed, an insertion in front does not shift the rest."""
    expected = [event(n, text=f"some words {n}", count=n) for n in range(50)]
    actual = [event(n, text=f"some words {n}", count=n + 1) for n in range(50)]
    actual.insert(0, event(99, text="new", count=7))

    found = explain(expected, actual)

    assert (50, 1) == (found.totals.changed, found.totals.extra)
    assert {("/payload/count",)} == {tuple(names) for names in pointers(found) if names}
    assert 1 == found.groups[0].delta


def test_a_renumbered_field_does_not_shift_the_texts() -> None:
    """A long text says more than a counter, so the counter is what changed."""
    expected = [encode({"seq": n, "text": f"words number {n}"}) for n in range(30)]
    actual = [encode({"seq": n + 1, "text": f"words number {n}"}) for n in range(30)]
    actual.insert(0, encode({"seq": 0, "text": "something new"}))

    found = explain(expected, actual)

    assert (30, 1, 0) == (
        found.totals.changed,
        found.totals.extra,
        found.totals.missing,
    )
    assert [("/seq", 1)] == [(one.pattern, one.delta) for one in found.groups]


def test_without_anything_in_common_one_kind_pairs_in_order() -> None:
    """Events of a kind between the same neighbours pair in order, other kinds do not."""
    first, last = event(0), event(1)
    expected = [first, *[encode({"kind": "a", "x": n, "y": n}) for n in (1, 2)], last]
    actual = [
        first,
        encode({"kind": "b", "p": True, "q": None, "r": 0}),
        *[encode({"kind": "a", "x": n, "y": n}) for n in (7, 8)],
        last,
    ]

    found = explain(expected, actual)

    assert [("changed", 1, 2), ("changed", 2, 3), ("extra", None, 1)] == summary(found)


@pytest.mark.parametrize(("at", "side"), [(0, "actual"), (2, "expected")])
def test_a_surplus_of_one_kind_leaves_out_the_least_alike(at: int, side: str) -> None:
    """With repeated values only, likeness finds the event that was put in."""
    lines = [encode({"kind": "a", "x": 1, "y": 1, "z": z}) for z in (1, 1, 1)]
    other = [encode({"kind": "a", "x": 1, "y": 1, "z": z}) for z in (2, 2, 2)]
    other.insert(at, encode({"kind": "a", "x": 5, "y": 5, "z": 5}))
    pair = (lines, other) if side == "actual" else (other, lines)

    found = explain(*pair)

    kind = Kind.EXTRA if side == "actual" else Kind.MISSING
    odd = [one for one in found.differences if one.kind is kind]
    assert [at] == [one.actual if side == "actual" else one.expected for one in odd]
    assert 3 == found.totals.changed


def test_events_that_share_too_little_are_not_paired() -> None:
    """Different kinds with different fields are one missing and one extra."""
    expected = [encode({"kind": "a", "x": "only here", "n": 7})]
    actual = [encode({"kind": "b", "y": "only there", "n": 7})]

    found = explain(expected, actual)

    assert [("missing", 0, None), ("extra", None, 0)] == summary(found)


def test_a_changed_kind_is_one_field() -> None:
    """When the kind alone is new, the event is still the same one."""
    expected = [encode({"type": "a"}), encode({"kind": "k", "n": 1, "m": [2, 3]})]
    actual = [encode({"type": "b"}), encode({"kind": "j", "n": 1, "m": [2, 3]})]

    found = explain(expected, actual)

    assert [["/type"], ["/kind"]] == pointers(found)


@pytest.mark.parametrize("line", [b"", b"{", b"[1]", b"7", b"\xff\xfe", b"not json"])
@pytest.mark.parametrize("key", [(), ID])
def test_a_line_that_is_no_object_is_text(line: bytes, key: Sequence[str]) -> None:
    """Anything may stand on either side; it matches itself and never raises."""
    assert explain([line], [line], key=key).is_empty
    assert [("missing", 1, None)] == summary(explain([event(0), line], [event(0)]))
    changed = explain([line], [event(0)], key=key)
    assert (0, 1, 1) == (
        changed.totals.matched,
        changed.totals.missing,
        changed.totals.extra,
    )


def test_two_broken_lines_in_one_place_are_one_change() -> None:
    """Opaque text pairs by place, and the whole line is the field."""
    found = explain([event(0), b"{oops", event(1)], [event(0), b"{oops!", event(1)])

    assert [("changed", 1, 1)] == summary(found)
    assert [[""]] == pointers(found)


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85"])
def test_a_line_separator_is_no_line_end(separator: str) -> None:
    """U+2028 and its kin may stand raw in a line and count as one character."""
    expected = [event(0, text=f"a{separator}b"), event(1)]
    actual = [event(0, text=f"a{separator}c"), event(1)]

    found = explain(expected, actual)

    assert [["/payload/text"]] == pointers(found)
    assert 2 == found.totals.matched


def test_the_work_is_linear_in_the_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """5,000 changed events are parsed once per side; likeness is asked once per pair."""
    calls: dict[str, int] = {}
    modules = {
        "read_line": align_module,
        "leaves": align_module,
        "_is_same": pairing_module,
        "_is_similar": pairing_module,
        "_differs_once": pairing_module,
    }
    for name, module in modules.items():
        monkeypatch.setattr(module, name, counted(getattr(module, name), calls, name))
    expected = [event(n, text="x" * (n % 7), count=n) for n in range(5_000)]
    actual = [event(n, text="y" * (n % 5), count=n + 3) for n in range(5_000)]
    actual[1_000:1_010] = []

    found = explain(expected, actual)

    assert (4_990, 10) == (found.totals.changed, found.totals.missing)
    assert 9_990 == calls["read_line"] == calls["leaves"]
    assert sum(calls.values()) <= 6 * 5_000 + 9_990


def test_events_alike_by_place_only_are_compared_linearly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without any value of its own an event is compared with a few others only."""
    calls: dict[str, int] = {}
    similar = counted(pairing_module._is_similar, calls, "similar")
    monkeypatch.setattr(pairing_module, "_is_similar", similar)
    expected = [encode({"kind": "a", "n": n % 3, "m": 1}) for n in range(5_000)]
    actual = [encode({"kind": "a", "n": n % 3, "m": 2}) for n in range(4_000)]

    found = explain(expected, actual)

    assert 4_000 == found.totals.matched
    assert calls["similar"] <= 10_000


def test_unequal_lines_alone_are_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A move among 5,000 events and one change parse two lines and a glance."""
    calls: dict[str, int] = {}
    read_line = counted(values_module.read_line, calls, "read")
    monkeypatch.setattr(align_module, "read_line", read_line)
    expected = events(5_000)
    actual = [*expected[1:], expected[0]]
    actual[77] = event(78, n=1)

    explain(expected, actual, key=ID)

    assert 2 == calls["read"]


def counted(
    function: Callable[P, R], calls: dict[str, int], name: str
) -> Callable[P, R]:
    """Return *function*, counting its calls."""

    def count(*args: P.args, **kwargs: P.kwargs) -> R:
        calls[name] = calls.get(name, 0) + 1
        return function(*args, **kwargs)

    return count

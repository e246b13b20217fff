"""Pairing events that differ and have no identity."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from golden_lines import ID, encode, event, pointers, summary

from pytest_parsediff.golden.explain import Kind, explain


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


@pytest.mark.parametrize("kind", ["kind", "type"])
def test_without_anything_in_common_one_kind_pairs_in_order(kind: str) -> None:
    """Events of a kind between the same neighbours pair in order, other kinds do not."""
    first, last = event(0), event(1)
    expected = [first, *[encode({kind: "a", "x": n, "y": n}) for n in (1, 2)], last]
    actual = [
        first,
        encode({kind: "b", "x": True, "y": None}),
        *[encode({kind: "a", "x": n, "y": n}) for n in (7, 8)],
        last,
    ]

    found = explain(expected, actual)

    assert [("changed", 1, 2), ("changed", 2, 3), ("extra", None, 1)] == summary(found)


@pytest.mark.parametrize("kind", ["kind", "type"])
def test_kinds_do_not_mix(kind: str) -> None:
    """Of events without anything in common those of one kind belong together."""
    expected = [encode({kind: "aabb"[n], "x": n, "y": n}) for n in range(4)]
    actual = [encode({kind: "bbaa"[n], "x": n + 4, "y": n + 4}) for n in range(4)]

    found = explain(expected, actual, ordered=False)

    assert [
        ("changed", 0, 2),
        ("changed", 1, 3),
        ("changed", 2, 0),
        ("changed", 3, 1),
    ] == summary(found)


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


def test_events_without_the_key_match_by_what_they_share() -> None:
    """A key that an event does not have says nothing about it."""
    expected = [encode({"text": f"words {n}", "n": n}) for n in range(9)]
    actual = [encode({"text": f"words {n}", "n": n + 1}) for n in range(9)]
    actual.insert(0, encode({"text": "new", "n": 100}))

    found = explain(expected, actual, key=["id", "other"])

    assert [*[["/n"]] * 9, []] == pointers(found)


@pytest.mark.parametrize("swap", [False, True])
def test_an_event_with_a_key_is_none_without(swap: bool) -> None:
    """An event that lost its key is missing, and another one is extra."""
    with_key, without = [encode({"id": 1, "a": 1, "b": 2})], [encode({"a": 1, "b": 2})]
    pair = (without, with_key) if swap else (with_key, without)

    assert [("missing", 0, None), ("extra", None, 0)] == summary(
        explain(*pair, key=["id"])
    )


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

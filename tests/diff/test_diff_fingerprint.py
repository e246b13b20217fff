"""Tier 1: what a fingerprint tells, and what happens when it tells something false."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from diff_sessions import (
    AGENT,
    STRICT,
    Loader,
    compact,
    compare,
    compare_lines,
    compile_table,
    fields,
    lines_of,
    message,
    messages,
    new_session,
)

from pytest_parsediff.core.event import Event
from pytest_parsediff.diff.compare import compare_sessions
from pytest_parsediff.diff.comparison import Comparison
from pytest_parsediff.diff.fingerprint import Fingerprint, always_placed, never_placed
from pytest_parsediff.diff.records import ParsedSession, StoredSession

COMPARISON = compile_table(AGENT)


def hexdigest(comparison: Comparison, lines: list[bytes]) -> str:
    """Return the fingerprint of *lines*."""
    fingerprint = comparison.new_fingerprint()
    for line in lines:
        fingerprint.add(line)
    return fingerprint.hexdigest()


def test_the_form_of_a_fingerprint() -> None:
    """Its bytes are pinned: archives keep them."""
    ordered, free = Fingerprint(always_placed), Fingerprint(never_placed)
    for line in (b"a", b"bc"):
        ordered.add(line)
        free.add(line)
    none = bytes(32)
    whole = hashlib.sha256(b"1:a2:bc+0:" + none).hexdigest()
    assert f"v1:{whole}" == ordered.hexdigest()
    sums = sum(int.from_bytes(hashlib.sha256(one).digest()) for one in (b"a", b"bc"))
    whole = hashlib.sha256(b"+2:" + (sums % 2**256).to_bytes(32)).hexdigest()
    assert f"v1:{whole}" == free.hexdigest()


def test_a_fingerprint_can_be_read_on_the_way() -> None:
    """Reading it changes nothing."""
    one, other = Fingerprint(), Fingerprint()
    one.add(b"a")
    assert Fingerprint().hexdigest() != one.hexdigest() == one.hexdigest()
    one.add(b"b")
    for line in (b"a", b"b"):
        other.add(line)
    assert one.hexdigest() == other.hexdigest()


def test_lines_do_not_run_into_each_other() -> None:
    """The length in front of each line keeps them apart, whatever they hold."""
    splits = [[b"ab"], [b"a", b"b"], [b"1:ab"], [b"", b"ab"], [b"ab", b""], []]
    assert len(splits) == len({hexdigest(STRICT, one) for one in splits})


def test_without_order_the_order_of_lines_says_nothing() -> None:
    """Any order gives the same."""
    for table in ({"ordered": False}, {"sort": ["/id"]}):
        free = compile_table(table)
        assert hexdigest(free, [b"a", b"b"]) == hexdigest(free, [b"b", b"a"])
        assert hexdigest(free, [b"a"]) != hexdigest(free, [b"b"])


def test_repeated_lines_do_not_cancel_each_other() -> None:
    """Twice is not never, nor once."""
    free = compile_table({"ordered": False})
    found = {hexdigest(free, [b"a"] * number) for number in range(4)}
    assert 4 == len(found)


def test_ordered_and_unordered_records_are_kept_apart() -> None:
    """A record that is loose is not one that has a place."""
    lines = lines_of(
        [message(0), {"kind": "usage"}, message(1), {"kind": "usage", "n": 1}]
    )
    moved = [lines[3], lines[0], lines[1], lines[2]]
    swapped = [lines[2], lines[1], lines[0], lines[3]]
    assert hexdigest(COMPARISON, lines) == hexdigest(COMPARISON, moved)
    assert hexdigest(COMPARISON, lines) != hexdigest(COMPARISON, swapped)
    assert hexdigest(STRICT, lines) != hexdigest(STRICT, moved)


def test_a_decoded_event_spares_only_time() -> None:
    """With and without the event the fingerprint is the same."""
    one, other = COMPARISON.new_fingerprint(), COMPARISON.new_fingerprint()
    for event in (message(0), {"kind": "usage"}):
        (line,) = lines_of([event])
        one.add(line)
        other.add(line, event)
    assert one.hexdigest() == other.hexdigest()


SESSION: list[Event] = [
    message(0, text="nul \0, caf\u00e9, \u2028, \U0001f600", flags={"sidechain": True}),
    message(1, tools=[{"name": "read", "input": {"a": [1, None]}}], thinking_text="x"),
    {"kind": "usage", "input": 5, "output": 0.5},
]


def test_stored_and_parsed_give_one_fingerprint() -> None:
    """What was written and read back gives what the parse gave, whatever it holds.

    Pins: FingerprintTwinMatchesDB, ToolCallAndFlagsFingerprintTwinsMatchDB.
    """
    lines = lines_of(SESSION)
    again = lines_of([dict(COMPARISON.read(line)) for line in lines])
    assert hexdigest(COMPARISON, lines) == hexdigest(COMPARISON, again)


def test_a_session_stored_as_parsed_is_identical_without_loading() -> None:
    """Equal fingerprints of one form are enough; no record is touched.

    Pins: CompareStoredSessionRoundTrip, RoundTripToolCalls.
    """
    lines = lines_of(SESSION)
    stored, parsed = Loader(COMPARISON, lines), Loader(COMPARISON, lines)
    found = compare_sessions(
        new_session(StoredSession, COMPARISON, lines),
        new_session(ParsedSession, COMPARISON, lines),
        stored,
        parsed,
        COMPARISON,
    )
    assert ((), 0, 0) == (found, stored.calls, parsed.calls)


@pytest.mark.parametrize(
    ("stored", "parsed"),
    [
        pytest.param({"fingerprint": ""}, {}, id="none stored"),
        pytest.param({"form": ""}, {}, id="of unknown form"),
        pytest.param({"form": "other"}, {}, id="of another form"),
        pytest.param({"form": ""}, {"form": ""}, id="both of unknown form"),
        pytest.param({"fingerprint": ""}, {"fingerprint": ""}, id="none at all"),
    ],
)
def test_without_proof_the_records_are_compared(
    stored: dict[str, Any], parsed: dict[str, Any]
) -> None:
    """Equal records are still identical, and each side is loaded once."""
    lines = lines_of(SESSION)
    left, right = Loader(COMPARISON, lines), Loader(COMPARISON, lines)
    found = compare_sessions(
        new_session(StoredSession, COMPARISON, lines, **stored),
        new_session(ParsedSession, COMPARISON, lines, **parsed),
        left,
        right,
        COMPARISON,
    )
    assert ((), 1, 1) == (found, left.calls, right.calls)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({"tokens": {"in": 6}}, "message_tokens", id="Drift"),
        pytest.param({"text": "answer x"}, "message_content", id="ContentDrift"),
        pytest.param({"role": "user"}, "message_metadata", id="MetadataDrift"),
        pytest.param({"tools": [{"name": "x"}]}, "tool_calls", id="ToolCallDrift"),
        pytest.param({"flags": {"x": True}}, "message_metadata", id="FlagDrift"),
        pytest.param({"model": "tiny-2"}, "models", id="ModelDrift"),
    ],
)
def test_each_family_of_fields_breaks_the_fingerprint(
    change: Event, expected: str
) -> None:
    """One changed field is enough to get to tier 2, which names it.

    Pins: CompareStoredSessionDetectsDrift, ContentDrift, MetadataDrift, ToolCallDrift,
    FlagDrift.
    """
    assert [expected] == fields(
        compare(messages(2), [message(0, **change), message(1)], COMPARISON)
    )


def test_a_fingerprint_that_is_not_that_of_its_records() -> None:
    """A mismatch never ends as identical: not when the records look the same.

    Pins: CompareMessageMetadata/fingerprint-only fallback.
    """
    good, wrong = "as the records give it", "not that of the records"
    lines = lines_of(messages(2))
    found = compare_lines(STRICT, lines, lines, fingerprint="v1:0")
    assert [("fingerprint", wrong, good)] == compact(found)
    parsed = new_session(ParsedSession, STRICT, lines, fingerprint="v1:0")
    stored = new_session(StoredSession, STRICT, lines, is_incremental=True)
    load = Loader(STRICT, lines)
    found = compare_sessions(stored, parsed, load, load, STRICT)
    assert [("fingerprint", good, wrong)] == compact(found)


def test_a_fingerprint_of_another_form_is_not_checked() -> None:
    """Rules that changed since then explain why it is another one."""
    lines = lines_of(messages(2))
    found = compare_lines(STRICT, lines, lines, fingerprint="v1:0", form="other")
    assert () == found


def test_lost_records_do_not_hide_behind_ignored_places() -> None:
    """Where the rest differs only in what is ignored, the loss still shows."""
    comparison = compile_table({"key": ["id"]}, ignore=["/x"])
    whole = lines_of([{"id": 1, "x": 1}, {"id": 2}])
    stored = new_session(StoredSession, comparison, whole)
    parsed_lines = lines_of([{"id": 1, "x": 2}])
    found = compare_sessions(
        stored,
        new_session(ParsedSession, comparison, parsed_lines),
        Loader(comparison, whole[:1]),
        Loader(comparison, parsed_lines),
        comparison,
    )
    assert ["fingerprint"] == fields(found)

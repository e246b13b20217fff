"""Messages: which records belong together, and what differs between them."""

from __future__ import annotations

from typing import Any

import pytest
from diff_sessions import (
    AGENT,
    STRICT,
    compact,
    compare,
    compare_lines,
    compile_table,
    fields,
    message,
    messages,
)

from pytest_parsediff.core.event import Event

COMPARISON = compile_table(AGENT)


def change(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """Return what differs when message 1 of 3 does, with the details."""
    stored, parsed = messages(3), messages(3)
    stored[1] |= old
    parsed[1] |= new
    return [
        (diff.field, diff.stored, diff.parsed, diff.detail)
        for diff in compare(stored, parsed, COMPARISON)
    ]


FIRST = '1 of 3 records; first is record 1 ("message", "m1")'


def test_identical_messages() -> None:
    """Equal messages have no difference, also without a fingerprint.

    Pins: CompareMessageMetadata/identical.
    """
    assert () == compare(messages(3), messages(3), COMPARISON)
    assert () == compare(messages(3), messages(3), COMPARISON, fingerprint="", form="")


def test_a_model_that_drifts() -> None:
    """The group, both values, how many, and the first one.

    Pins: CompareMessageMetadata/model drift.
    """
    stored = messages(4)
    parsed = [message(0), *(message(n, model="tiny-2") for n in (1, 2)), message(3)]
    (found,) = compare(stored, parsed, COMPARISON)
    assert ("models", '"large-1"', '"tiny-2"') == (
        found.field,
        found.stored,
        found.parsed,
    )
    expected = '2 of 4 records; first is record 1 ("message", "m1") at /model'
    assert expected == found.detail


@pytest.mark.parametrize(
    ("old", "new", "stored", "parsed", "place"),
    [
        pytest.param(
            {"tokens": {"in": 5, "out": 7}},
            {"tokens": {"in": 5, "out": 8}},
            "7",
            "8",
            "/tokens/out",
            id="token drift",
        ),
        pytest.param(
            {"tokens": {"in": 5, "out": 0}},
            {"tokens": {"in": 5}},
            "0",
            "absent",
            "/tokens/out",
            id="presence flip only",
        ),
        pytest.param(
            {"tokens": {"raw": {"cached": 1}}},
            {"tokens": {"raw": {"cached": 1, "new": 2}}},
            "absent",
            "2",
            "/tokens/raw/new",
            id="token_usage payload",
        ),
        pytest.param(
            {},
            {"tokens": {"in": 5}},
            "absent",
            "object of 1 member",
            "/tokens",
            id="all of them",
        ),
    ],
)
def test_tokens(old: Event, new: Event, stored: str, parsed: str, place: str) -> None:
    """Counts are shown; one that is there is not one that is not, even if it is 0.

    Pins: CompareMessageMetadata/token drift, presence-only flip, token_usage payload.
    """
    assert [("message_tokens", stored, parsed, f"{FIRST} at {place}")] == change(
        old, new
    )


def test_a_body_rewritten_at_equal_length() -> None:
    """Length says nothing, and the body itself is never shown.

    Pins: CompareMessageMetadata/equal-length body rewrite.
    """
    found = change({"text": "the cat sat"}, {"text": "the dog sat"})
    stored, parsed = "text of 11 characters", "differs at equal length (11 characters)"
    assert [("message_content", stored, parsed, f"{FIRST} at /text")] == found


METADATA: dict[str, tuple[Event, Event]] = {
    "role": ({"role": "assistant"}, {"role": "user"}),
    "timestamp": ({"at": "2026-01-01T00:00:00Z"}, {"at": "2026-01-01T00:00:01Z"}),
    "null timestamp": ({"at": None}, {"at": "2026-01-01T00:00:01Z"}),
    "is_system": ({"flags": {"system": False}}, {"flags": {"system": True}}),
    "has_thinking": ({"flags": {"thinking": False}}, {"flags": {"thinking": True}}),
    "has_tool_use": ({"flags": {"tools": True}}, {"flags": {}}),
    "sidechain": ({"flags": {"sidechain": 0}}, {"flags": {"sidechain": False}}),
    "thinking_text": ({"thinking_text": "a"}, {"thinking_text": "b"}),
    "prompt_source": ({"source": {"prompt": "typed"}}, {"source": {"prompt": "file"}}),
}


@pytest.mark.parametrize("name", METADATA)
def test_metadata(name: str) -> None:
    """Each of them is a difference of the one group.

    Pins: CompareMessageMetadata/is_system, has_thinking, has_tool_use, thinking_text,
    prompt_source; CompareStoredSessionDetectsMetadataDrift, FlagDrift.
    """
    old, new = METADATA[name]
    (found,) = change(old, new)
    assert "message_metadata" == found[0]
    assert found[1] != found[2]
    assert found[3].startswith(FIRST)


TOOL = {"name": "read", "id": "t1", "input": {"path": "a"}, "result_length": 5}
TOOL_CHANGES: dict[str, Event] = {
    "tool_name": {"name": "write"},
    "category": {"category": "files"},
    "tool_use_id": {"id": "t2"},
    "input_json": {"input": {"path": "b"}},
    "skill_name": {"skill": "x"},
    "subagent_session_id": {"child": "s2"},
    "result length": {"result_length": 6},
    "file_path": {"file_path": "a.txt"},
}


@pytest.mark.parametrize("name", TOOL_CHANGES)
def test_tool_calls(name: str) -> None:
    """Any member of a call is a difference of the one group.

    Pins: CompareMessageMetadata/tool_name, category, tool_use_id, input_json,
    skill_name, subagent_session_id, result length; ToolCallDiffDetectsFilePath.
    """
    (found,) = change({"tools": [TOOL]}, {"tools": [{**TOOL, **TOOL_CHANGES[name]}]})
    assert "tool_calls" == found[0]
    assert f" at /tools/0/{next(iter(TOOL_CHANGES[name]))}" in found[3]


def test_the_number_of_tool_calls() -> None:
    """One call more is a difference, and its input is not shown.

    Pins: CompareMessageMetadata/tool call count.
    """
    found = change({"tools": [TOOL]}, {"tools": [TOOL, TOOL]})
    expected = ("tool_calls", "absent", "object of 4 members", f"{FIRST} at /tools/1")
    assert [expected] == found


# --- which records belong together ------------------------------------------------------------


def test_more_records_on_one_side() -> None:
    """Only the surplus is reported; what both sides have is compared.

    Pins: CompareMessageMetadata/length mismatch compares the overlap only.
    """
    parsed = [message(0), message(1, model="tiny-2"), message(2)]
    found = compare(messages(5), parsed, COMPARISON)
    assert [
        ("records", "5 records", "3 records"),
        ("models", '"large-1"', '"tiny-2"'),
    ] == compact(found)
    expected = '2 missing, 0 extra; first missing is record 3 ("message", "m3")'
    assert expected == found[0].detail
    (extra,) = compare(messages(3), messages(5), COMPARISON)
    expected = '0 missing, 2 extra; first extra is record 3 ("message", "m3")'
    assert expected == extra.detail


def test_records_are_aligned_by_identity() -> None:
    """A record missing in front does not shift the ones behind it.

    Pins: CompareMessageMetadata/align by ordinal not index.
    """
    assert ["records"] == fields(compare(messages(5), messages(5)[1:], COMPARISON))
    parsed = [message(n, model="tiny-2") for n in (1, 2, 3, 4)]
    found = compare(messages(5), parsed, COMPARISON)
    assert ["records", "models"] == fields(found)
    assert found[1].detail.startswith("4 of 4 records; first is record 1 ")


def test_equal_identities_are_aligned_in_order() -> None:
    """The second of a name is compared with the second of that name."""
    stored = [message(0, text=text) for text in ("a", "b", "c")]
    parsed = [message(0, text=text) for text in ("a", "x", "c")]
    (found,) = compare(stored, parsed)
    assert "/text" == found.field
    assert found.detail.startswith("1 of 3 records; first is record 1 ")
    assert ["records"] == fields(compare(stored, stored[1:]))


def test_without_a_key_records_are_aligned_by_what_they_share() -> None:
    """One that is missing does not make all behind it differ."""
    comparison = compile_table()
    assert ["records"] == fields(compare(messages(9), messages(9)[1:], comparison))
    parsed = messages(9)
    parsed[4]["model"] = "tiny-2"
    (found,) = compare(messages(9), parsed, comparison)
    assert ("/model", "1 of 9 records; first is record 4") == (
        found.field,
        found.detail,
    )


def test_order_counts_unless_it_is_declared_not_to() -> None:
    """A swap is a difference of its own; with `ordered` or `sort` it is none."""
    parsed = messages(4)
    parsed[1], parsed[2] = parsed[2], parsed[1]
    (found,) = compare(messages(4), parsed)
    assert ("order", "position 1", "position 2") == (
        found.field,
        found.stored,
        found.parsed,
    )
    expected = '1 of 4 records moved; first is record 1 ("message", "m1")'
    assert expected == found.detail
    for table in ({"ordered": False}, {"sort": ["/id"]}):
        comparison = compile_table(table)
        assert () == compare(messages(4), parsed, comparison)
        assert () == compare(messages(4), parsed, comparison, fingerprint="")


def test_records_that_moved_are_also_compared() -> None:
    """Order and content are two findings."""
    parsed = messages(3)[::-1]
    parsed[0]["model"] = "tiny-2"
    assert ["order", "/model"] == fields(compare(messages(3), parsed))


def test_numbers_are_compared_as_numbers() -> None:
    """1 is 1.0 and no text; true is not 1; large integers are exact."""
    cases: list[tuple[object, object, bool]] = [
        (1, 1.0, True),
        (1, "1", False),
        (1, True, False),
        (0, None, False),
        (2**53, 2**53 + 1, False),
        ([1, 2], [2, 1], False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
    ]
    for old, new, is_equal in cases:
        found = compare([message(0, x=old)], [message(0, x=new)])
        assert is_equal == (not found), (old, new)


def test_lines_that_are_no_events() -> None:
    """A stored line that is damaged is a missing record, never an equal one."""
    good, bad = b'{"id":"m0","kind":"message"}', b'{"id":"m0","kind":'
    (found,) = compare_lines(STRICT, [bad], [good])
    assert ("records", "1 record", "1 record") == (
        found.field,
        found.stored,
        found.parsed,
    )
    expected = (
        "1 missing, 1 extra; first missing is record 0;"
        ' first extra is record 0 ("message", "m0")'
    )
    assert expected == found.detail
    for one, other in ((b"[1]", b"[2]"), (b"\xff", b"\xfe"), (b"3", b"4")):
        assert ["records"] == fields(compare_lines(STRICT, [one], [other]))
        assert () == compare_lines(STRICT, [one], [one], fingerprint="")


# --- what is declared -------------------------------------------------------------------------


def test_fields_without_a_name_are_reported_by_their_place() -> None:
    """List indexes are not told apart; the first one is in the detail."""
    old = [message(0, blocks=[{"n": 1}, {"n": 2}], more={"b/c": 1})]
    new = [message(0, blocks=[{"n": 1}, {"n": 3}], more={"b/c": 2})]
    found = compare(old, new)
    assert ["/blocks/*/n", "/more/b~1c"] == fields(found)
    assert found[0].detail.endswith(" at /blocks/1/n")
    assert not found[1].detail.endswith("c")


def test_fields_are_reported_by_name_and_counted_once_per_record() -> None:
    """Two places of one name in one record are one record."""
    comparison = compile_table(fields={"both": ["/a", "/b"], "a": ["/c"]})
    old = [{"a": 1, "b": 1, "c": 1, "id": 1}, {"a": 1, "b": 1, "c": 1, "id": 2}]
    new = [{"a": 2, "b": 2, "c": 2, "id": 1}, {"a": 1, "b": 2, "c": 1, "id": 2}]
    assert [("a", "1 of 2"), ("both", "2 of 2")] == [
        (diff.field, diff.detail.partition(" records")[0])
        for diff in compare(old, new, comparison)
    ]


IGNORED: list[tuple[list[str], Event, Event, list[str]]] = [
    (["/a"], {"a": 1}, {"a": 2}, []),
    (["a"], {"a": 1}, {"a": 2}, []),
    (["/a"], {"a": {"b": 1}}, {"a": {"b": 2}}, []),
    (["/a"], {"a": {"b": 1}}, {}, []),
    (["/a"], {"ab": 1}, {"ab": 2}, ["/ab"]),
    (["/a/b"], {"a": {"b": 1}}, {"a": {"b": 2}}, []),
    (["/a/b"], {"a": {"b": 1, "c": 1}}, {"a": {"b": 2, "c": 2}}, ["/a/c"]),
    (["/a/b"], {"a": 1}, {"a": 2}, ["/a"]),
    (["/a/b"], {"a": 1}, {"a": {"b": 2}}, ["/a"]),
    (["/a/b"], {"a": {"b": 1}}, {"a": 2}, ["/a"]),
    (["/a/b"], {"a": {"b": 1, "c": 1}}, {"a": 2}, ["/a"]),
    (["/a/b"], {"a": 2}, {"a": {"b": 1, "c": 1}}, ["/a"]),
    (["/a/b"], {"a": 1}, {}, ["/a"]),
    (["/a/b"], {}, {"a": "x"}, ["/a"]),
    (["/a/b"], {}, {"a": {"b": 2, "c": 3}}, ["/a/c"]),
    (["/a/b"], {"a": {"b": 2, "c": 3}}, {"a": None}, ["/a/c"]),
    (["/a/b"], {"a": None}, {"a": {"b": 2, "c": 3}}, ["/a/c"]),
    (["/a/b"], {}, {"a": {"b": 2}}, ["/a"]),
    (["/a/*/b"], {"a": [{"b": 1}, {"b": 2}]}, {"a": [{"b": 3}, {"b": 4}]}, []),
    (["/a/*/b"], {"a": []}, {"a": [{"b": 3, "c": 1}]}, ["/a/*/c"]),
    (["/a/*/b"], {}, {"a": [{"b": 3, "c": 1}]}, ["/a/*/c"]),
    (["/a/*/b"], {"a": {"0": {"b": 1}}}, {"a": {"0": {"b": 2}}}, ["/a/0/b"]),
    (["/a/*"], {"a": {"*": 1}}, {"a": {"*": 2}}, []),
    (["/a/0/b"], {"a": [{"b": 1}, {"b": 1}]}, {"a": [{"b": 2}, {"b": 1}]}, []),
    (["/a/0/b"], {"a": [{"b": 1}, {"b": 1}]}, {"a": [{"b": 1}, {"b": 2}]}, ["/a/*/b"]),
    (["/a~1b"], {"a/b": 1}, {"a/b": 2}, []),
]


@pytest.mark.parametrize(("ignore", "old", "new", "expected"), IGNORED)
def test_ignored_places(
    ignore: list[str], old: Event, new: Event, expected: list[str]
) -> None:
    """All below is ignored, nothing beside; that a container is there still counts."""
    comparison = compile_table({"key": ["id"]}, ignore=ignore)
    assert expected == fields(
        compare([{"id": 1, **old}], [{"id": 1, **new}], comparison)
    )


def test_a_container_of_nothing_that_counts() -> None:
    """It is shown as there, without what is ignored in it."""
    comparison = compile_table(ignore=["/a/b"])
    found = compare([{}], [{"a": {"b": 1}}], comparison)
    assert [("/a", "absent", "object of 0 members")] == compact(found)
    found = compare([{"a": {"b": 1}}], [{"a": None}], comparison)
    assert [("/a", "object of 0 members", "null")] == compact(found)


def test_the_longest_place_counts() -> None:
    """A place below an ignored one may be named, and one below a named one ignored."""
    comparison = compile_table(
        {"key": ["id"]},
        ignore=["/a", "/b/c", "/d"],
        fields={"in": ["/a/b"], "out": ["/b"], "d": ["/d"]},
    )
    old = {"id": 1, "a": {"b": 1, "c": 1}, "b": {"c": 1, "d": 1}, "d": 1}
    new = {"id": 1, "a": {"b": 2, "c": 2}, "b": {"c": 2, "d": 2}, "d": 2}
    assert ["in", "out"] == fields(compare([old], [new], comparison))


def test_tolerance() -> None:
    """It is inclusive, exact, and for numbers at that very place alone."""
    comparison = compile_table({"key": ["id"]}, tolerance={"/a": 0.1})
    cases: list[tuple[object, object, bool]] = [
        (0.3, 0.2, True),
        (0.2, 0.3, True),
        (1, 1.1, True),
        (1, 1.1000000000000001, True),  # as floats go, that is 1.1
        (1, 1.1000001, False),
        (10**80, 10**80 + 1, False),
        (10**40, 10**40 + 1, False),
        (0, False, False),
        (False, 0, False),
        (0, None, False),
        ("1", "1.05", False),
        ({"b": 1}, {"b": 1.05}, False),
    ]
    for old, new, is_equal in cases:
        found = compare([{"id": 1, "a": old}], [{"id": 1, "a": new}], comparison)
        assert is_equal == (not found), (old, new)


def test_the_larger_of_two_tolerances() -> None:
    """A place may be covered by its index and by any index."""
    comparison = compile_table(
        {"key": ["id"]}, tolerance={"/a/*": 1, "/a/0": 2, "/b/*": 2, "/b/0": 1}
    )
    old, new = {"id": 1, "a": [1, 1], "b": [1, 1]}, {"id": 1, "a": [3, 3], "b": [3, 3]}
    (found,) = compare([old], [new], comparison)
    assert found.detail.endswith(" at /a/1")


def test_numbers_beyond_any_decimal_are_not_close() -> None:
    """A line may hold a number whose difference to another cannot be computed."""
    comparison = compile_table({"key": ["id"]}, tolerance={"/a": 1})
    huge = b'{"a":9e999999999999999999,"id":1}', b'{"a":-9e999999999999999999,"id":1}'
    assert ["/a"] == fields(compare_lines(comparison, [huge[0]], [huge[1]]))

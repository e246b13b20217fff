"""Turns, their tokens, and the user messages that they answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from opencode_stores import (
    assistant,
    events_of,
    kinds,
    message,
    notices_of,
    part,
    payloads,
    pick,
    step,
)

from pytest_parsediff.adapters.opencode.cells import INT64_MAX, INT64_MIN

DONE = {"time": {"completed": 9000}}


def user(number: int, prompt: Any = None, created: int = 1800) -> Any:
    """Return a user message; *prompt* is stored as JSON unless it is text."""
    stored = prompt if prompt is None or isinstance(prompt, str) else json.dumps(prompt)
    return message(number, {"role": "user"}, created=created, prompt=stored)


def test_turns_are_numbered_by_decodable_assistant_messages() -> None:
    """Broken messages, user messages and other roles do not get a number."""
    events = events_of(
        assistant(1),
        message(2, "{"),
        message(3, {"role": "user"}),
        message(4, {"role": "system"}),
        assistant(5, parentID="none"),
    )

    assert [(1, 2_000_000), (2, 2_000_000)] == pick(events, "turn_started", "Seq", "Ts")


@pytest.mark.parametrize(
    ("data", "parts", "expected"),
    [
        ({}, (), 0),
        ({"time": {"completed": None}}, (), 0),
        ({"time": {"created": 1}}, (part(1, {"type": "step-start"}),), 0),
        ({"finish": "stop"}, (), 0),
        (DONE, (), 1),
        ({"time": {"completed": 0}}, (), 1),
        ({"error": {}}, (), 1),
        ({}, (step(1, {}),), 1),
        ({}, (part(1, {"type": "step-finish", "tokens": 5}),), 1),
        ({}, (part(1, {"type": 5, "tokens": 5}),), 0),
        ({}, (part(1, '{"type":"step-finish"'),), 0),
    ],
)
def test_what_ends_a_turn(data: Any, parts: Any, expected: int) -> None:
    """Completion, an error, or a step-finish of any shape ends a turn."""
    events = events_of(assistant(1, *parts, **data))

    assert expected == kinds(events).count("turn_finalized")


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ({"completed": 5000}, 5_000_000),
        ({"completed": 0}, 0),
        ({"completed": -3}, 0),
    ],
)
def test_turn_end_time(time: dict[str, int], expected: int) -> None:
    """A turn ends when it was completed; zero and negative times are zero."""
    events = events_of(assistant(1, time=time))

    assert [(expected, expected)] == pick(events, "turn_finalized", "Ts", "EndTs")


def test_turn_end_without_completion() -> None:
    """A turn that has only a step-finish ends when its message was made."""
    events = events_of(assistant(1, step(1, {})))

    assert [(2_000_000,)] == pick(events, "turn_finalized", "EndTs")


def test_turn_has_cost_and_no_extras() -> None:
    """The cost is that of the message, and extras are null."""
    events = events_of(assistant(1, cost=0.25, finish="error", **DONE))

    assert [("completed", "", 0.25, None)] == pick(
        events, "turn_finalized", "Status", "ErrorClass", "CostUSD", "Extras"
    )


def test_turn_tokens_are_differences() -> None:
    """A turn has what was used since the last turn that ended, at least zero."""
    counts = [(100, 10, 5, 7), (250, 30, 5, 9), (240, 31, 6, 9)]
    events = events_of(
        *(
            assistant(
                number,
                tokens={"input": i, "output": o, "cache": {"read": r, "write": w}},
                **DONE,
            )
            for number, (i, o, r, w) in enumerate(counts)
        )
    )
    names = ("TokensIn", "TokensOut", "TokensCacheRead", "TokensCacheWrite")

    assert [(100, 10, 5, 7), (150, 20, 0, 2), (0, 1, 1, 0)] == pick(
        events, "turn_finalized", *names
    )


def test_first_turn_is_not_floored() -> None:
    """The first turn that ends reports its own counters, even below zero."""
    events = events_of(assistant(1, tokens={"input": -4}, **DONE))

    assert [(-4,)] == pick(events, "turn_finalized", "TokensIn")


def test_open_turns_are_skipped_by_the_difference() -> None:
    """A turn that has not ended is not what the next one is compared with."""
    events = events_of(
        assistant(1, tokens={"input": 100}, **DONE),
        assistant(2, tokens={"input": 180}),
        assistant(3, tokens={"input": 300}, **DONE),
    )

    assert [(1, 100), (3, 200)] == pick(events, "turn_finalized", "Seq", "TokensIn")


def test_turn_overflow_is_clamped_and_noticed() -> None:
    """A difference beyond 64 bits is the greatest integer, and noticed."""
    turns = (
        assistant(1, tokens={"output": INT64_MIN}, **DONE),
        assistant(2, tokens={"output": 1}, **DONE),
    )

    assert [(INT64_MIN,), (INT64_MAX,)] == pick(
        events_of(*turns), "turn_finalized", "TokensOut"
    )
    assert [("clamped-count", "message/msg_2")] == notices_of(*turns)


def test_user_input_is_the_first_operation() -> None:
    """A turn begins with the prompt that it answers, at the prompt's own time."""
    prompt = {"text": "h\u00e9llo"}
    events = events_of(user(1, prompt), assistant(2, part(1, {"type": "step-start"})))

    assert [
        *("session_started", "turn_started"),
        *("op_started", "op_finalized", "payload_ref", "op_started"),
    ] == kinds(events)
    names = ("Seq", "Kind", "Name", "ParentOpSeq", "Ts")
    assert [
        (1, "internal", "user_input", -1, 1_800_000),
        (2, "llm", "", -1, 3_000_000),
    ] == pick(events, "op_started", *names)
    assert [(1, "completed", 1_800_000, 1_800_000)] == pick(
        events, "op_finalized", "Seq", "Status", "Ts", "EndTs"
    )
    expected = {
        "SourceID": "opencode:store",
        "SourceSeq": 4,
        "Ts": 1_800_000,
        "SessionNativeID": "ses_1",
        "TurnSeq": 1,
        "OpSeq": 1,
        "PayloadKind": "tool_request",
        "Format": "text",
        "Compression": "",
        "LocationURI": "opencode-sqlite://?input_id=msg_1&field=prompt.text",
        "OriginalBytes": 6,
        "StoredBytes": 0,
        "SHA256": "",
    }
    assert [expected] == payloads(events, "payload_ref")


@pytest.mark.parametrize(
    ("prompt", "noticed"),
    [
        (None, False),
        ({"text": 5}, False),
        ({"TEXT": "x"}, False),
        ("null", False),
        ({"text": "x", "b": [], "text2": None}, None),
        ("", True),
        ("{", True),
        ("[]", True),
    ],
)
def test_prompt_without_text(prompt: Any, *, noticed: bool | None) -> None:
    """Without a readable text the reference has neither address nor length."""
    turns = (user(1, prompt), assistant(2))
    known = noticed is None
    uri = "opencode-sqlite://?input_id=msg_1&field=prompt.text" if known else ""

    assert [(uri, 1 if known else -1)] == pick(
        events_of(*turns), "payload_ref", "LocationURI", "OriginalBytes"
    )
    expected = [("bad-prompt", "session_input/msg_1")] if noticed else []
    assert expected == notices_of(*turns)


def test_images_of_a_prompt() -> None:
    """Each image is a reference whose length is that of its canonical JSON."""
    files = (
        '[{"mime":"text/plain"}, {"uri":"<", "mime":"IMAGE/png", "n": 1.0},'
        ' 5, {"mime":5}, {"mime":"imagery"}, {"mime":"image/gif"}]'
    )
    events = events_of(user(1, f'{{"text":"","files":{files}}}'), assistant(2))
    base = "opencode-sqlite://?input_id=msg_1&field=prompt"

    assert [
        ("text", f"{base}.text", 0, 1, 1_800_000),
        (
            *("json", f"{base}.files.1"),
            len('{"mime":"IMAGE/png","n":1.0,"uri":"\\u003c"}'),
            *(1, 1_800_000),
        ),
        ("json", f"{base}.files.5", len('{"mime":"image/gif"}'), 1, 1_800_000),
    ] == pick(
        events, "payload_ref", "Format", "LocationURI", "OriginalBytes", "OpSeq", "Ts"
    )


def test_images_without_text() -> None:
    """Images are referred to even when the text is missing."""
    events = events_of(user(1, {"files": [{"mime": "image/x"}]}), assistant(2))

    assert ["text", "json"] == [
        ref["Format"] for ref in payloads(events, "payload_ref")
    ]


def test_files_of_another_type_are_ignored() -> None:
    """A list of files that is no list has no images."""
    events = events_of(user(1, {"files": {"mime": "image/x"}}), assistant(2))

    assert 1 == len(payloads(events, "payload_ref"))


def inputs(*rows: Any) -> list[tuple[int, int]]:
    """Return turn and time in seconds of each user input."""
    found = pick(events_of(*rows), "op_started", "TurnSeq", "Ts")
    return [(turn, ts // 10**6) for turn, ts in found]


def test_turn_without_parent_takes_the_pending_message() -> None:
    """Without a parent a turn answers the last user message."""
    assert [(1, 2)] == inputs(
        user(1, created=1000), user(2, created=2000), assistant(3)
    )


def test_turn_with_parent_takes_that_message_only() -> None:
    """A parent that is not known is not replaced by the pending message."""
    rows = (user(1, created=1000), user(2, created=2000))

    assert [(1, 1)] == inputs(*rows, assistant(3, parentID="msg_1"))
    assert [] == inputs(*rows, assistant(3, parentID="msg_9"))


def test_a_user_message_is_answered_once() -> None:
    """Neither its id nor its place at the end brings a message up again."""
    rows = (user(1, created=1000), user(2, created=2000))

    assert [(1, 2)] == inputs(*rows, assistant(3, parentID="msg_2"), assistant(4))
    assert [(1, 2)] == inputs(*rows, assistant(3), assistant(4, parentID="msg_2"))
    assert [(1, 2), (2, 1)] == inputs(
        *rows, assistant(3), assistant(4, parentID="msg_1")
    )


def test_a_later_user_message_is_not_known_yet() -> None:
    """Messages are read in order: a parent that comes later is none."""
    assert [] == inputs(assistant(1, parentID="msg_2"), user(2))

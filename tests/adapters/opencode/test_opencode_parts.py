"""The parts of a turn: model calls, reasoning, tools, patches and logs."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from opencode_stores import (
    assistant,
    events_of,
    kinds,
    notices_of,
    part,
    payloads,
    pick,
    step,
)

from pytest_parsediff.adapters.opencode.cells import INT64_MAX, INT64_MIN
from pytest_parsediff.adapters.opencode.rows import PartRow
from pytest_parsediff.core.event import Event

START = part(0, {"type": "step-start"}, 3000)
EMPTY_FILES = hashlib.sha256(b"[]").hexdigest()


def turn(*parts: PartRow, **data: Any) -> list[Event]:
    """Return the events of the parts of one turn, without those around them."""
    events = events_of(assistant(1, *parts, **data))
    return [e for e in events if not e["kind"].startswith(("session", "turn"))]


def tool(state: Any = None, name: str = "read", **rest: Any) -> PartRow:
    """Return a tool part made at 3500 ms."""
    return part(1, {"type": "tool", "tool": name, "state": state, **rest}, 3500)


def test_model_call() -> None:
    """A step-start opens an operation named after the message's own model."""
    data = {"modelID": "m", "providerID": "p", "model": {"id": "other"}}
    events = turn(START, **data)

    expected = {
        "SourceID": "opencode:store",
        "SourceSeq": 2,
        "Ts": 3_000_000,
        "SessionNativeID": "ses_1",
        "TurnSeq": 1,
        "Seq": 1,
        "ParentOpSeq": -1,
        "Kind": "llm",
        "Name": "m",
        "ToolNamespace": "",
        "Model": "m",
        "Provider": "p",
        "ProviderAlias": "p",
        "ReasoningKind": "",
        "ChildSessionNativeID": "",
        "Extras": None,
    }
    assert [{"kind": "op_started", "payload": expected}] == events


def test_model_call_left_open() -> None:
    """A call without step-finish is not ended, not even when the turn is."""
    events = turn(START, time={"completed": 1})

    assert ["op_started"] == kinds(events)


def test_step_finish_ends_the_call() -> None:
    """The end has the step's own share, its cost and the context it filled."""
    tokens = {
        "input": 500,
        "output": 80,
        "reasoning": 7,
        "total": 9,
        "cache": {"read": 100, "write": 20},
    }
    finish = part(1, {"type": "step-finish", "cost": 0.5, "tokens": tokens}, 4000)
    events = turn(START, finish)

    expected = {
        "SourceID": "opencode:store",
        "SourceSeq": 3,
        "Ts": 4_000_000,
        "SessionNativeID": "ses_1",
        "TurnSeq": 1,
        "Seq": 1,
        "Status": "completed",
        "ErrorClass": "",
        "ErrorMessage": "",
        "EndTs": 4_000_000,
        "TokensIn": 500,
        "TokensOut": 80,
        "TokensCacheRead": 100,
        "TokensCacheWrite": 20,
        "CostUSD": 0.5,
        "BytesIn": 0,
        "BytesOut": 0,
        "CharsIn": 0,
        "CharsOut": 0,
        "CtxUsed": 700,
        "CtxMax": 0,
    }
    assert [expected] == payloads(events, "op_finalized")


def test_call_does_not_end_before_it_began() -> None:
    """An end before the start is moved to the start."""
    events = turn(START, step(1, {}, created=10))

    assert [(3_000_000, 3_000_000)] == pick(events, "op_finalized", "Ts", "EndTs")


@pytest.mark.parametrize(("second", "end"), [(5000, 5_000_000), (10, 3_000_000)])
def test_second_start_cancels_the_first(second: int, end: int) -> None:
    """A call that is still open when the next begins was cancelled, with no use."""
    events = turn(START, part(1, {"type": "step-start"}, second))

    assert ["op_started", "op_finalized", "op_started"] == kinds(events)
    names = ("Seq", "Status", "Ts", "EndTs", "TokensIn", "CostUSD", "CtxUsed")
    assert [(1, "cancelled", end, end, 0, 0.0, 0)] == pick(
        events, "op_finalized", *names
    )


def test_start_after_finish_cancels_nothing() -> None:
    """A call that has ended is left alone by the next one."""
    events = turn(START, step(1, {}), part(2, {"type": "step-start"}))

    assert [("completed",)] == pick(events, "op_finalized", "Status")


def test_cumulative_steps_become_shares() -> None:
    """Each step has what it added; the context is that of its own snapshot."""
    parts = [
        item
        for number, count in enumerate((100, 250, 400, 390))
        for item in (
            part(2 * number, {"type": "step-start"}),
            step(2 * number + 1, {"input": count}),
        )
    ]

    assert [(100, 100), (150, 250), (150, 400), (0, 390)] == pick(
        turn(*parts), "op_finalized", "TokensIn", "CtxUsed"
    )


def test_orphan_step_finish_consumes_a_share() -> None:
    """A step-finish before any call is silent, and its use is not counted again."""
    events = turn(step(1, {"input": 100}), START, step(2, {"input": 130}))

    assert ["op_started", "op_finalized"] == kinds(events)
    assert [(30,)] == pick(events, "op_finalized", "TokensIn")


def test_second_finish_ends_the_call_again() -> None:
    """Without a new call a step-finish ends the same operation once more."""
    events = turn(START, step(1, {"input": 5}), step(2, {"input": 8}, 6000))

    assert [(1, 5, 4_000_000), (1, 3, 6_000_000)] == pick(
        events, "op_finalized", "Seq", "TokensIn", "EndTs"
    )


def test_undecodable_finish_takes_no_share() -> None:
    """A step-finish that cannot be decoded is logged and leaves the shares alone."""
    bad = part(1, {"type": "step-finish", "tokens": {"input": 1.5}})
    events = turn(START, step(0, {"input": 5}), bad, step(2, {"input": 8}))

    assert [(5,), (3,)] == pick(events, "op_finalized", "TokensIn")


def test_context_overflow_is_noticed() -> None:
    """Shares and context beyond 64 bits are clamped, each noticed once."""
    tokens = {"input": INT64_MAX, "output": 1}
    again = {"input": INT64_MIN, "output": 1}
    parts = (START, step(1, again), step(2, tokens), step(3, tokens))

    assert [(0,), (INT64_MAX,), (0,)] == pick(turn(*parts), "op_finalized", "TokensIn")
    assert [(INT64_MAX,)] == pick(turn(*parts), "op_finalized", "CtxUsed")[1:2]
    assert 2 * [("clamped-count", "message/msg_1")] == notices_of(assistant(1, *parts))


def test_text_refers_to_the_call() -> None:
    """A text is a reference of unknown length, even when it is empty."""
    events = turn(START, part(5, {"type": "text"}, 3300))

    names = ("OpSeq", "PayloadKind", "Format", "OriginalBytes", "Ts", "LocationURI")
    uri = "opencode-sqlite://?part_id=prt_5&field=text"
    assert [(1, "llm_response", "text", -1, 3_300_000, uri)] == pick(
        events, "payload_ref", *names
    )


def test_text_after_the_finish_refers_to_the_closed_call() -> None:
    """A call stays the target of texts after its end."""
    events = turn(START, step(1, {}), part(2, {"type": "text", "text": "x"}))

    assert [(1,)] == pick(events, "payload_ref", "OpSeq")


def test_text_before_any_call_is_dropped() -> None:
    """A text that no call can have given is silent."""
    assert [] == turn(part(1, {"type": "text", "text": "x"}))


def test_reasoning() -> None:
    """Reasoning is an operation below the call, with the length of its text."""
    data = {
        "type": "reasoning",
        "text": "n\u00e9",
        "time": {"start": 3100, "end": 3200},
    }
    events = turn(START, part(1, data))

    assert ["op_started", "op_started", "payload_ref", "op_finalized"] == kinds(events)
    names = ("Seq", "ParentOpSeq", "Kind", "Name", "ReasoningKind", "Ts")
    assert [(2, 1, "reasoning", "", "raw", 3_100_000)] == pick(
        events, "op_started", *names
    )[1:]
    names = ("OpSeq", "PayloadKind", "Format", "OriginalBytes", "Ts", "LocationURI")
    uri = "opencode-sqlite://?part_id=prt_1&field=text"
    assert [(2, "llm_reasoning", "text", 3, 3_100_000, uri)] == pick(
        events, "payload_ref", *names
    )
    assert [(2, "completed", 3_200_000, 3_200_000)] == pick(
        events, "op_finalized", "Seq", "Status", "Ts", "EndTs"
    )


@pytest.mark.parametrize(
    ("time", "start", "end"),
    [
        ({}, 3_000_000, None),
        ({"start": 0, "end": 10}, 3_000_000, 3_000_000),
        ({"start": -1, "end": 4000}, 3_000_000, 4_000_000),
        ({"start": 3500}, 3_500_000, None),
        ({"start": 3500, "end": None}, 3_500_000, None),
        ({"start": 3500, "end": 0}, 3_500_000, 3_500_000),
    ],
)
def test_reasoning_times(time: dict[str, Any], start: int, end: int | None) -> None:
    """Without a start the part's own time counts; without an end it stays open."""
    events = turn(part(1, {"type": "reasoning", "time": time}))

    assert [(-1, start)] == pick(events, "op_started", "ParentOpSeq", "Ts")
    expected = [] if end is None else [(end,)]
    assert expected == pick(events, "op_finalized", "EndTs")
    assert [] == payloads(events, "payload_ref")


def test_nested_operations_after_the_finish_belong_to_the_closed_call() -> None:
    """A call stays the parent of operations and the place of logs after its end."""
    late = (part(2, {"type": "reasoning"}), tool(), part(3, {"type": "retry"}))
    events = turn(START, step(1, {}), *late)

    assert [(-1,), (1,), (1,)] == pick(events, "op_started", "ParentOpSeq")
    assert [(1,)] == pick(events, "log_entry", "OpSeq")


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"summary": True}, "summary"),
        ({"summary": False}, "raw"),
        ({"summary": "true"}, "raw"),
        ({}, "raw"),
        ([], "raw"),
        (None, "raw"),
    ],
)
def test_reasoning_kind(metadata: Any, expected: str) -> None:
    """Only a true summary flag makes reasoning a summary."""
    events = turn(part(1, {"type": "reasoning", "metadata": metadata}))

    assert [(expected,)] == pick(events, "op_started", "ReasoningKind")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("read", ("", "read")),
        ("github_get_file", ("github", "get_file")),
        ("a__b", ("a", "_b")),
        ("_private_x", ("", "_private_x")),
        ("tail_", ("", "tail_")),
        ("_", ("", "_")),
        ("", ("", "")),
    ],
)
def test_tool_names(name: str, expected: tuple[str, str]) -> None:
    """A name is split at its first underscore, if that is an inner one."""
    events = turn(tool(name=name))

    assert [expected] == pick(events, "op_started", "ToolNamespace", "Name")


def test_completed_tool() -> None:
    """A completed tool has both references and the sizes of both."""
    raw = '{ "p": "\\u00e9",  "q":"\u00e9" }'
    state = (
        f'{{"status":"completed","input":{raw},"output":"\u00e9","error":"no",'
        '"time":{"start":3100,"end":3900}}'
    )
    row = part(1, f'{{"type":"tool","tool":"read","state":{state}}}', 3500)
    events = turn(START, row)

    assert [
        *("op_started", "op_started"),
        *("payload_ref", "payload_ref", "op_finalized"),
    ] == kinds(events)
    assert (2, 1, "tool", 3_100_000) == pick(
        events, "op_started", "Seq", "ParentOpSeq", "Kind", "Ts"
    )[-1]
    base = "opencode-sqlite://?part_id=prt_1&field=state"
    size = len(raw.encode())
    names = ("OpSeq", "PayloadKind", "Format", "OriginalBytes", "LocationURI", "Ts")
    assert [
        (2, "tool_request", "json", size, f"{base}.input", 3_100_000),
        (2, "tool_response", "json", -1, f"{base}.output", 3_100_000),
    ] == pick(events, "payload_ref", *names)
    names = ("Seq", "Status", "ErrorClass", "ErrorMessage", "EndTs", "BytesIn")
    assert [(2, "completed", "", "", 3_900_000, size, 2)] == pick(
        events, "op_finalized", *names, "BytesOut"
    )


def test_stored_bytes_count_even_when_invalid() -> None:
    """The size of the arguments is that of the stored bytes, valid or not."""
    row = part(1, '{"type":"tool","state":{"input":"\udcff","status":"running"}}')

    assert [(3,)] == pick(turn(row), "payload_ref", "OriginalBytes")


@pytest.mark.parametrize(
    ("status", "end", "response", "ended"),
    [
        ("pending", True, False, None),
        ("running", True, False, None),
        ("completed", False, True, None),
        ("completed", True, True, ("completed", "", "")),
        ("error", False, True, None),
        ("error", True, True, ("failed", "error", "why")),
        ("strange", False, False, None),
        ("strange", True, True, ("completed", "", "why")),
        ("", True, True, ("completed", "", "why")),
    ],
)
def test_tool_states(
    status: str, *, end: bool, response: bool, ended: tuple[str, str, str] | None
) -> None:
    """What is emitted at the end of a tool depends on its status and its end time."""
    time = {"start": 3100, "end": 3200} if end else {"start": 3100}
    state = {"status": status, "output": "o", "error": "why", "time": time}
    events = turn(tool(state))

    assert response is bool(payloads(events, "payload_ref"))
    expected = [] if ended is None else [ended]
    names = ("Status", "ErrorClass", "ErrorMessage")
    assert expected == pick(events, "op_finalized", *names)


def test_tool_without_state() -> None:
    """A tool without state has begun when the part was made, and that is all."""
    events = turn(tool())

    assert [("tool", -1, 3_500_000)] == pick(
        events, "op_started", "Kind", "ParentOpSeq", "Ts"
    )
    assert ["op_started"] == kinds(events)


@pytest.mark.parametrize("stored", [{"input": None}, {}])
def test_tool_without_arguments(stored: dict[str, Any]) -> None:
    """Arguments that are absent or null have no reference and no size."""
    state = {"status": "completed", "time": {"end": 10}, **stored}
    events = turn(tool(state))

    assert ["op_started", "op_finalized"] == kinds(events)
    assert [(0, 0, 3_500_000)] == pick(
        events, "op_finalized", "BytesIn", "BytesOut", "EndTs"
    )


def test_task_opens_the_session_first() -> None:
    """A task with a child session has an operation for it, which never ends."""
    state = {
        "status": "completed",
        "metadata": {"sessionId": "ses_c"},
        "time": {"start": 3100, "end": 3200},
    }
    events = turn(START, tool(state, "task"))

    names = ("Seq", "ParentOpSeq", "Kind", "Name", "ChildSessionNativeID", "Ts")
    assert [
        (2, 1, "session", "", "ses_c", 3_100_000),
        (3, 1, "tool", "task", "", 3_100_000),
    ] == pick(events, "op_started", *names)[1:]
    assert [(3,)] == pick(events, "op_finalized", "Seq")


@pytest.mark.parametrize(
    ("name", "metadata", "noticed"),
    [
        ("task", {"sessionId": ""}, False),
        ("task", {}, False),
        ("task", None, False),
        ("task", {"sessionId": 5}, True),
        ("task", [], True),
        ("other", {"sessionId": "ses_c"}, False),
    ],
)
def test_task_without_child(name: str, metadata: Any, *, noticed: bool) -> None:
    """Without a readable child session a task is a tool like any other."""
    row = tool({"metadata": metadata}, name)

    assert [("tool",)] == pick(turn(row), "op_started", "Kind")
    expected = [("bad-metadata", "part/prt_1")] if noticed else []
    assert expected == notices_of(assistant(1, row))


def test_task_without_metadata() -> None:
    """A task that has no metadata at all is silent about it."""
    row = tool({"status": "running"}, "task")

    assert [("tool",)] == pick(turn(row), "op_started", "Kind")
    assert [] == notices_of(assistant(1, row))


def test_patches_are_told_again_at_the_end_of_the_call() -> None:
    """The call is opened again with its patches, the last one winning."""
    first = part(1, {"type": "patch", "hash": "h1", "files": ["b", "<a>"]})
    second = part(2, {"type": "patch", "hash": "h2"})
    events = turn(START, first, second, step(3, {}), modelID="m", providerID="p")

    assert ["op_started", "op_started", "op_finalized"] == kinds(events)
    opened, again = payloads(events, "op_started")
    digest = hashlib.sha256(b'["b","\\u003ca\\u003e"]').hexdigest()
    extras = {
        "patch_files": ["b", "<a>"],
        "patch_hash": "h2",
        "patches": [
            {
                "files_count": 2,
                "files_sha256": digest,
                "hash": "h1",
                "part_id": "prt_1",
            },
            {
                "files_count": 0,
                "files_sha256": EMPTY_FILES,
                "hash": "h2",
                "part_id": "prt_2",
            },
        ],
    }
    assert {**opened, "SourceSeq": 3, "Extras": extras} == again
    assert list(extras) == list(again["Extras"])
    assert all(sorted(entry) == list(entry) for entry in again["Extras"]["patches"])


def test_empty_patch_is_still_listed() -> None:
    """A patch without hash and files is listed without a hash."""
    events = turn(START, part(1, {"type": "patch"}), step(2, {}))
    entry = {"files_count": 0, "files_sha256": EMPTY_FILES, "part_id": "prt_1"}

    assert (None, {"patches": [entry]}) == tuple(
        started["Extras"] for started in payloads(events, "op_started")
    )


def test_patch_before_any_call_is_dropped() -> None:
    """A patch that no call can have made is silent."""
    events = turn(part(1, {"type": "patch", "hash": "h"}), START, step(2, {}))

    assert [(None,)] == pick(events, "op_started", "Extras")


def test_patches_are_cleared_by_the_end_and_by_the_next_call() -> None:
    """A patch is told once, and not at all when the next call comes first."""
    patch = part(1, {"type": "patch", "hash": "h"})
    told_once = turn(START, patch, step(2, {}), step(3, {}))
    late = turn(START, step(1, {}), patch, step(2, {}))
    lost = turn(START, step(1, {}), patch, part(2, {"type": "step-start"}), step(3, {}))

    assert [1, 1, 0] == [
        sum(1 for p in payloads(events, "op_started") if p["Extras"])
        for events in (told_once, late, lost)
    ]
    assert ["op_started", "op_finalized", "op_started", "op_finalized"] == kinds(late)


@pytest.mark.parametrize(
    ("data", "severity", "text", "extras"),
    [
        (
            {"type": "compaction", "auto": True},
            *("INF", "session compacted (auto=true)"),
            {"auto": True, "part_id": "prt_1"},
        ),
        (
            {"type": "compaction"},
            *("INF", "session compacted (auto=false)"),
            {"auto": False, "part_id": "prt_1"},
        ),
        (
            {"type": "retry", "attempt": 2, "error": {"name": "E", "data": 5}},
            *("WRN", "API retry attempt 2: E"),
            {"attempt": 2, "error.name": "E", "part_id": "prt_1"},
        ),
        (
            {"type": "retry"},
            *("WRN", "API retry attempt 0"),
            {"attempt": 0, "part_id": "prt_1"},
        ),
        (
            {"type": "file", "filename": "f", "url": "u", "mime": "image/x"},
            *("INF", "file attachment"),
            {"filename": "f", "mime": "image/x", "part_id": "prt_1", "url": "u"},
        ),
        (
            {"type": "file", "url": "u"},
            *("INF", "file attachment"),
            {"part_id": "prt_1", "url": "u"},
        ),
    ],
)
@pytest.mark.parametrize("with_call", [True, False])
def test_logs(
    data: dict[str, Any],
    severity: str,
    text: str,
    extras: dict[str, Any],
    *,
    with_call: bool,
) -> None:
    """Compaction, retries and files are logged on the call, or on the turn."""
    events = turn(*([START] if with_call else []), part(1, data, 3300))
    log = payloads(events, "log_entry")[0]

    assert (severity, text, extras) == (log["Severity"], log["Message"], log["Extras"])
    assert list(extras) == list(log["Extras"])
    assert (1, int(with_call), 3_300_000, "opencode") == (
        *(log["TurnSeq"], log["OpSeq"]),
        *(log["Ts"], log["Source"]),
    )
    assert [] == payloads(events, "payload_ref")


def test_file_without_anything_is_silent() -> None:
    """A file of which nothing is known is not logged."""
    assert [] == turn(part(1, {"type": "file", "filename": ""}))


@pytest.mark.parametrize("kind", ["snapshot", "subtask", "agent"])
def test_silent_parts(kind: str) -> None:
    """Three known types of part emit nothing."""
    assert [] == turn(START, part(1, {"type": kind}))[1:]


@pytest.mark.parametrize(("data", "name"), [({"type": "new"}, "new"), ({}, "")])
def test_unknown_parts_are_logged_without_time(data: Any, name: str) -> None:
    """A part of an unknown type is logged in quotes, at time zero."""
    events = turn(START, part(1, data))
    log = payloads(events, "log_entry")[0]

    assert (f'unknown part type "{name}"', "WRN") == (log["Message"], log["Severity"])
    assert (0, 1, {"part_id": "prt_1"}) == (log["Ts"], log["OpSeq"], log["Extras"])
    assert [] == notices_of(assistant(1, part(1, data)))


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ("", "opencode: empty data blob"),
        ("{", "not JSON: the text ends too early"),
        ('{"type":"text","text":5}', "text: expected string, got number"),
        ('{"type":"tool","callID":5}', "callID: expected string, got number"),
        ('{"type":"tool","state":5}', "state: expected object, got number"),
        (
            '{"type":"tool","state":{"title":[]}}',
            "state.title: expected string, got array",
        ),
        ('{"type":"patch","files":[1]}', "files: expected string, got number"),
        ('{"type":"retry","error":"boom"}', "error: expected object, got string"),
        ('{"type":"step-finish","cost":"x"}', "cost: expected number, got string"),
        (
            '{"type":"step-finish","tokens":{"cache":{"read":1.5}}}',
            "tokens.cache.read: expected a 64-bit integer literal",
        ),
    ],
)
def test_undecodable_parts_are_logged_and_noticed(data: str, error: str) -> None:
    """A part that cannot be decoded is logged at time zero, noticed and skipped."""
    events = turn(START, part(1, data), part(2, {"type": "text"}))
    log = payloads(events, "log_entry")[0]

    assert (f"part data undecodable: {error}", "WRN", 0, 1, {"part_id": "prt_1"}) == (
        *(log["Message"], log["Severity"], log["Ts"]),
        *(log["OpSeq"], log["Extras"]),
    )
    assert [("prt_2",)] == [
        (ref["LocationURI"].split("=")[1].split("&")[0],)
        for ref in payloads(events, "payload_ref")
    ]
    assert [("bad-part", "part/prt_1")] == notices_of(assistant(1, part(1, data)))


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({"cost": "x"}, "cost: expected number, got string"),
        ({"error": "boom"}, "error: expected object, got string"),
        ({"tokens": {"input": 1.5}}, "tokens.input: expected a 64-bit integer literal"),
        ({"finish": 5}, "finish: expected string, got number"),
        ({"model": "m"}, "model: expected object, got string"),
        ({"time": {"created": "x"}}, "time.created: expected integer, got string"),
    ],
)
def test_messages_are_strict_in_every_decoded_field(data: Any, error: str) -> None:
    """A wrong type in a field of a message makes it undecodable, used or not."""
    events = events_of(assistant(1, **data))

    assert [(f"message data undecodable: {error}",)] == pick(
        events, "log_entry", "Message"
    )


def test_clamped_part_times_are_noticed_once() -> None:
    """A time beyond the limit that is used twice is noticed once."""
    parts = (part(1, {"type": "step-start"}, INT64_MAX), step(2, {}, 5))

    assert [(INT64_MAX,)] == pick(turn(*parts), "op_finalized", "EndTs")
    assert [("clamped-time", "part/prt_1")] == notices_of(assistant(1, *parts))

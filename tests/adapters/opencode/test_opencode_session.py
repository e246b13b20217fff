"""Session start, session logs, messages and session end."""

from __future__ import annotations

import hashlib
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
    tree,
)

from pytest_parsediff.adapters.opencode.cells import INT64_MAX
from pytest_parsediff.adapters.opencode.mapper import map_tree
from pytest_parsediff.adapters.opencode.rows import SessionMessageRow

BASE = ["SourceID", "SourceSeq", "Ts"]
COUNTS = ["TokensIn", "TokensOut", "TokensCacheRead", "TokensCacheWrite", "CostUSD"]
DECLARED = {
    "session_started": "NativeID RootNativeID ParentNativeID ParentOpKey Kind AgentName"
    " Model Cwd CallPath Provider ProviderAlias Extras",
    "session_finalized": "NativeID Status ErrorClass ErrorMessage EndTs",
    "turn_started": "SessionNativeID Seq",
    "turn_finalized": "SessionNativeID Seq Status ErrorClass EndTs TokensIn TokensOut"
    " TokensCacheRead TokensCacheWrite CostUSD Extras",
    "op_started": "SessionNativeID TurnSeq Seq ParentOpSeq Kind Name ToolNamespace Model"
    " Provider ProviderAlias ReasoningKind ChildSessionNativeID Extras",
    "op_finalized": "SessionNativeID TurnSeq Seq Status ErrorClass ErrorMessage EndTs"
    " TokensIn TokensOut TokensCacheRead TokensCacheWrite CostUSD BytesIn BytesOut"
    " CharsIn CharsOut CtxUsed CtxMax",
    "payload_ref": "SessionNativeID TurnSeq OpSeq PayloadKind Format Compression"
    " LocationURI OriginalBytes StoredBytes SHA256",
    "log_entry": "SessionNativeID TurnSeq OpSeq Severity Source Message Extras",
}


def switch(**cells: Any) -> SessionMessageRow:
    """Return a row of session_message."""
    row: dict[str, Any] = {
        "id": "evt_1",
        "type": "agent-switched",
        "seq": 0,
        "time_created_ms": 1500,
        "data": "{}",
    }
    return SessionMessageRow(**{**row, **cells})


def test_fields_have_their_declared_order() -> None:
    """Each kind of event has all its fields, in the order of the declaration."""
    events = events_of(
        assistant(
            1,
            part(1, {"type": "step-start"}),
            part(2, {"type": "text"}),
            part(3, {"type": "retry"}),
            step(4, {}),
        ),
        time_archived_ms=9,
    )

    actual = {event["kind"]: list(event["payload"]) for event in events}
    expected = {kind: BASE + names.split() for kind, names in DECLARED.items()}
    assert expected == actual
    assert all(["kind", "payload"] == list(event) for event in events)


def test_sequence_counts_the_events_of_the_tree() -> None:
    """SourceSeq is 0, 1, 2 within one session, and SourceID is in every event."""
    events = events_of(assistant(1, part(1, {"type": "step-start"})), assistant(2))

    assert [0, 1, 2, 3] == [event["payload"]["SourceSeq"] for event in events]
    assert {"opencode:store"} == {event["payload"]["SourceID"] for event in events}


def test_mapping_twice_gives_the_same() -> None:
    """The mapper keeps nothing between two sessions."""
    assert events_of(assistant(1, step(1, {}))) == events_of(assistant(1, step(1, {})))


def test_root_session_start() -> None:
    """A session without parent is a root, with its cells and its model."""
    events = events_of(
        agent="build",
        directory="/srv",
        title="a<b&c",
        slug="",
        version="1.2",
        project_id="prj",
        model='{"id":"m","providerID":"openrouter","variant":"high"}',
    )

    expected = {
        "SourceID": "opencode:store",
        "SourceSeq": 0,
        "Ts": 1_000_000,
        "NativeID": "ses_1",
        "RootNativeID": "ses_1",
        "ParentNativeID": "",
        "ParentOpKey": "",
        "Kind": "root",
        "AgentName": "build",
        "Model": "m",
        "Cwd": "/srv",
        "CallPath": "",
        "Provider": "openrouter",
        "ProviderAlias": "openrouter",
        "Extras": {
            "directory": "/srv",
            "project_id": "prj",
            "providerID": "openrouter",
            "title": "a<b&c",
            "variant": "high",
            "version": "1.2",
        },
    }
    assert [{"kind": "session_started", "payload": expected}] == events
    extras = events[0]["payload"]["Extras"]
    assert sorted(extras) == list(extras)


def test_sub_agent_start() -> None:
    """A session with a parent is a sub-agent of it, below the resolved root."""
    events = events_of(parent_id="ses_p", root_id="ses_r")

    assert [("sub_agent", "ses_p", "ses_r")] == pick(
        events, "session_started", "Kind", "ParentNativeID", "RootNativeID"
    )


def test_extras_without_any_text_are_null() -> None:
    """A session without texts has no extras at all."""
    assert [(None,)] == pick(events_of(), "session_started", "Extras")


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ('{"id":"a","modelID":"b","providerID":"own"}', ("a", "own", "own")),
        ('{"modelID":"b"}', ("b", "", "")),
        ("null", ("", "", "")),
        ("", ("", "", "")),
        (" ", ("", "", "")),
    ],
)
def test_session_model(model: str, expected: tuple[str, str, str]) -> None:
    """The model is read under two names, any provider is its own canonical name."""
    names = ("Model", "Provider", "ProviderAlias")

    assert [expected] == pick(events_of(model=model), "session_started", *names)
    assert [] == notices_of(model=model)


@pytest.mark.parametrize("model", ["{", "[]", '"m"', '{"id":5}'])
def test_malformed_session_model_is_noticed(model: str) -> None:
    """A malformed model is empty and noticed, and the session goes on."""
    events = events_of(assistant(1), model=model)

    assert ["session_started", "turn_started"] == kinds(events)
    assert [("",)] == pick(events, "session_started", "Model")
    assert [("bad-model", "session/ses_1")] == notices_of(model=model)


def test_switches_come_before_messages() -> None:
    """Switches of agent and model are logged right after the session's start."""
    row = switch(
        id="evt 1",
        seq=3,
        type="model-switched",
        data='{"model": {"id":"m","providerID":"p","variant":"v"}, "n": 1.0}',
    )
    events = map_tree(tree(assistant(1), session_messages=(row,)), "s")[0]

    assert ["session_started", "log_entry", "turn_started"] == kinds(events)
    canonical = b'{"model":{"id":"m","providerID":"p","variant":"v"},"n":1.0}'
    expected: dict[str, Any] = {
        "SourceID": "s",
        "SourceSeq": 1,
        "Ts": 1_500_000,
        "SessionNativeID": "ses_1",
        "TurnSeq": 0,
        "OpSeq": 0,
        "Severity": "INF",
        "Source": "opencode",
        "Message": "session model switched",
        "Extras": {
            "aiViewer": {
                "parity": {
                    "class": "log_entry",
                    "nativeArtifactId": "session_message:evt 1:log",
                    "selectorURI": "opencode-sqlite://?id=evt+1&table=session_message",
                }
            },
            "data_sha256": hashlib.sha256(canonical).hexdigest(),
            "model_id": "m",
            "provider_id": "p",
            "seq": 3,
            "session_message_id": "evt 1",
            "session_message_type": "model-switched",
            "variant": "v",
        },
    }
    actual = payloads(events, "log_entry")[0]
    assert expected == actual
    assert list(expected["Extras"]) == list(actual["Extras"])


def test_agent_switch_leaves_empty_values_out() -> None:
    """An agent switch has the agent, and nothing of a model or a zero number."""
    row = switch(data='{"agent":"plan"}')
    events = map_tree(tree(session_messages=(row,)), "s")[0]
    log = payloads(events, "log_entry")[0]

    assert "session agent switched" == log["Message"]
    assert [
        "agent",
        "aiViewer",
        "data_sha256",
        "session_message_id",
        "session_message_type",
    ] == list(log["Extras"])


def test_unknown_session_message_is_noticed() -> None:
    """A row of an unknown type is left out, whatever its data is."""
    row = switch(type="synthetic", data="{")
    events, notices = map_tree(tree(session_messages=(row,)), "s")

    assert ["session_started"] == kinds(events)
    assert [("unknown-session-message", "session_message/evt_1")] == [
        (notice.code, notice.where) for notice in notices
    ]


@pytest.mark.parametrize("data", ["", "{", "[]", '{"agent":5}', '{"model":"m"}'])
def test_undecodable_switch_is_an_error(data: str) -> None:
    """A switch that cannot be decoded is no empty log entry; the rest is mapped."""
    events, (error,) = map_tree(tree(session_messages=(switch(data=data),)), "s")

    assert ["session_started"] == kinds(events)
    assert ("session-error", "ses_1") == (error.code, error.where)
    assert error.message.startswith("PD423: session_message/evt_1: expected")


def test_undecodable_message_is_logged_and_noticed() -> None:
    """A message that cannot be decoded is logged, and the next one is mapped."""
    rows = (message(7, '{"role":5}', created=3), assistant(8))
    events = events_of(*rows)

    assert ["session_started", "log_entry", "turn_started"] == kinds(events)
    log = payloads(events, "log_entry")[0]
    expected = "message data undecodable: role: expected string, got number"
    assert expected == log["Message"]
    assert ("WRN", 0, 0, 3000) == (
        *(log["Severity"], log["TurnSeq"]),
        *(log["OpSeq"], log["Ts"]),
    )
    assert {"message_id": "msg_7"} == log["Extras"]
    assert [("bad-message", "message/msg_7")] == notices_of(*rows)


def test_blank_message_has_a_fixed_text() -> None:
    """A message without data says so in fixed words."""
    logs = payloads(events_of(message(1, " ")), "log_entry")

    assert "message data undecodable: opencode: empty data blob" == logs[0]["Message"]


@pytest.mark.parametrize(
    ("data", "role"), [('{"role":"to\\"ol\\n"}', r"to\"ol\n"), ("null", ""), ("{}", "")]
)
def test_unknown_role_is_logged(data: str, role: str) -> None:
    """A role other than user and assistant is logged in quotes and not noticed."""
    events = events_of(message(1, data))
    log = payloads(events, "log_entry")[0]

    assert f'unknown message role "{role}"' == log["Message"]
    assert ("WRN", 2_000_000) == (log["Severity"], log["Ts"])
    assert {"message_id": "msg_1"} == log["Extras"]
    assert [] == notices_of(message(1, data))


def test_archived_session_is_complete() -> None:
    """Archiving ends a session well, even when its last turn failed."""
    events = events_of(assistant(1, error={"name": "E"}), time_archived_ms=7000)

    assert ("session_finalized", 7_000_000) == (
        events[-1]["kind"],
        events[-1]["payload"]["Ts"],
    )
    assert [("completed", "", "", 7_000_000)] == pick(
        events, "session_finalized", "Status", "ErrorClass", "ErrorMessage", "EndTs"
    )


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"name": "E", "data": {"message": "why"}}, ("E", "why")),
        ({"name": "", "data": {"message": 5}}, ("error", "")),
        ({"data": "why"}, ("error", "")),
        ({"name": "E", "data": None}, ("E", "")),
        ({}, ("error", "")),
    ],
)
def test_failed_session(error: dict[str, Any], expected: tuple[str, str]) -> None:
    """A session fails with its last turn, with whatever can be read of the reason."""
    time = {"completed": 5000}
    events = events_of(assistant(1, error=error, time=time))
    names = ("Status", "ErrorClass", "ErrorMessage", "EndTs", "Ts")

    assert [("failed", *expected, 5_000_000, 5_000_000)] == pick(
        events, "session_finalized", *names
    )
    assert [("failed", expected[0])] == pick(
        events, "turn_finalized", "Status", "ErrorClass"
    )


def test_failed_session_without_end_time() -> None:
    """A failed message that was never completed ends when it began."""
    events = events_of(assistant(1, error={"name": "E"}))

    assert [(2_000_000,)] == pick(events, "session_finalized", "EndTs")


def test_only_the_last_turn_counts() -> None:
    """A clean turn after a failed one leaves the session running."""
    events = events_of(assistant(1, error={"name": "E"}), assistant(2))

    assert "session_finalized" not in kinds(events)


def test_later_messages_that_are_no_turns_do_not_count() -> None:
    """A user message or a broken one after a failed turn changes nothing."""
    failed = assistant(1, error={"name": "E"})
    events = events_of(failed, message(2, {"role": "user"}), message(3, "{"))

    assert "session_finalized" == events[-1]["kind"]


def test_null_error_is_no_error() -> None:
    """An error that is null is none."""
    assert ["session_started", "turn_started"] == kinds(
        events_of(assistant(1, error=None))
    )


def test_archived_before_the_epoch_is_not_archived() -> None:
    """Only a positive time of archiving ends a session."""
    assert ["session_started"] == kinds(events_of(time_archived_ms=-1))


def test_times_beyond_the_limit_are_clamped_and_noticed() -> None:
    """A time that does not fit into 64-bit microseconds is the greatest one."""
    events = events_of(time_created_ms=INT64_MAX, time_archived_ms=INT64_MAX)

    assert [(INT64_MAX,)] == pick(events, "session_started", "Ts")
    assert [(INT64_MAX, INT64_MAX)] == pick(events, "session_finalized", "Ts", "EndTs")
    assert [("clamped-time", "session/ses_1")] == notices_of(
        time_created_ms=INT64_MAX, time_archived_ms=INT64_MAX
    )

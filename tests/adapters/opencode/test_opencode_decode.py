"""Whatever JSON a store holds, decoding it ends well or in the typed error."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from opencode_stores import message, part, tree

from pytest_parsediff.adapters.opencode.decode import (
    decode_message,
    decode_part,
    peek_type,
)
from pytest_parsediff.adapters.opencode.gojson import DecodeError, parse
from pytest_parsediff.adapters.opencode.mapper import map_tree
from pytest_parsediff.adapters.opencode.prompt import decode_prompt

NAMES = (
    *("role", "parentID", "modelID", "providerID", "cost", "tokens", "input", "output"),
    *(
        "cache",
        "read",
        "write",
        "time",
        "created",
        "completed",
        "error",
        "name",
        "data",
    ),
    *(
        "message",
        "type",
        "text",
        "start",
        "end",
        "metadata",
        "summary",
        "tool",
        "state",
    ),
    *("status", "title", "hash", "files", "auto", "attempt", "filename", "url", "mime"),
    *("sessionId", "model", "id", "variant", "callID", "reason", "TYPE", "total"),
)
TYPES = (
    *("step-start", "step-finish", "text", "reasoning", "tool", "patch", "compaction"),
    *("retry", "file", "snapshot", "subtask", "agent", "other", ""),
)
leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(("user", "assistant", "task", "completed", "error", "running"))
    | st.text(max_size=4)
)
names = st.sampled_from(NAMES)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4)
    ),
    max_leaves=8,
)
objects = st.dictionaries(names, values, max_size=6)
counts = st.integers(-(2**63), 2**63 - 1)
tokens = st.fixed_dictionaries(
    {},
    optional={
        "input": counts,
        "output": counts,
        "cache": st.fixed_dictionaries({}, optional={"read": counts, "write": counts}),
    },
)
times = st.fixed_dictionaries({}, optional={"start": counts, "end": counts})
states = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(("pending", "completed", "error", "odd")),
        "input": values,
        "output": st.text(max_size=3),
        "time": times,
        "metadata": objects,
    },
)
good_parts = st.fixed_dictionaries(
    {"type": st.sampled_from(TYPES)},
    optional={
        "text": st.text(max_size=3),
        "tokens": tokens,
        "time": times,
        "state": states,
        "tool": st.sampled_from(("task", "a_b")),
        "hash": st.text(max_size=2),
        "files": st.lists(st.text(max_size=2), max_size=2),
    },
)


@given(objects | values)
@example(None)
@example([])
@example({"cost": "x"})
def test_decoding_a_message_never_crashes(document: Any) -> None:
    """A message is decoded, or refused with the typed error."""
    text = json.dumps(document)
    try:
        data = decode_message(text)
    except DecodeError:
        return
    assert isinstance(data.role, str)


@given(objects | good_parts | values)
@example(None)
@example([])
def test_decoding_a_part_never_crashes(document: Any) -> None:
    """A part is decoded, or refused; a decoded one is of the type that was peeked."""
    value = parse(json.dumps(document))
    peeked = peek_type(value)
    try:
        data = decode_part(value)
    except DecodeError:
        return
    assert peeked == data.type


@given(st.text(max_size=20) | values.map(json.dumps))
def test_decoding_a_prompt_never_crashes(text: str) -> None:
    """A prompt is decoded, or refused with the typed error."""
    try:
        prompt = decode_prompt(text)
    except DecodeError:
        return
    assert prompt.text_bytes is None or prompt.text_bytes >= 0


@given(st.lists(good_parts | objects, max_size=8), objects)
def test_every_tree_maps_to_ordered_events(
    documents: list[dict[str, Any]], data: dict[str, Any]
) -> None:
    """Any parts give events that are numbered, within 64 bits, and refer to known ops."""
    parts = (part(n, document) for n, document in enumerate(documents))
    role = {"role": "assistant", **{k: v for k, v in data.items() if k == "tokens"}}
    events = map_tree(tree(message(1, role, *parts)), "s")[0]

    started: set[int] = {0}
    for number, event in enumerate(events):
        payload = event["payload"]
        assert number == payload["SourceSeq"]
        assert 0 <= payload["Ts"] < 2**63
        if event["kind"] == "op_started":
            assert payload["ParentOpSeq"] in {-1, *started}
            started.add(payload["Seq"])
        if event["kind"] in ("op_finalized", "payload_ref", "log_entry"):
            assert payload.get("OpSeq", payload.get("Seq")) in started


@given(st.lists(good_parts, max_size=6))
def test_operations_are_numbered_without_gaps(documents: list[dict[str, Any]]) -> None:
    """Operations of a turn count from 1; only a call may be opened again."""
    parts = (part(n, document) for n, document in enumerate(documents))
    events = map_tree(tree(message(1, {"role": "assistant"}, *parts)), "s")[0]

    seen: list[int] = []
    for event in events:
        if event["kind"] == "op_started" and event["payload"]["Seq"] not in seen:
            seen.append(event["payload"]["Seq"])
    assert list(range(1, len(seen) + 1)) == seen

"""A tail beside the published opencode that works, and the model that it talks to."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from fake_model import MODEL, FakeModel, serve_fake_model
from opencode_client import Opencode, why_not

from pytest_parsediff.adapters.builtin import BUILTIN
from pytest_parsediff.core.pointers import Pointer

_KEY = [Pointer.parse(place) for place in BUILTIN["opencode"].config.key or ()]
_WAIT_S = 60

Folded: TypeAlias = dict[str, dict[str, Any]]


def fold(lines: bytes) -> Folded:
    """Return what a consumer holds: the last event of each identity."""
    held: Folded = {}
    for line in lines.split(b"\n"):
        if not line:
            continue
        event = json.loads(line)
        payload = event["payload"]
        if event["kind"] == "session_removed":
            gone = payload.get("SessionNativeID") or payload["NativeID"]
            held = {k: e for k, e in held.items() if gone not in _sessions(e)}
            continue
        held[repr([place.get(event) for place in _KEY])] = event
    return held


def _sessions(event: dict[str, Any]) -> tuple[object, object]:
    payload = event["payload"]
    return payload.get("NativeID"), payload.get("SessionNativeID")


def command(verb: str, store: Path, *arguments: str) -> list[str]:
    """Return the command line of one verb."""
    module = [sys.executable, "-m", "pytest_parsediff"]
    return [*module, verb, str(store), "--adapter=opencode", "-q", *arguments]


def cold_scan(store: Path) -> Folded:
    """Return what one full scan of *store* says."""
    return fold(subprocess.check_output(command("scan", store)))


@contextmanager
def tailing(store: Path, cursor: Path, output: Path) -> Iterator[None]:
    """Run a tail from the beginning of *store* until the block ends."""
    line = command("tail", store, "--since=start", f"--resume={cursor}")
    with output.open("wb") as stdout, subprocess.Popen(line, stdout=stdout) as tail:
        try:
            yield
        finally:
            tail.terminate()
            assert 0 == tail.wait(_WAIT_S)


def wait_until_equal(output: Path, store: Path) -> None:
    """Wait until the tail has said what a full scan says."""
    expected = cold_scan(store)
    end = time.monotonic() + _WAIT_S
    while (held := fold(output.read_bytes())) != expected:
        assert time.monotonic() < end, (held, expected)
        time.sleep(0.1)


@pytest.mark.skipif(bool(why_not()), reason=why_not())
def test_a_tail_beside_opencode_agrees_with_a_cold_scan(tmp_path: Path) -> None:
    """Prompt, tool call, second prompt: folded, the tail holds what is stored."""
    output, cursor = tmp_path / "tail.jsonl", tmp_path / "cursor"
    home = tmp_path / "home"
    home.mkdir()
    with serve_fake_model() as model:
        opencode = Opencode(home, model)
        opencode.run("session", "list")  # makes the store
        with tailing(opencode.store, cursor, output):
            opencode.run("run", "run: echo one; sleep 0.1; echo two")
            opencode.run("run", "--continue", "and now tell me")
            wait_until_equal(output, opencode.store)

    found = cold_scan(opencode.store)
    kinds = [event["kind"] for event in found.values()]
    tools = [e["payload"]["Name"] for e in found.values() if e["kind"] == "op_started"]
    assert 1 == kinds.count("session_started")
    assert 3 == kinds.count("turn_finalized")
    assert "bash" in tools


@pytest.mark.skipif(bool(why_not()), reason=why_not())
def test_what_is_deleted_and_brought_back_is_followed(tmp_path: Path) -> None:
    """Export, delete, import, which writes past the event log, and fork."""
    output, cursor = tmp_path / "tail.jsonl", tmp_path / "cursor"
    exported, home = tmp_path / "session.json", tmp_path / "home"
    home.mkdir()
    with serve_fake_model() as model:
        opencode = Opencode(home, model)
        opencode.run("run", "run: echo one")
        with tailing(opencode.store, cursor, output):
            wait_until_equal(output, opencode.store)
            (session,) = sessions_of(opencode.store)
            exported.write_text(opencode.run("export", session))
            opencode.run("session", "delete", session)
            wait_until_equal(output, opencode.store)
            assert not sessions_of(opencode.store)
            opencode.run("import", str(exported))
            wait_until_equal(output, opencode.store)
            assert {session} == sessions_of(opencode.store)
            opencode.run("run", "--session", session, "--fork", "in the fork")
            wait_until_equal(output, opencode.store)

    assert 2 == len(sessions_of(opencode.store))
    assert b"session_removed" in output.read_bytes()


def sessions_of(store: Path) -> set[str]:
    """Return the sessions that a full scan of *store* finds."""
    found = cold_scan(store).values()
    return {
        event["payload"]["NativeID"]
        for event in found
        if event["kind"] == "session_started"
    }


# --- the model -----------------------------------------------------------------------


def ask(model: FakeModel, text: str, **more: object) -> list[dict[str, Any]]:
    """Return the streamed chunks of the answer to one prompt."""
    body = {
        "model": MODEL,
        "stream": True,
        "messages": [{"role": "user", "content": text}],
        **more,
    }
    request = urllib.request.Request(
        f"{model.url}/chat/completions",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=_WAIT_S) as answer:
        events = answer.read().decode().split("\n\n")
    assert ["data: [DONE]", ""] == events[-2:]
    return [json.loads(event.removeprefix("data: ")) for event in events[:-2]]


def test_the_model_calls_the_tool_that_a_prompt_names() -> None:
    """The pieces of the arguments make one command, and usage comes last."""
    with serve_fake_model() as model:
        chunks = ask(model, "run: echo 1", tools=[{"type": "function"}])

    deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"]]
    calls = [call for delta in deltas for call in delta.get("tool_calls", [])]
    arguments = "".join(call["function"]["arguments"] for call in calls)
    assert "echo 1" == json.loads(arguments)["command"]
    assert "tool_calls" == chunks[-2]["choices"][0]["finish_reason"]
    assert 1252 == chunks[-1]["usage"]["total_tokens"]


def test_the_model_answers_the_same_every_time() -> None:
    """Text does not depend on time or on what was asked before."""
    with serve_fake_model() as model:
        first, second = (ask(model, "hello", tools=[{}]) for _ in range(2))

    assert first == second
    assert 2 == len(model.requests)

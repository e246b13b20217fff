"""A model that says what a script says: chat completions over HTTP, on loopback only.

It speaks as much of the interface as opencode uses through its OpenAI-compatible
provider: ``GET /v1/models`` and streamed ``POST /v1/chat/completions``. What it answers
depends on nothing but the request, so a run is the same every time.

Source:
    https://platform.openai.com/docs/api-reference/chat/streaming
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

MODEL = "fake-model"
#: A prompt that holds this word is answered with a call of the shell tool.
TOOL_WORD = "run:"

_Json: TypeAlias = dict[str, Any]


@dataclass(slots=True)
class FakeModel:
    """A running model.

    Attributes:
        port: On 127.0.0.1.
        requests: Bodies of the completions that were asked for, in order.
    """

    port: int
    requests: list[_Json] = field(default_factory=list)

    @property
    def url(self) -> str:
        """What a client is configured with."""
        return f"http://127.0.0.1:{self.port}/v1"


@contextmanager
def serve_fake_model() -> Iterator[FakeModel]:
    """Run a model in a thread of this process until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    model = FakeModel(server.server_address[1])
    server.fake_model = model  # type: ignore[attr-defined] # the handler reads it
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield model
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def answer(request: _Json) -> list[_Json]:
    """Return the deltas of the answer to one request, the last with its reason.

    Requests without tools ask for a title. A prompt with :data:`TOOL_WORD` is answered
    with a call of ``bash``, and the result of a call with text.
    """
    messages = request.get("messages", [])
    last = messages[-1] if messages else {}
    if not request.get("tools"):
        return [*_say("A title of some words"), _stop("stop")]
    text = _text_of(last)
    if last.get("role") == "user" and TOOL_WORD in text:
        command = text.partition(TOOL_WORD)[2].partition("\n")[0].strip(' "')
        turn = sum(message.get("role") == "assistant" for message in messages)
        return [
            *_say("I run it. "),
            *_call(f"call_{turn}", command),
            _stop("tool_calls"),
        ]
    words = f"That was message {len(messages)}: ä, 日本, <b> & 🎉."
    return [*_say(words), _stop("stop")]


def _text_of(message: _Json) -> str:
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text", "") for part in content)


def _say(text: str) -> Iterator[_Json]:
    """Yield *text* in pieces, as models do."""
    for word in text.split(" "):
        yield {"delta": {"content": f"{word} "}}


def _call(number: str, command: str) -> Iterator[_Json]:
    """Yield a call of the shell tool whose arguments come in two pieces."""
    arguments = json.dumps({"command": command, "description": "what was asked for"})
    head = {"name": "bash", "arguments": ""}
    for function in (head, {"arguments": arguments[:7]}, {"arguments": arguments[7:]}):
        call: _Json = {"index": 0, "function": function}
        if "name" in function:
            call |= {"id": number, "type": "function"}
        yield {"delta": {"tool_calls": [call]}}


def _stop(reason: str) -> _Json:
    return {"delta": {}, "finish_reason": reason}


class _Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Tell which models there are."""
        body = {"object": "list", "data": [{"id": MODEL, "object": "model"}]}
        self._reply(json.dumps(body).encode(), "application/json")

    def do_POST(self) -> None:
        """Answer a completion, streamed if that was asked for."""
        length = int(self.headers.get("Content-Length", 0))
        request: _Json = json.loads(self.rfile.read(length))
        self.server.fake_model.requests.append(request)  # type: ignore[attr-defined]
        deltas = answer(request)
        if request.get("stream"):
            events = [*_chunks(deltas), "[DONE]"]
            body = "".join(f"data: {event}\n\n" for event in events).encode()
            self._reply(body, "text/event-stream")
        else:
            self._reply(json.dumps(_whole(deltas)).encode(), "application/json")

    def _reply(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing on stderr."""


_USAGE = {
    "prompt_tokens": 1200,
    "completion_tokens": 52,
    "total_tokens": 1252,
    "prompt_tokens_details": {"cached_tokens": 400},
    "completion_tokens_details": {"reasoning_tokens": 7},
}
_HEAD = {"id": "chatcmpl-1", "created": 1_700_000_000, "model": MODEL}


def _chunks(deltas: list[_Json]) -> Iterator[str]:
    head = {**_HEAD, "object": "chat.completion.chunk"}
    for delta in deltas:
        choice = {"index": 0, "finish_reason": None, **delta}
        yield json.dumps({**head, "choices": [choice]})
    yield json.dumps({**head, "choices": [], "usage": _USAGE})


def _whole(deltas: list[_Json]) -> _Json:
    text = "".join(delta["delta"].get("content", "") for delta in deltas)
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    head = {**_HEAD, "object": "chat.completion"}
    return {**head, "choices": [choice], "usage": _USAGE}

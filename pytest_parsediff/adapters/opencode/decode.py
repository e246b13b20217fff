"""The JSON of one row as typed data.

A wrong type in any field named here makes the whole row undecodable, whether or not
the field matters for that kind of row. Fields not named here are ignored.
"""

from __future__ import annotations

from dataclasses import dataclass

from pytest_parsediff.adapters.opencode.gofields import Fields
from pytest_parsediff.adapters.opencode.gojson import DecodeError, Value, parse
from pytest_parsediff.adapters.opencode.tokens import Tokens


@dataclass(frozen=True, slots=True)
class ModelRef:
    """Which model was used; empty strings when it is not known."""

    id: str = ""
    provider_id: str = ""
    variant: str = ""


@dataclass(frozen=True, slots=True)
class ErrorData:
    """Why a message failed.

    Attributes:
        name: Class of the error, ``error`` when the store names none.
        message: Text for people, may be empty.
    """

    name: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageData:
    """``message.data``.

    Attributes:
        parent_id: Of an assistant message: the user message that it answers.
        tokens: Running totals at the end of the message.
        completed_ms: ``None`` while the message is being written.
    """

    role: str
    parent_id: str
    model_id: str
    provider_id: str
    cost: float
    tokens: Tokens
    completed_ms: int | None
    error: ErrorData | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolState:
    """``part.data.state`` of a tool part.

    Attributes:
        input: The arguments as stored, or ``None`` when absent or null.
        metadata: Any JSON, or ``None`` when absent.
        start_ms: 0 when absent.
        end_ms: ``None`` until the tool ended.
    """

    status: str
    input: str | None
    output: str
    error: str
    metadata: Value | None
    start_ms: int
    end_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartData:
    """``part.data``, the union of all part types.

    Attributes:
        metadata: Any JSON, or ``None`` when absent.
        start_ms: 0 when absent.
        end_ms: ``None`` when absent.
        files: File names of a patch.
    """

    type: str
    text: str
    start_ms: int
    end_ms: int | None
    metadata: Value | None
    tool: str
    state: ToolState | None
    cost: float
    tokens: Tokens
    hash: str
    files: tuple[str, ...]
    auto: bool
    attempt: int
    error_name: str
    filename: str
    url: str
    mime: str


def decode_model(value: Value) -> ModelRef:
    """Return the model that *value* names.

    Raises:
        DecodeError: *value* is not an object of strings.
    """
    return _model(Fields([value]))


def _model(fields: Fields) -> ModelRef:
    first, second = fields.string("id"), fields.string("modelID")
    provider, variant = fields.string("providerID"), fields.string("variant")
    return ModelRef(first or second, provider, variant)


def decode_message(text: str) -> MessageData:
    """Return the data of a message.

    Raises:
        DecodeError: *text* is not such data.
    """
    fields = Fields([parse(text)])
    for unused in ("agent", "mode", "finish"):
        fields.string(unused)
    _model(fields.struct("model"))
    time = fields.struct("time")
    time.integer("created")
    return MessageData(
        role=fields.string("role"),
        parent_id=fields.string("parentID"),
        model_id=fields.string("modelID"),
        provider_id=fields.string("providerID"),
        cost=fields.real("cost"),
        tokens=_tokens(fields.struct("tokens")),
        completed_ms=time.optional_integer("completed"),
        error=_error(fields.optional_struct("error")),
    )


def _tokens(fields: Fields) -> Tokens:
    cache = fields.struct("cache")
    return Tokens(
        total=fields.integer("total"),
        input=fields.integer("input"),
        output=fields.integer("output"),
        reasoning=fields.integer("reasoning"),
        cache_read=cache.integer("read"),
        cache_write=cache.integer("write"),
    )


def _error(fields: Fields | None) -> ErrorData | None:
    if fields is None:
        return None
    name, data = fields.string("name"), fields.raw("data")
    try:
        message = Fields([data] if data else []).string("message")
    except DecodeError:
        message = ""  # any shape is allowed, only one of them has a text
    return ErrorData(name or "error", message)


def peek_type(value: Value) -> str:
    """Return the type of a part whose other fields may be of any shape."""
    try:
        return Fields([value]).string("type")
    except DecodeError:
        return ""


def decode_part(value: Value) -> PartData:
    """Return the data of a part.

    Raises:
        DecodeError: *value* is not such data.
    """
    fields = Fields([value])
    for unused in ("callID", "reason"):
        fields.string(unused)
    time = fields.struct("time")
    return PartData(
        type=fields.string("type"),
        text=fields.string("text"),
        start_ms=time.integer("start"),
        end_ms=time.optional_integer("end"),
        metadata=fields.raw("metadata"),
        tool=fields.string("tool"),
        state=_state(fields.optional_struct("state")),
        cost=fields.real("cost"),
        tokens=_tokens(fields.struct("tokens")),
        hash=fields.string("hash"),
        files=fields.strings("files"),
        auto=fields.boolean("auto"),
        attempt=fields.integer("attempt"),
        error_name=fields.struct("error").string("name"),
        filename=fields.string("filename"),
        url=fields.string("url"),
        mime=fields.string("mime"),
    )


def _state(fields: Fields | None) -> ToolState | None:
    if fields is None:
        return None
    fields.string("title")
    time, stored = fields.struct("time"), fields.raw("input")
    return ToolState(
        status=fields.string("status"),
        input=None if stored is None or stored.first == "n" else stored.literal,
        output=fields.string("output"),
        error=fields.string("error"),
        metadata=fields.raw("metadata"),
        start_ms=time.integer("start"),
        end_ms=time.optional_integer("end"),
    )


def child_session(metadata: Value) -> str:
    """Return the session that a task started, or ``""``.

    Raises:
        DecodeError: *metadata* is no object, or the id is no string.
    """
    return Fields([metadata]).string("sessionId")


def is_summary(metadata: Value | None) -> bool:
    """Say whether reasoning is a summary of the model's own."""
    try:
        return Fields([metadata] if metadata else []).boolean("summary")
    except DecodeError:
        return False


def decode_switch(value: Value) -> tuple[str, ModelRef]:
    """Return the agent and the model of a row of ``session_message``.

    Raises:
        DecodeError: *value* is not such data.
    """
    fields = Fields([value])
    return fields.string("agent"), _model(fields.struct("model"))

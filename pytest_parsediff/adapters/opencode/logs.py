"""Everything that becomes a log entry."""

from __future__ import annotations

import hashlib
from typing import Any

from pytest_parsediff.adapters.opencode.decode import PartData, decode_switch
from pytest_parsediff.adapters.opencode.events import Emitter, extras
from pytest_parsediff.adapters.opencode.gojson import DecodeError, parse
from pytest_parsediff.adapters.opencode.gotext import canonical_json, quote_go
from pytest_parsediff.adapters.opencode.rows import (
    MessageRow,
    PartRow,
    SessionMessageRow,
)
from pytest_parsediff.adapters.opencode.turn import ReadPart, Turn
from pytest_parsediff.adapters.opencode.uri import row_uri
from pytest_parsediff.core.errors import RowError

_SWITCHES = {
    "agent-switched": "session agent switched",
    "model-switched": "session model switched",
}


def compaction(turn: Turn, row: PartRow, data: PartData) -> None:
    """Log that the session was compacted."""
    message = f"session compacted (auto={str(data.auto).lower()})"
    found = {"auto": data.auto, "part_id": row.id}
    _part_log(turn, turn.time(row), "INF", message, found)


def retry(turn: Turn, row: PartRow, data: PartData) -> None:
    """Log that the provider was asked again."""
    message = f"API retry attempt {data.attempt}"
    found: dict[str, Any] = {"attempt": data.attempt}
    if data.error_name:
        message += f": {data.error_name}"
        found["error.name"] = data.error_name
    _part_log(turn, turn.time(row), "WRN", message, {**found, "part_id": row.id})


def file(turn: Turn, row: PartRow, data: PartData) -> None:
    """Log an attachment, unless nothing is known of it."""
    found = extras(filename=data.filename, url=data.url, mime=data.mime)
    if found is None:
        return
    found = extras(**found, part_id=row.id)
    _part_log(turn, turn.time(row), "INF", "file attachment", found)


def unknown_part(turn: Turn, row: PartRow, data: PartData) -> None:
    """Log a part of a type that this version does not know; it has no time."""
    message = f"unknown part type {quote_go(data.type)}"
    _part_log(turn, 0, "WRN", message, {"part_id": row.id})


def undecodable_part(turn: Turn, part: ReadPart) -> None:
    """Log and notice a part that cannot be decoded; it has no time."""
    message = f"part data undecodable: {part.error}"
    turn.emitter.notice("bad-part", message, f"part/{part.row.id}")
    _part_log(turn, 0, "WRN", message, {"part_id": part.row.id})


def _part_log(
    turn: Turn, ts_us: int, severity: str, message: str, found: dict[str, Any] | None
) -> None:
    turn.emit_op(
        "log_entry",
        ts_us,
        OpSeq=turn.log_op_seq,
        Severity=severity,
        Message=message,
        Extras=found,
    )


def undecodable_message(emitter: Emitter, row: MessageRow, error: DecodeError) -> None:
    """Log and notice a message that cannot be decoded."""
    message = f"message data undecodable: {error}"
    emitter.notice("bad-message", message, f"message/{row.id}")
    _message_log(emitter, row, message)


def unknown_role(emitter: Emitter, row: MessageRow, role: str) -> None:
    """Log a message that is neither the user's nor the assistant's."""
    _message_log(emitter, row, f"unknown message role {quote_go(role)}")


def _message_log(emitter: Emitter, row: MessageRow, message: str) -> None:
    emitter.emit(
        "log_entry",
        emitter.time(row.time_created_ms, f"message/{row.id}"),
        Severity="WRN",
        Message=message,
        Extras={"message_id": row.id},
    )


def session_message(emitter: Emitter, row: SessionMessageRow) -> None:
    """Log that the session's agent or model was switched.

    A row whose data cannot be decoded is told of as an error, and left out.
    """
    place = f"session_message/{row.id}"
    if row.type not in _SWITCHES:
        message = f"unknown type {quote_go(row.type)}; left out"
        emitter.notice("unknown-session-message", message, place)
        return
    try:
        value = parse(row.data)
        agent, model = decode_switch(value)
    except DecodeError as exc:
        message = f"{place}: expected its data to be decodable, {exc}"
        emitter.error(RowError(message))
        return
    emitter.emit(
        "log_entry",
        emitter.time(row.time_created_ms, place),
        Severity="INF",
        Message=_SWITCHES[row.type],
        Extras=extras(
            agent=agent,
            aiViewer={"parity": _parity(row.id)},
            data_sha256=hashlib.sha256(canonical_json(value)).hexdigest(),
            model_id=model.id,
            provider_id=model.provider_id,
            seq=row.seq,
            session_message_id=row.id,
            session_message_type=row.type,
            variant=model.variant,
        ),
    )


def _parity(row_id: str) -> dict[str, str]:
    """Return how the row is named by tools that compare a store with its events."""
    return {
        "class": "log_entry",
        "nativeArtifactId": f"session_message:{row_id}:log",
        "selectorURI": row_uri("session_message", row_id),
    }

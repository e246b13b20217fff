"""Which user message a turn answers, and the events for it."""

from __future__ import annotations

from typing import final

from pytest_parsediff.adapters.opencode.gojson import DecodeError
from pytest_parsediff.adapters.opencode.prompt import Prompt, decode_prompt
from pytest_parsediff.adapters.opencode.rows import MessageRow
from pytest_parsediff.adapters.opencode.turn import Turn
from pytest_parsediff.adapters.opencode.uri import input_uri


@final
class UserMessages:
    """The user messages that no turn has answered yet."""

    __slots__ = ("_open", "_pending")

    def __init__(self) -> None:
        self._open: dict[str, MessageRow] = {}
        self._pending = ""

    def add(self, row: MessageRow) -> None:
        """Remember *row*; it takes the place of the pending one."""
        self._open[row.id] = row
        self._pending = row.id

    def take(self, parent_id: str) -> MessageRow | None:
        """Return the message that a turn answers, and forget it.

        Args:
            parent_id: The message that the turn names; if empty, the pending one.
        """
        return self._open.pop(parent_id or self._pending, None)


def user_input(turn: Turn, row: MessageRow) -> None:
    """Emit one operation for the prompt, and a reference to each of its images."""
    now = turn.emitter.time(row.time_created_ms, f"message/{row.id}")
    seq = turn.start_op("internal", now, Name="user_input")
    turn.emit_op("op_finalized", now, Seq=seq, Status="completed", EndTs=now)
    prompt = _prompt(turn, row)
    known = prompt.text_bytes is not None
    turn.emit_op(
        "payload_ref",
        now,
        OpSeq=seq,
        PayloadKind="tool_request",
        Format="text",
        LocationURI=input_uri(row.id, "prompt.text") if known else "",
        OriginalBytes=prompt.text_bytes if known else -1,
    )
    for index, size in prompt.images:
        turn.emit_op(
            "payload_ref",
            now,
            OpSeq=seq,
            PayloadKind="tool_request",
            Format="json",
            LocationURI=input_uri(row.id, f"prompt.files.{index}"),
            OriginalBytes=size,
        )


def _prompt(turn: Turn, row: MessageRow) -> Prompt:
    nothing = Prompt(None, ())
    if row.input is None:
        return nothing
    try:
        return decode_prompt(row.input.prompt)
    except DecodeError as exc:
        message = f"prompt undecodable: {exc}"
        turn.emitter.notice("bad-prompt", message, f"session_input/{row.input.id}")
        return nothing

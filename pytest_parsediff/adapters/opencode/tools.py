"""Tool parts: the operation, its request and response, and a task's own session."""

from __future__ import annotations

from pytest_parsediff.adapters.opencode.decode import (
    PartData,
    ToolState,
    child_session,
)
from pytest_parsediff.adapters.opencode.gojson import DecodeError
from pytest_parsediff.adapters.opencode.ops import nested_start
from pytest_parsediff.adapters.opencode.rows import PartRow
from pytest_parsediff.adapters.opencode.turn import Turn
from pytest_parsediff.adapters.opencode.uri import part_uri

_UNFINISHED = ("pending", "running")


def tool(turn: Turn, row: PartRow, data: PartData) -> None:
    """Emit the operations of one tool call."""
    state = data.state
    start = nested_start(turn, row, state.start_ms if state else 0)
    child = _child(turn, row, data)
    if child:
        turn.start_op(
            "session", start, ParentOpSeq=turn.parent_seq, ChildSessionNativeID=child
        )
    namespace, name = split_name(data.tool)
    seq = turn.start_op(
        "tool",
        start,
        ParentOpSeq=turn.parent_seq,
        Name=name,
        ToolNamespace=namespace,
    )
    if state is None:
        return
    _payloads(turn, row, state, seq, start)
    _finish(turn, row, state, seq, start)


def _payloads(turn: Turn, row: PartRow, state: ToolState, seq: int, start: int) -> None:
    """Refer to the arguments, and to the output once it is the final one."""

    def refer(kind: str, field: str, size: int) -> None:
        uri = part_uri(row.id, f"state.{field}")
        turn.emit_op(
            "payload_ref",
            start,
            OpSeq=seq,
            PayloadKind=kind,
            Format="json",
            LocationURI=uri,
            OriginalBytes=size,
        )

    if state.input is not None:
        refer("tool_request", "input", _stored_bytes(state))
    if state.output and _is_ended(state):
        refer("tool_response", "output", -1)


def split_name(tool_name: str) -> tuple[str, str]:
    """Split the server from a tool's name at the first inner underscore.

    ``a__b`` gives ``a`` and ``_b``; a name that begins with an underscore, or whose
    first one ends it, is not split.
    """
    namespace, _, name = tool_name.partition("_")
    return (namespace, name) if namespace and name else ("", tool_name)


def _child(turn: Turn, row: PartRow, data: PartData) -> str:
    """Return the session that a task started, or ``""``."""
    if data.tool != "task" or data.state is None or data.state.metadata is None:
        return ""
    try:
        return child_session(data.state.metadata)
    except DecodeError as exc:
        message = f"metadata of the task undecodable: {exc}"
        turn.emitter.notice("bad-metadata", message, f"part/{row.id}")
        return ""


def _is_ended(state: ToolState) -> bool:
    """Say whether the output is the final one."""
    if state.status in ("completed", "error"):
        return True
    return state.status not in _UNFINISHED and state.end_ms is not None


def _stored_bytes(state: ToolState) -> int:
    """Return the length of the arguments as they are stored."""
    return len((state.input or "").encode("utf-8", "surrogateescape"))


def _finish(turn: Turn, row: PartRow, state: ToolState, seq: int, start: int) -> None:
    """End the operation if the tool has ended."""
    if state.status in _UNFINISHED or state.end_ms is None:
        return
    end = max(turn.emitter.time(state.end_ms, f"part/{row.id}"), start)
    failed = state.status == "error"
    turn.emit_op(
        "op_finalized",
        end,
        Seq=seq,
        Status="failed" if failed else "completed",
        ErrorClass="error" if failed else "",
        ErrorMessage="" if state.status == "completed" else state.error,
        EndTs=end,
        BytesIn=_stored_bytes(state),
        BytesOut=len(state.output.encode()),
    )

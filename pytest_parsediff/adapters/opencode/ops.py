"""Parts that call a model, and what is attached to the call."""

from __future__ import annotations

import hashlib

from pytest_parsediff.adapters.opencode.decode import PartData, is_summary
from pytest_parsediff.adapters.opencode.gotext import quote_json
from pytest_parsediff.adapters.opencode.rows import PartRow
from pytest_parsediff.adapters.opencode.tokens import context_used
from pytest_parsediff.adapters.opencode.turn import LLMOp, Turn
from pytest_parsediff.adapters.opencode.uri import part_uri


def provider_fields(alias: str) -> dict[str, str]:
    """Return the fields for a provider; every alias is its own canonical name."""
    return {"Provider": alias, "ProviderAlias": alias}


def step_start(turn: Turn, row: PartRow, _data: PartData) -> None:
    """Begin a call of a model; one that is still open was cancelled."""
    now = turn.time(row)
    if turn.llm and turn.llm.is_open:
        end = max(now, turn.llm.start_us)
        turn.emit_op(
            "op_finalized", end, Seq=turn.llm.seq, Status="cancelled", EndTs=end
        )
    seq = turn.start_op("llm", now, **_model_fields(turn))
    turn.llm = LLMOp(seq, now)


def _model_fields(turn: Turn) -> dict[str, str]:
    model = turn.data.model_id
    return {"Name": model, "Model": model, **provider_fields(turn.data.provider_id)}


def step_finish(turn: Turn, row: PartRow, data: PartData) -> None:
    """End the call of a model; without one only the step's share is consumed."""
    delta = next(turn.deltas)
    llm = turn.llm
    if llm is None:
        return
    if llm.patch:
        extras = {name: llm.patch[name] for name in sorted(llm.patch)}
        turn.emit_op(
            "op_started",
            llm.start_us,
            Seq=llm.seq,
            Kind="llm",
            **_model_fields(turn),
            Extras=extras,
        )
    end = max(turn.time(row), llm.start_us)
    turn.emit_op(
        "op_finalized",
        end,
        Seq=llm.seq,
        Status="completed",
        EndTs=end,
        TokensIn=delta.input,
        TokensOut=delta.output,
        TokensCacheRead=delta.cache_read,
        TokensCacheWrite=delta.cache_write,
        CostUSD=data.cost,
        CtxUsed=context_used(data.tokens, turn.clamped),
    )
    llm.patch = {}
    llm.is_open = False


def text(turn: Turn, row: PartRow, _data: PartData) -> None:
    """Refer to the model's answer; text before any call is dropped."""
    if turn.llm is None:
        return
    turn.emit_op(
        "payload_ref",
        turn.time(row),
        OpSeq=turn.llm.seq,
        PayloadKind="llm_response",
        Format="text",
        LocationURI=part_uri(row.id, "text"),
    )


def reasoning(turn: Turn, row: PartRow, data: PartData) -> None:
    """Emit one operation for what the model thought."""
    start = nested_start(turn, row, data.start_ms)
    summary = is_summary(data.metadata)
    seq = turn.start_op(
        "reasoning",
        start,
        ParentOpSeq=turn.parent_seq,
        ReasoningKind="summary" if summary else "raw",
    )
    if data.text:
        turn.emit_op(
            "payload_ref",
            start,
            OpSeq=seq,
            PayloadKind="llm_reasoning",
            Format="text",
            LocationURI=part_uri(row.id, "text"),
            OriginalBytes=len(data.text.encode()),
        )
    if data.end_ms is not None:
        end = max(turn.emitter.time(data.end_ms, f"part/{row.id}"), start)
        turn.emit_op("op_finalized", end, Seq=seq, Status="completed", EndTs=end)


def nested_start(turn: Turn, row: PartRow, start_ms: int) -> int:
    """Return when a nested operation began, µs since the epoch."""
    return turn.emitter.time(
        start_ms if start_ms > 0 else row.time_created_ms, f"part/{row.id}"
    )


def patch(turn: Turn, row: PartRow, data: PartData) -> None:
    """Keep what was changed for the end of the call; the last patch wins."""
    if turn.llm is None:
        return
    pending = turn.llm.patch
    if data.hash:
        pending["patch_hash"] = data.hash
    if data.files:
        pending["patch_files"] = list(data.files)
    names = f"[{','.join(map(quote_json, data.files))}]"
    entry: dict[str, object] = {
        "files_count": len(data.files),
        "files_sha256": hashlib.sha256(names.encode()).hexdigest(),
    }
    if data.hash:
        entry["hash"] = data.hash
    entry["part_id"] = row.id
    pending["patches"] = [*pending.get("patches", ()), entry]

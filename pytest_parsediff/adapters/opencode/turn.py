"""The state of one turn, and what ends it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, final

from pytest_parsediff.adapters.opencode.decode import (
    MessageData,
    PartData,
    decode_part,
    peek_type,
)
from pytest_parsediff.adapters.opencode.events import Emitter
from pytest_parsediff.adapters.opencode.gojson import DecodeError, parse
from pytest_parsediff.adapters.opencode.rows import MessageRow, PartRow
from pytest_parsediff.adapters.opencode.tokens import Tokens, step_deltas


@dataclass(frozen=True, slots=True)
class ReadPart:
    """A part whose JSON was read.

    Attributes:
        row: The part.
        type: Its type; known even when another field is wrong.
        data: ``None`` when it cannot be decoded.
        error: Why it cannot be decoded.
    """

    row: PartRow
    type: str
    data: PartData | None
    error: str = ""


@final
@dataclass(slots=True)
class LLMOp:
    """The call of a model that other operations of the turn belong to.

    Attributes:
        seq: 1-based within the turn.
        start_us: µs since the epoch.
        is_open: Whether no end has been seen.
        patch: What patches since the start add to the operation.
    """

    seq: int
    start_us: int
    is_open: bool = True
    patch: dict[str, Any] = field(default_factory=dict)


@final
@dataclass(slots=True, kw_only=True)
class Turn:
    """One assistant message while its parts are walked.

    Attributes:
        emitter: Takes the events.
        seq: 1-based within the session.
        deltas: Use of each step, in order; one is consumed by each step-finish.
        ops: Operations begun so far.
        llm: The last call of a model, open or closed; ``None`` before the first.
    """

    emitter: Emitter
    seq: int
    message: MessageRow
    data: MessageData
    deltas: Iterator[Tokens] = field(default_factory=lambda: iter(()))
    ops: int = 0
    llm: LLMOp | None = None

    @property
    def parent_seq(self) -> int:
        """The operation that a nested one belongs to; -1 if there is none."""
        return self.llm.seq if self.llm else -1

    @property
    def log_op_seq(self) -> int:
        """The operation that a log entry belongs to; 0 if there is none."""
        return self.llm.seq if self.llm else 0

    @property
    def end_us(self) -> int:
        """When the turn ended, µs since the epoch."""
        completed = self.data.completed_ms
        ms = self.message.time_created_ms if completed is None else completed
        return self.emitter.time(ms, f"message/{self.message.id}")

    def time(self, row: PartRow) -> int:
        """Return when *row* was made, µs since the epoch."""
        return self.emitter.time(row.time_created_ms, f"part/{row.id}")

    def start_op(self, kind: str, ts_us: int, **fields: Any) -> int:
        """Begin an operation and return its number."""
        self.ops += 1
        self.emit_op("op_started", ts_us, Seq=self.ops, Kind=kind, **fields)
        return self.ops

    def emit_op(self, event: str, ts_us: int, **fields: Any) -> None:
        """Emit an event that belongs to this turn."""
        self.emitter.emit(event, ts_us, TurnSeq=self.seq, **fields)

    def clamped(self, counter: str) -> None:
        """Notice that *counter* left the 64-bit range."""
        message = f"the {counter} tokens leave the 64-bit range; clamped"
        self.emitter.notice("clamped-count", message, f"message/{self.message.id}")


def read_part(row: PartRow) -> ReadPart:
    """Return *row* with its JSON decoded, or with the reason why it cannot be."""
    try:
        value = parse(row.data)
    except DecodeError as exc:
        return ReadPart(row, "", None, str(exc))
    try:
        data = decode_part(value)
    except DecodeError as exc:
        return ReadPart(row, peek_type(value), None, str(exc))
    return ReadPart(row, data.type, data)


def plan_steps(turn: Turn, parts: list[ReadPart]) -> None:
    """Turn the cumulative counters of all steps of the turn into differences."""
    finishes = [p.data.tokens for p in parts if p.data and p.type == "step-finish"]
    turn.deltas = iter(step_deltas(finishes, turn.clamped))


def is_final(turn: Turn, parts: list[ReadPart]) -> bool:
    """Say whether the turn has ended, well or not."""
    if turn.data.completed_ms is not None or turn.data.error is not None:
        return True
    return any(part.type == "step-finish" for part in parts)

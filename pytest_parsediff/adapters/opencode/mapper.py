"""One session tree as events. Pure: rows in, events and notices out."""

from __future__ import annotations

from collections.abc import Callable
from typing import final

from pytest_parsediff.adapters.opencode import logs, ops, tools
from pytest_parsediff.adapters.opencode.decode import (
    MessageData,
    ModelRef,
    PartData,
    decode_message,
    decode_model,
)
from pytest_parsediff.adapters.opencode.events import Emitter, extras
from pytest_parsediff.adapters.opencode.gojson import DecodeError, parse
from pytest_parsediff.adapters.opencode.rows import MessageRow, PartRow, Tree
from pytest_parsediff.adapters.opencode.tokens import Tokens, since
from pytest_parsediff.adapters.opencode.turn import (
    Turn,
    is_final,
    plan_steps,
    read_part,
)
from pytest_parsediff.adapters.opencode.userinput import UserMessages, user_input
from pytest_parsediff.core.event import Event, Notice


def _nothing(_turn: Turn, _row: PartRow, _data: PartData) -> None:
    """Emit nothing: the part says nothing that a reader of events needs."""


_PARTS: dict[str, Callable[[Turn, PartRow, PartData], None]] = {
    "step-start": ops.step_start,
    "step-finish": ops.step_finish,
    "text": ops.text,
    "reasoning": ops.reasoning,
    "tool": tools.tool,
    "patch": ops.patch,
    "compaction": logs.compaction,
    "retry": logs.retry,
    "file": logs.file,
    "snapshot": _nothing,
    "subtask": _nothing,
    "agent": _nothing,
}


def map_tree(tree: Tree, source_id: str) -> tuple[list[Event], tuple[Notice, ...]]:
    """Return the events of one session, in order, and what was noticed.

    Args:
        tree: The session.
        source_id: Stands in every event.
    """
    mapper = _Mapper(tree, Emitter(source_id, tree.session.id))
    mapper.run()
    return mapper.emitter.events, mapper.emitter.notices


@final
class _Mapper:
    """Walks one tree."""

    __slots__ = ("_last", "_previous", "_tree", "_turns", "_users", "emitter")

    def __init__(self, tree: Tree, emitter: Emitter) -> None:
        self.emitter = emitter
        self._tree = tree
        self._users = UserMessages()
        self._turns = 0
        self._previous: Tokens | None = None  # of the last turn that ended
        self._last: Turn | None = None

    def run(self) -> None:
        """Emit everything."""
        self._start()
        for row in self._tree.session_messages:
            logs.session_message(self.emitter, row)
        for message in self._tree.messages:
            self._message(message)
        self._finish()

    def _start(self) -> None:
        session, model = self._tree.session, self._model()
        self.emitter.emit(
            "session_started",
            self.emitter.time(session.time_created_ms, f"session/{session.id}"),
            RootNativeID=self._tree.root_id,
            ParentNativeID=session.parent_id,
            Kind="sub_agent" if session.parent_id else "root",
            AgentName=session.agent,
            Model=model.id,
            Cwd=session.directory,
            **ops.provider_fields(model.provider_id),
            Extras=extras(
                providerID=model.provider_id,
                variant=model.variant,
                version=session.version,
                slug=session.slug,
                title=session.title,
                project_id=session.project_id,
                directory=session.directory,
            ),
        )

    def _model(self) -> ModelRef:
        session = self._tree.session
        if not session.model.strip():
            return ModelRef()
        try:
            return decode_model(parse(session.model))
        except DecodeError as exc:
            message = f"model undecodable: {exc}"
            self.emitter.notice("bad-model", message, f"session/{session.id}")
            return ModelRef()

    def _message(self, row: MessageRow) -> None:
        try:
            data = decode_message(row.data)
        except DecodeError as exc:
            logs.undecodable_message(self.emitter, row, exc)
            return
        if data.role == "user":
            self._users.add(row)
        elif data.role == "assistant":
            self._turn(row, data)
        else:
            logs.unknown_role(self.emitter, row, data.role)

    def _turn(self, row: MessageRow, data: MessageData) -> None:
        self._turns += 1
        turn = Turn(emitter=self.emitter, seq=self._turns, message=row, data=data)
        self._last = turn
        created = self.emitter.time(row.time_created_ms, f"message/{row.id}")
        self.emitter.emit("turn_started", created, Seq=turn.seq)
        user = self._users.take(data.parent_id)
        if user is not None:
            user_input(turn, user)
        parts = [read_part(part) for part in row.parts]
        plan_steps(turn, parts)
        for part in parts:
            if part.data is None:
                logs.undecodable_part(turn, part)
            else:
                act = _PARTS.get(part.type, logs.unknown_part)
                act(turn, part.row, part.data)
        if is_final(turn, parts):
            self._finish_turn(turn)

    def _finish_turn(self, turn: Turn) -> None:
        tokens = turn.data.tokens
        if self._previous is None:
            used = tokens  # the first one as it is, even below zero
        else:
            used = since(tokens, self._previous, turn.clamped)
        self._previous = tokens
        error = turn.data.error
        self.emitter.emit(
            "turn_finalized",
            turn.end_us,
            Seq=turn.seq,
            Status="failed" if error else "completed",
            ErrorClass=error.name if error else "",
            EndTs=turn.end_us,
            TokensIn=used.input,
            TokensOut=used.output,
            TokensCacheRead=used.cache_read,
            TokensCacheWrite=used.cache_write,
            CostUSD=turn.data.cost,
        )

    def _finish(self) -> None:
        """End the session if it is archived or its last turn failed."""
        session, last = self._tree.session, self._last
        if session.time_archived_ms > 0:
            place = f"session/{session.id}"
            end = self.emitter.time(session.time_archived_ms, place)
            self.emitter.emit("session_finalized", end, Status="completed", EndTs=end)
        elif last and last.data.error:
            end = last.end_us
            self.emitter.emit(
                "session_finalized",
                end,
                Status="failed",
                ErrorClass=last.data.error.name,
                ErrorMessage=last.data.error.message,
                EndTs=end,
            )

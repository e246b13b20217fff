"""What one session tree consists of, as rows of the store.

All times are milliseconds since the epoch, 0 when the cell is empty or unreadable.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """One row of ``session``; an absent column is empty.

    Attributes:
        model: JSON text, may be empty or malformed.
        parent_id: Empty for a root session.
        time_created_ms: When the session began.
        time_archived_ms: 0 unless archived.
    """

    id: str
    parent_id: str
    project_id: str
    slug: str
    directory: str
    title: str
    version: str
    agent: str
    model: str
    time_created_ms: int
    time_archived_ms: int


@dataclass(frozen=True, slots=True)
class PartRow:
    """One row of ``part``.

    Attributes:
        data: JSON text as stored; invalid UTF-8 bytes stand as lone surrogates.
    """

    id: str
    time_created_ms: int
    data: str


@dataclass(frozen=True, slots=True)
class InputRow:
    """One row of ``session_input``, with the text as in :class:`PartRow`."""

    id: str
    prompt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """One row of ``message`` with what belongs to it.

    Attributes:
        data: JSON text, as in :class:`PartRow`.
        parts: In the order of their ids.
        input: The prompt that the message was made from, when it is stored.
    """

    id: str
    time_created_ms: int
    data: str
    parts: tuple[PartRow, ...] = ()
    input: InputRow | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionMessageRow:
    """One row of ``session_message``, with the text as in :class:`PartRow`."""

    id: str
    type: str
    seq: int
    time_created_ms: int
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """One session with everything below it, read in one snapshot.

    Attributes:
        session: The session's own row.
        root_id: The session at the top of the chain of parents.
        messages: In the order of ``(time_created, id)``.
        session_messages: In the order of ``(seq, id)`` or ``(time_created, id)``.
    """

    session: SessionRow
    root_id: str
    messages: tuple[MessageRow, ...] = ()
    session_messages: tuple[SessionMessageRow, ...] = ()

"""Sessions of an imaginary agent, as they are stored and as they are parsed now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import msgspec

from pytest_parsediff.core.config import AdapterConfig
from pytest_parsediff.core.event import Event
from pytest_parsediff.core.rules import compile_rules
from pytest_parsediff.diff.compare import compare_sessions
from pytest_parsediff.diff.comparison import Comparison, compile_comparison
from pytest_parsediff.diff.records import ParsedSession, Record, StoredSession
from pytest_parsediff.diff.verdict import FieldDiff

SessionT = TypeVar("SessionT", StoredSession, ParsedSession)

#: What the agent's adapter declares: one event per session, message and use of tokens.
AGENT: dict[str, Any] = {
    "session": "/session",
    "key": ["/kind", "/id"],
    "compare": {
        "fields": {
            "models": ["/model"],
            "message_tokens": ["/tokens"],
            "message_content": ["/text"],
            "message_metadata": ["/role", "/at", "/flags", "/thinking_text", "/source"],
            "tool_calls": ["/tools"],
        },
        "ignore": ["/cost", "/project"],
        "blank": ["/first_message", "/title", "/status", "/parent_session_id"],
        "multiset": {"kind": ["usage"]},
        "aggregates": {"input_tokens": "/input", "output_tokens": "/output"},
        "informational": [
            "/title", "/cwd", "/git_branch", "/agent_label", "/entrypoint",
            "/session_kind", "/relationship_type", "/source_session_id",
            "/source_version", "/transcript_fidelity", "/parent_session_id",
            "/malformed_lines", "/is_truncated",
        ],
        "filled_later": ["/status"],
        "skew": ["message_metadata"],
    },
}  # fmt: skip


def compile_table(
    table: dict[str, Any] | None = None, *, show_bodies: bool = False, **compare: Any
) -> Comparison:
    """Return the comparison of an adapter's *table*, and of keys in *compare*."""
    whole = {**(table or {})}
    if compare:
        whole["compare"] = {**whole.get("compare", {}), **compare}
    config = msgspec.convert(whole, AdapterConfig)
    return compile_comparison(config, compile_rules(config), show_bodies=show_bodies)


#: As it is when nothing is declared but what an event is identified by.
STRICT = compile_table({"key": ["/kind", "/id"]})


def lines_of(
    events: Iterable[Event], table: dict[str, Any] | None = None
) -> list[bytes]:
    """Return the canonical lines of *events*, in their order."""
    config = msgspec.convert({**(table or {})}, AdapterConfig)
    return compile_rules(config).apply([*events], {})


def new_session(
    kind: type[SessionT], comparison: Comparison, lines: Sequence[bytes], **more: Any
) -> SessionT:
    """Return a session of *lines* with the fingerprint that a parse notes."""
    fingerprint = comparison.new_fingerprint()
    for line in lines:
        fingerprint.add(line)
    noted: dict[str, Any] = {
        "adapter": "agent",
        "session": "s1",
        "source": "s1.jsonl",
        "fingerprint": fingerprint.hexdigest(),
        "form": comparison.form,
        "record_count": len(lines),
    }
    return kind(**{**noted, **more})


class Loader:
    """Loads records and counts how often it was asked to.

    Attributes:
        calls: How often.
    """

    def __init__(self, comparison: Comparison, lines: Sequence[bytes]) -> None:
        self.calls = 0
        self._comparison = comparison
        self._lines = lines

    def __call__(self) -> Iterator[Record]:
        """Yield the records by ordinal."""
        self.calls += 1
        for ordinal, line in enumerate(self._lines):
            yield self._comparison.record(ordinal, line)


def compare_lines(
    comparison: Comparison,
    stored: Sequence[bytes],
    parsed: Sequence[bytes],
    **row: Any,
) -> tuple[FieldDiff, ...]:
    """Return what differs between two lists of lines; *row* is of the stored row."""
    return compare_sessions(
        new_session(StoredSession, comparison, stored, **row),
        new_session(ParsedSession, comparison, parsed),
        Loader(comparison, stored),
        Loader(comparison, parsed),
        comparison,
    )


def compare(
    stored: Sequence[Event],
    parsed: Sequence[Event],
    comparison: Comparison = STRICT,
    **row: Any,
) -> tuple[FieldDiff, ...]:
    """Return what differs between two lists of events."""
    return compare_lines(comparison, lines_of(stored), lines_of(parsed), **row)


def compact(diffs: Iterable[FieldDiff]) -> list[tuple[str, str, str]]:
    """Return field, stored and parsed of each difference; ``?`` marks informational."""
    return [
        (f"{diff.field}{'?' * diff.is_informational}", diff.stored, diff.parsed)
        for diff in diffs
    ]


def fields(diffs: Iterable[FieldDiff]) -> list[str]:
    """Return the name of each difference; ``?`` marks informational ones."""
    return [name for name, _, _ in compact(diffs)]


def message(number: int, **more: Any) -> Event:
    """Return message *number* of the agent."""
    return {
        "session": "s1",
        "kind": "message",
        "id": f"m{number}",
        "role": "assistant",
        "model": "large-1",
        "text": f"answer {number}",
        **more,
    }


def messages(count: int) -> list[Event]:
    """Return *count* messages, numbered from 0."""
    return [message(number) for number in range(count)]

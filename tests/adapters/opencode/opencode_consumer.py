"""What a consumer holds of a store that it polls, and what a full scan finds in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from opencode_stores import scan_all

from pytest_parsediff.adapters.opencode.reader import OpencodeReader
from pytest_parsediff.core.event import Checkpoint, Emission, Event, Notice, Source

#: Events by session, in their order.
Held: TypeAlias = dict[str, list[Event]]


class Consumer:
    """Polls one store, and holds what a consumer would hold."""

    def __init__(self, path: Path) -> None:
        self.now = 0.0
        self.path = path
        self.cursor: str | None = None
        self.held: Held = {}
        self.notices: list[str] = []
        self.reader = self.new_reader()

    def new_reader(self) -> OpencodeReader:
        """Return a reader by the clock of this consumer."""
        return OpencodeReader(Source(self.path, self.path.parent), lambda: self.now)

    def poll(self) -> int:
        """Take one poll; return how many events it emitted."""
        return sum(isinstance(emission, dict) for emission in self.polling())

    def polling(self) -> Iterator[Emission]:
        """Take one poll, and yield each emission as it comes."""
        found: Held = {}
        self.notices.clear()
        for emission in self.reader.scan(self.cursor):
            if isinstance(emission, Checkpoint):
                self.cursor = emission.cursor
            elif isinstance(emission, Notice):
                self.notices.append(emission.code)
            elif isinstance(emission, dict):
                found.setdefault(session_of(emission), []).append(emission)
            yield emission
        for session, events in found.items():
            self.held.pop(session, None)
            if events[-1]["kind"] != "session_removed":
                self.held[session] = events


def session_of(event: Event) -> str:
    """Return the session that *event* is about."""
    payload = event["payload"]
    return str(payload.get("SessionNativeID") or payload["NativeID"])


def cold(path: Path) -> Held:
    """Return what a full scan finds, by session."""
    found: Held = {}
    for emission in scan_all(path):
        if isinstance(emission, dict):
            found.setdefault(session_of(emission), []).append(emission)
    return found

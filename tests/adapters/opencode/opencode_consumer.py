"""What a consumer holds of a store that it polls, and what a full scan finds in it."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TypeAlias

from opencode_stores import scan_all

from pytest_parsediff.adapters.builtin import BUILTIN
from pytest_parsediff.adapters.opencode.reader import OpencodeReader
from pytest_parsediff.core.event import Checkpoint, Emission, Event, Notice, Source
from pytest_parsediff.core.pointers import Pointer

_KEY = [Pointer.parse(place) for place in BUILTIN["opencode"].config.key or ()]

#: Events by session, in their order.
Held: TypeAlias = dict[str, list[Event]]
#: Events by session and identity.
Folded: TypeAlias = dict[str, dict[str, Event]]


class Consumer:
    """Polls one store, and holds what consumers would hold.

    Attributes:
        held: By one who takes whole polls: a session that comes again replaces all.
        folded: By one who takes event after event, as `docs/opencode.md` says.
    """

    def __init__(self, path: Path) -> None:
        self.now = 0.0
        self.path = path
        self.cursor: str | None = None
        self.held: Held = {}
        self.folded: Folded = {}
        self.notices: list[str] = []
        self.reader = self.new_reader()

    def new_reader(self) -> OpencodeReader:
        """Return a reader by the clock of this consumer."""
        return OpencodeReader(Source(self.path, self.path.parent), lambda: self.now)

    def poll(self) -> int:
        """Take one poll; return how many events it emitted."""
        return sum(isinstance(emission, dict) for emission in self.polling())

    def polling(self) -> Generator[Emission, None, None]:
        """Take one poll, and yield each emission as it comes."""
        found: Held = {}
        self.notices.clear()
        for emission in self.reader.scan(self.cursor):
            if isinstance(emission, Checkpoint):
                self.cursor = emission.cursor
            elif isinstance(emission, Notice):
                self.notices.append(emission.code)
            elif isinstance(emission, dict):
                self._gather(found, emission)
                fold(self.folded, emission)
            yield emission
        for session, events in found.items():
            self.held.pop(session, None)
            if events:
                self.held[session] = events

    def _gather(self, found: Held, event: Event) -> None:
        if event["kind"] == "session_removed":
            found[session_of(event)] = []
        else:
            found.setdefault(session_of(event), []).append(event)


def session_of(event: Event) -> str:
    """Return the session that *event* is about."""
    payload = event["payload"]
    return str(payload.get("SessionNativeID") or payload["NativeID"])


def fold(held: Folded, event: Event) -> None:
    """Take one event into what is held."""
    session = session_of(event)
    if event["kind"] == "session_removed":
        held.pop(session, None)
    else:
        identity = repr([place.get(event) for place in _KEY])
        held.setdefault(session, {})[identity] = event


def cold(path: Path) -> Held:
    """Return what a full scan finds, by session."""
    found: Held = {}
    for emission in scan_all(path):
        if isinstance(emission, dict):
            found.setdefault(session_of(emission), []).append(emission)
    return found

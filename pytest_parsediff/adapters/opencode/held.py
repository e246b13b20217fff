"""Which events of a session the consumer holds, as far as one reader knows.

A session that comes again may lack events which it had: what a revert deleted, the end
of a session that goes on, a task that has become a sub-agent. A consumer that puts each
event in the place of the one with its identity would keep them, so the session has to be
taken back first. One that only grows needs no taking back.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pytest_parsediff.core.event import Event

#: Events that are remembered, over all sessions; about 70 bytes each.
MOST_EVENTS = 200_000
#: What an event is known by, beside its kind; absent where its kind has no such place.
IDENTITY = (
    "NativeID",
    "SessionNativeID",
    "TurnSeq",
    "OpSeq",
    "Seq",
    "LocationURI",
)
IDENTITY_EXTRAS = ("part_id", "message_id", "session_message_id")


def identity_of(event: Event) -> tuple[Any, ...]:
    """Return what *event* is known by."""
    payload = event["payload"]
    get, extra = payload.get, (payload.get("Extras") or {}).get
    return (
        event["kind"],
        *map(get, IDENTITY),
        *map(extra, IDENTITY_EXTRAS),
    )


class Held:
    """The identities of the events that were handed out last, by session."""

    def __init__(self, most_events: int = MOST_EVENTS) -> None:
        self._most = most_events
        self._sessions: OrderedDict[str, frozenset[int]] = OrderedDict()
        self._count = 0

    def forget(self, session: str) -> None:
        """Know nothing of *session* any more."""
        self._count -= len(self._sessions.pop(session, ()))

    def clear(self) -> None:
        """Know nothing any more."""
        self._sessions.clear()
        self._count = 0

    def may_exceed(self, session: str, events: Iterable[Event]) -> bool:
        """Return whether the consumer may hold more of *session* than *events*."""
        known = self._sessions.get(session)
        return known is None or not known <= _hashes(events)

    def replace(self, session: str, events: Iterable[Event]) -> None:
        """Remember that the consumer holds *events* of *session*, and no others."""
        self.forget(session)
        found = _hashes(events)
        self._sessions[session] = found
        self._count += len(found)
        while self._count > self._most:
            self.forget(next(iter(self._sessions)))


@dataclass(frozen=True, slots=True)
class Holding:
    """What the consumer holds of one session that is about to be handed out.

    Attributes:
        held: What the reader knows of that.
        name: The session.
        is_told: Whether the consumer may hold anything of it.
    """

    held: Held
    name: str
    is_told: bool

    def may_exceed(self, events: Iterable[Event]) -> bool:
        """Return whether the consumer may hold more than *events*."""
        return self.is_told and self.held.may_exceed(self.name, events)

    def replace(self, events: Iterable[Event]) -> None:
        """Remember that the consumer holds *events*, and no others."""
        self.held.replace(self.name, events)


def _hashes(events: Iterable[Event]) -> frozenset[int]:
    return frozenset(map(hash, map(identity_of, events)))

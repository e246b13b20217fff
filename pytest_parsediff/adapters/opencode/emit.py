"""How one session is handed out: its evidence, what was noticed, and its events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pytest_parsediff.adapters.opencode.load import ROOT_NOTICES, Loaded
from pytest_parsediff.adapters.opencode.mapper import map_tree
from pytest_parsediff.core.event import Emission, Event, Notice

#: A session that was emitted has no events any more.
REMOVED = "session_removed"
#: Told whenever it happens.
_REPEATED = frozenset({"needs-retry"})


def removed(session: str) -> Event:
    """Return the event that says that *session* has no events any more."""
    return {"kind": REMOVED, "payload": {"SessionNativeID": session}}


@dataclass(slots=True)
class Told:
    """What was told already, so that a live reader tells it once.

    Attributes:
        is_live: Whether the notices of a session are told once, too, and not each time
            that the session is emitted.
    """

    is_live: bool = False
    _notices: set[Notice] = field(default_factory=set)

    def news(self, notices: list[Notice] | tuple[Notice, ...]) -> Iterator[Notice]:
        """Yield those of *notices* that are worth telling."""
        for notice in notices:
            once = self.is_live or notice.code in ROOT_NOTICES
            if once and notice.code not in _REPEATED and notice in self._notices:
                continue
            self._notices.add(notice)
            yield notice

    def begin_scan(self) -> None:
        """Tell everything again."""
        self._notices.clear()


def session_emissions(loaded: Loaded, path: Path, told: Told) -> Iterator[Emission]:
    """Yield what was read of one session; no transaction may be open."""
    if loaded.evidence is not None:
        yield loaded.evidence
    yield from told.news(loaded.notices)
    if loaded.tree is None:
        return
    events, found = map_tree(loaded.tree, f"opencode:{path}")
    yield from told.news(found)
    yield from events

"""How one session is handed out: its evidence, what was noticed, and its events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pytest_parsediff.adapters.opencode.held import Holding
from pytest_parsediff.adapters.opencode.load import ROOT_NOTICES, Loaded
from pytest_parsediff.adapters.opencode.mapper import map_tree
from pytest_parsediff.adapters.opencode.schema import Schema
from pytest_parsediff.core.event import SESSION_ERROR, Emission, Event, Notice

#: What was emitted of a session holds no more; what does, comes behind it.
REMOVED = "session_removed"
#: Told whenever it happens.
_REPEATED = frozenset({"needs-retry"})
#: Told once, because it is about more than the session that is emitted.
_ONCE = frozenset({SESSION_ERROR, *ROOT_NOTICES})
#: Errors of one session that are told one by one.
MOST_ERRORS = 100
_MORE_ERRORS = (
    f"PD423: more than {MOST_ERRORS} rows cannot be read; the rest is not listed"
)


def removed(session: str) -> Event:
    """Return the event that takes back all that was emitted of *session*."""
    return {"kind": REMOVED, "payload": {"SessionNativeID": session}}


@dataclass(slots=True)
class Told:
    """What was told already, so that a live reader tells it once.

    Attributes:
        is_live: Whether the notices of a session are told once, too, and not each time
            that the session is emitted.
    """

    is_live: bool = False
    _schema: Schema | None = None
    _notices: set[Notice] = field(default_factory=set)
    _errors: Counter[str] = field(default_factory=Counter)
    _flawed: set[str] = field(default_factory=set)

    def news(self, notices: list[Notice] | tuple[Notice, ...]) -> Iterator[Notice]:
        """Yield those of *notices* that are worth telling."""
        for notice in notices:
            once = self.is_live or notice.code in _ONCE
            if once and notice.code not in _REPEATED and notice in self._notices:
                continue
            if notice.code == SESSION_ERROR:
                self._errors[notice.where] += 1
                if self._errors[notice.where] > MOST_ERRORS:
                    notice = Notice(SESSION_ERROR, _MORE_ERRORS, notice.where)  # noqa: PLW2901
                    if notice in self._notices:
                        continue
            self._notices.add(notice)
            yield notice

    def schema_news(self, schema: Schema) -> Iterator[Notice]:
        """Yield what is worth telling of the tables, unless it is those of before."""
        if schema is not self._schema:
            self._schema = schema
            yield from self.news(schema.notices)

    def flaw_news(self, session: str, found: Iterable[Notice]) -> Iterator[Notice]:
        """Yield what of *session*, which was read, cannot be; once in a reader."""
        self._flawed.add(session)
        yield from self.news(errors_of(found))

    def knows_flaw(self, session: str) -> bool:
        """Return whether that was told of *session*."""
        return session in self._flawed

    def begin_scan(self, *, tells_again: bool = True) -> None:
        """Tell of sessions each time, and of all that was told before, too, or not."""
        self.is_live = False
        self._schema = None
        if tells_again:
            self._notices.clear()
            self._errors.clear()
            self._flawed.clear()


def session_emissions(
    loaded: Loaded, path: Path, told: Told, holding: Holding | None = None
) -> Generator[Emission, None, bool]:
    """Yield what was read of one session; no transaction may be open.

    Args:
        loaded: The session.
        path: Of the store.
        told: Which notices are known already.
        holding: What the consumer holds of the session: where that may be more than
            there is now, the session is taken back first. ``None`` in a full scan.

    Returns:
        Whether something of it could not be read, and is not among the events.
    """
    if loaded.evidence is not None:
        yield loaded.evidence
    yield from told.news(loaded.notices)
    if loaded.tree is None:
        return False
    events, found = map_tree(loaded.tree, f"opencode:{path}")
    session = loaded.tree.session.id
    errors = errors_of(found)
    if errors:
        yield from told.flaw_news(session, errors)
    yield from told.news([one for one in found if one.code != SESSION_ERROR])
    if holding is not None and holding.may_exceed(events):
        yield removed(session)
    yield from events
    if holding is not None:
        holding.replace(events)
    return bool(errors)


def errors_of(notices: Iterable[Notice]) -> list[Notice]:
    """Return those of *notices* that say that something cannot be read."""
    return [notice for notice in notices if notice.code == SESSION_ERROR]

"""What a scan of a store with one thing wrong keeps of the scan of the intact one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from pytest_parsediff.core.errors import ParsediffError
from pytest_parsediff.core.event import Notice
from pytest_parsediff.core.wording import agreeing, counted
from pytest_parsediff.interleave.bench import Bench
from pytest_parsediff.interleave.rig import Rig
from pytest_parsediff.interleave.subject import Line, by_session
from pytest_parsediff.laws.law import show
from pytest_parsediff.laws.mutation import Demand, Mutation

#: What is broken, and by what.
Broken: TypeAlias = tuple[str, list[str]]


@dataclass(frozen=True, slots=True)
class Scanned:
    """What one scan gave.

    Attributes:
        sessions: Lines per session.
        notices: How often each was given: code, place, message.
    """

    sessions: Mapping[str, tuple[Line, ...]]
    notices: Counter[tuple[str, str, str]]


def scan(rig: Rig) -> Scanned:
    """Scan the store of *rig* from the beginning.

    Raises:
        ParsediffError: PD4xx, the adapter failed.
    """
    poll = rig.scan(None)
    return Scanned(by_session(poll.lines), _counted(poll.notices))


def _counted(notices: Iterable[Notice]) -> Counter[tuple[str, str, str]]:
    return Counter((one.code, one.where, one.message) for one in notices)


@dataclass(slots=True)
class Judge:
    """Compares scans of bad stores with that of the intact one.

    Attributes:
        rig: The adapter.
        intact: What a scan of the intact store gave.
    """

    rig: Rig
    intact: Scanned
    _owners: dict[str, set[str] | None] = field(default_factory=dict)

    def judge(self, mutation: Mutation, found: Scanned) -> Broken | None:
        """Return how the law is broken, and by what."""
        repeated = self._repeated(found)
        if repeated:
            return "the same notice is given several times", repeated
        if self.intact.sessions and not found.sessions and not found.notices:
            count = sum(map(len, self.intact.sessions.values()))
            return (
                f"nothing at all is emitted, silently, in place of {counted(count, 'event')}",
                [],
            )
        owners = self._owners_of(mutation)
        if owners is not None:
            harmed = [s for s in self.intact.sessions if s not in owners]
            harmed = [s for s in harmed if not self._is_same(s, found)]
            if mutation.demand is Demand.NOTHING:
                harmed = [s for s in harmed if s not in found.sessions]
            if harmed:
                return self._harmed(harmed, found)
        return self._judge_owners(mutation, found)

    def _judge_owners(self, mutation: Mutation, found: Scanned) -> Broken | None:
        """Judge what became of the sessions that are concerned."""
        demand = mutation.demand
        if demand is Demand.NOTHING:
            return None
        if demand is Demand.TAIL and self._gives(mutation.shorter, found):
            return None
        is_noticed = bool(found.notices - self.intact.notices)
        lost, is_changed = self._differences(found)
        if demand is Demand.REPORT and not (is_noticed or is_changed or lost):
            return "it is passed over in silence", []
        if not lost or is_changed or (is_noticed and demand is not Demand.REPORT):
            return None
        if demand is Demand.NO_LOST_ROW and (
            not self._gives(mutation.without, found)
            or self._loses_alike(mutation.alike, found)
        ):
            return None
        silently = "" if is_noticed else ", silently"
        return f"{agreeing(len(lost), 'event', 'is', 'are')} lost{silently}", lost

    def _repeated(self, found: Scanned) -> list[str]:
        return [
            f"{count} times: {code} {where}".rstrip()
            for (code, where, message), count in found.notices.items()
            if count - self.intact.notices[code, where, message] > 1
        ]

    def _is_same(self, session: str, found: Scanned) -> bool:
        one, other = (
            [line.text for line in scanned.sessions.get(session, ())]
            for scanned in (self.intact, found)
        )
        if not self.rig.subject.comparison.is_ordered:
            return sorted(one) == sorted(other)
        return one == other

    def _harmed(self, harmed: list[str], found: Scanned) -> Broken:
        gone = [session for session in harmed if session not in found.sessions]
        what = (
            f"{agreeing(len(harmed), 'other session', 'is', 'are')} emitted otherwise"
        )
        if gone:
            what = f"{agreeing(len(gone), 'other session', 'is', 'are')} gone"
        return what, [f"session {session}" for session in (gone or harmed)]

    def _differences(self, found: Scanned) -> tuple[list[str], bool]:
        """Return the events that are gone, and whether any is new or another."""
        known = _by_key(self.intact.sessions)
        now = _by_key(found.sessions)
        lost = [
            f"lost: {place[0]}: {show(text)}"
            for place, text in known.items()
            if place not in now
        ]
        changed = any(known.get(place) != text for place, text in now.items())
        return lost, changed

    def _loses_alike(self, bench: Bench | None, found: Scanned) -> bool:
        """Return whether the same events are gone where the row only stands elsewhere.

        A question that was never answered may be no event, and a row that comes last
        by its time is not lost by that.
        """
        if bench is None:
            return False
        try:
            other = scan(replace(self.rig, bench=bench))
        except ParsediffError:
            return False
        return {*_by_key(other.sessions)} == {*_by_key(found.sessions)}

    def _gives(self, bench: Bench | None, found: Scanned) -> bool:
        """Return whether a scan of that store gives the same events."""
        if bench is None:
            return False
        try:
            other = scan(replace(self.rig, bench=bench))
        except ParsediffError:
            return False
        return _by_key(other.sessions) == _by_key(found.sessions)

    def _owners_of(self, mutation: Mutation) -> set[str] | None:
        """Return the sessions that depend on what is wrong; ``None`` if unknown."""
        if mutation.owner is None:
            return None
        if mutation.owner not in self._owners:
            self._owners[mutation.owner] = self._depending(mutation)
        return self._owners[mutation.owner]

    def _depending(self, mutation: Mutation) -> set[str] | None:
        named = {s for s in self.intact.sessions if s in mutation.names}
        if mutation.without is None:
            return named or None
        try:
            found = scan(replace(self.rig, bench=mutation.without))
        except ParsediffError:
            return named or None
        return named | {s for s in self.intact.sessions if not self._is_same(s, found)}


def _by_key(
    sessions: Mapping[str, tuple[Line, ...]],
) -> dict[tuple[str, str], bytes]:
    return {
        (session, line.key): line.text
        for session, lines in sessions.items()
        for line in lines
    }

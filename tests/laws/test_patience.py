"""Readers that hand out only what has stood still for a while."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from law_bench import Base, connect, database_rig

from pytest_parsediff.core.event import Context, Emission, Source
from pytest_parsediff.interleave.plan import Gap, Placed, Plan
from pytest_parsediff.laws.explore import Explorer, Finding
from pytest_parsediff.laws.law import Law

#: One step in the second poll, the other after the last one.
PLAN = Plan((Placed(0, 0, 1, Gap(1, 0)), Placed(0, 1, 1, Gap(9, 0))), None, 2)


class Waits(Base):
    """Hands out a row when it has stood still for two seconds."""

    after_s = 2.0
    is_forgetful = False
    has_clock = True

    def open(self, source: Source, context: Context) -> Waiting:
        """Return a reader that has seen nothing."""
        return Waiting(self, source, context)


class Waiting:
    """Knows what it has emitted, and since when the rest stands still."""

    def __init__(self, adapter: Waits, source: Source, context: Context) -> None:
        self.adapter = adapter
        self.source = source
        self.context = context
        self.told: dict[str, tuple[str, str]] = {}
        self.since: dict[str, tuple[tuple[str, str], float]] = {}
        self.polls = 0

    def scan(self, _cursor: str | None) -> Iterator[Emission]:
        """Yield everything in the first poll, later what has waited."""
        db = connect(self.source.path)
        sql = "SELECT id, session, data FROM message ORDER BY id"
        rows = {row[0]: row[1:] for row in db.execute(sql).fetchall()}
        db.close()
        now = self.context.clock() if self.adapter.has_clock else 10.0 * self.polls
        self.polls += 1
        for key, row in rows.items():
            if self.told.get(key) == row:
                continue
            known, since = self.since.get(key, (None, now))
            if known != row:
                since = now
            self.since[key] = row, since
            if self.polls == 1 or now - since >= self.adapter.after_s:
                self.told[key] = row
                if not (self.adapter.is_forgetful and self.polls > 1):
                    yield {"id": key, "session": row[0], "data": row[1]}

    def close(self) -> None:
        """Nothing is open."""


class Forgets(Waits):
    """Waits, and then does not hand out what has waited."""

    is_forgetful = True


class OnePollLate(Waits):
    """Waits for the next poll, whatever the time is."""

    has_clock = False


@pytest.mark.parametrize(
    ("reader", "is_broken"), [(Waits, False), (Forgets, True), (OnePollLate, True)]
)
def test_a_reader_that_asks_for_the_time_may_wait(
    tmp_path: Path, reader: type[Waits], is_broken: bool
) -> None:
    """What the quiet poll shows it first is handed out an hour later, or never."""
    explorer = Explorer(
        rig=database_rig(reader(), tmp_path), laws=(Law.CONVERGES, Law.CRASH_SAFE)
    )

    assert is_broken is isinstance(explorer.replay(PLAN), Finding)
    killed = Plan(PLAN.steps, 2, PLAN.polls)
    assert is_broken is isinstance(explorer.replay(killed), Finding)

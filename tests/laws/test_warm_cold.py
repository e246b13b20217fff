"""The law ``warm-cold``: warm equals cold, and the warm path ran."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from law_bench import Base, connect, database_rig

from pytest_parsediff.adapters.resolve import Resolved
from pytest_parsediff.conformancestores import write_scenario
from pytest_parsediff.core.config import AdapterConfig
from pytest_parsediff.core.event import Checkpoint, Context, Emission, Source
from pytest_parsediff.interleave.plan import Gap, Placed, Plan
from pytest_parsediff.laws.explore import Explorer, Finding
from pytest_parsediff.laws.law import Law
from pytest_parsediff.laws.memory import reads_on
from pytest_parsediff.laws.warmcold import check_warm_path
from pytest_parsediff.stress.stand import make_subject


class ForgetsItsCursor(Base):
    """Hands out cursors and begins anew all the same."""

    def scan(self, source: Source, _cursor: str | None) -> Iterator[Emission]:
        """Yield everything."""
        yield from super().scan(source, None)


class BehindTheWatermark(Base):
    """Loses what comes in the millisecond of its watermark: warm is not cold."""

    query = Base.query.replace(">=", ">")


class MissesUpdates(Base):
    """Reads on by id, so that a row that changes is stale for ever."""

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield rows behind the id of the cursor."""
        last = cursor or ""
        with closing(connect(source.path)) as db:
            sql = "SELECT id, session, data FROM message WHERE id > ? ORDER BY id"
            rows = db.execute(sql, (last,)).fetchall()
        for row in rows:
            yield dict(zip(("id", "session", "data"), row, strict=True))
            last = row[0]
        yield Checkpoint(last)


class NoCursor(Base):
    """Has no checkpoint."""

    def scan(self, source: Source, _cursor: str | None) -> Iterator[Emission]:
        """Yield all rows, and nothing else."""
        yield from list(super().scan(source, None))[:-1]


class Live:
    """Keeps a reader, which knows by itself what it has emitted."""

    name = "live"

    def open(self, source: Source, _context: Context) -> Live.Reader:
        """Return one that begins at the beginning."""
        return Live.Reader(source)

    class Reader:
        """Knows how far it has read."""

        def __init__(self, source: Source) -> None:
            self.source = source
            self.cursor: str | None = None

        def scan(self, _cursor: str | None) -> Iterator[Emission]:
            """Yield what is new."""
            *events, last = Base().scan(self.source, self.cursor)
            yield from events
            assert isinstance(last, Checkpoint)
            self.cursor = last.cursor

        def close(self) -> None:
            """There is nothing to close."""


@pytest.mark.parametrize("reader", [Base, Live])
def test_a_reader_that_reads_on_is_warm(tmp_path: Path, reader: type[Base]) -> None:
    """By cursor, or by a reader that stays open."""
    rig = database_rig(reader(), tmp_path)

    assert check_warm_path(rig) is None
    assert reads_on(rig)


def test_one_stamp_for_all_rows_is_still_warm(tmp_path: Path) -> None:
    """It emits everything again, and asks another question for it."""
    sql = """
    CREATE TABLE message(id TEXT PRIMARY KEY, session TEXT, data TEXT, updated INTEGER);
    INSERT INTO message VALUES ('a', 's', '1', 5), ('b', 's', '2', 5);
    """
    rig = database_rig(Base(), tmp_path, sql=sql, writers=())

    assert check_warm_path(rig) is None


@pytest.mark.parametrize(
    ("reader", "message"),
    [
        (ForgetsItsCursor, "each of 3 polls with a cursor"),
        (NoCursor, "no poll got a cursor"),
    ],
)
def test_a_warm_path_that_never_ran_proves_nothing(
    tmp_path: Path, reader: type[Base], message: str
) -> None:
    """That warm equals cold is no wonder where everything is read again."""
    violation = check_warm_path(database_rig(reader(), tmp_path))

    assert violation is not None
    assert Law.WARM_COLD is violation.law
    assert violation.message.startswith(f"the warm path never ran: {message}")


def test_an_adapter_without_cursors_claims_no_warm_path(tmp_path: Path) -> None:
    """So the law does not concern it."""
    assert not reads_on(database_rig(NoCursor(), tmp_path))


def test_warm_state_that_is_not_the_cold_one_is_found(tmp_path: Path) -> None:
    """The row that changed in place is stale."""
    violation = check_warm_path(database_rig(MissesUpdates(), tmp_path))

    assert violation is not None
    assert "after poll 4 2 lines differ" in violation.message
    assert violation.details[0].startswith("stale: s0")


class OneAtATime(Base):
    """Emits at most one row per poll that has a cursor."""

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield everything, or one row behind the cursor."""
        if cursor is None:
            yield from super().scan(source, None)
            return
        *events, _ = super().scan(source, str(int(cursor) + 1))
        for event in events[:1]:
            assert isinstance(event, dict)
            yield event
            cursor = str(event["updated"])
        yield Checkpoint(cursor)


class OneAtATimeAndPromises(OneAtATime):
    """Promises what it does not keep."""

    catches_up = True


#: Says so in its table, or takes back there what the adapter says of itself.
NOTHING = AdapterConfig(session="/session", key=["/id"])
YES, NO = (msgspec.structs.replace(NOTHING, catches_up=one) for one in (True, False))


@pytest.mark.parametrize(
    ("reader", "config", "is_broken"),
    [
        (Base, YES, False),
        (OneAtATime, NOTHING, False),
        (OneAtATime, YES, True),
        (OneAtATimeAndPromises, NOTHING, True),
        (OneAtATimeAndPromises, NO, False),
    ],
)
def test_single_polls_are_held_to_what_is_promised(
    tmp_path: Path, reader: type[Base], config: AdapterConfig, is_broken: bool
) -> None:
    """Batches over several polls are fine unless ``catches_up`` rules them out.

    The table comes first, as for everything else that an adapter declares.
    """
    rig = database_rig(reader(), tmp_path)
    scenario = write_scenario(tmp_path / "one", "SELECT 1;", "SELECT 1;")
    resolved = Resolved(rig.subject.adapter, config)
    subject = make_subject(resolved, rig.subject.rules, scenario)
    rig = replace(rig, subject=subject, states=replace(rig.states, subject=subject))
    explorer = Explorer(rig=rig, laws=(Law.WARM_COLD,))

    steps = (Placed(0, 0, 1, Gap(1, 0)), Placed(0, 1, 1, Gap(1, 0)))

    found = explorer.replay(Plan(steps, None, 3))

    assert is_broken is isinstance(found, Finding)
    if isinstance(found, Finding):
        assert "after poll 2 2 lines differ" in found.violation.message


def test_losing_the_millisecond_of_the_watermark_breaks_a_run(tmp_path: Path) -> None:
    """At the end of every run warm is compared with cold."""
    rig = database_rig(BehindTheWatermark(), tmp_path)
    explorer = Explorer(rig=rig, laws=(Law.WARM_COLD,))
    steps = (Placed(0, 0, 1, Gap(0, 0)), Placed(0, 1, 0, Gap(1, 0)))

    found = explorer.replay(Plan(steps, None, 2))

    assert isinstance(found, Finding)
    assert Law.WARM_COLD is found.violation.law


def test_of_an_empty_store_nothing_can_be_told(tmp_path: Path) -> None:
    """A scan of it is as short from the beginning as from anywhere."""
    sql = "CREATE TABLE message(id TEXT PRIMARY KEY, session TEXT, data TEXT, updated INTEGER);"

    for reader in (Base, ForgetsItsCursor):
        assert (
            check_warm_path(database_rig(reader(), tmp_path, sql=sql, writers=()))
            is None
        )

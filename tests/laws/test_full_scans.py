"""Adapters that read everything in each scan: what is asked of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from law_bench import Base, database_rig, file_rig

from pytest_parsediff.core.config import AdapterConfig
from pytest_parsediff.core.event import Context, Emission, Source
from pytest_parsediff.interleave.plan import Gap, Placed, Plan
from pytest_parsediff.laws.explore import Explorer, Finding
from pytest_parsediff.laws.law import Law
from pytest_parsediff.laws.static import STATIC, why_not

DELETE = ("DELETE FROM message WHERE id = 'm1';",)
PLAN = Plan((Placed(0, 0, 1, Gap(1, 0)),), None, 2)


class Everything(Base):
    """Has no checkpoint."""

    def scan(self, source: Source, _cursor: str | None) -> Iterator[Emission]:
        """Yield all rows."""
        yield from list(super().scan(source, None))[:-1]


@pytest.mark.parametrize(("reader", "is_broken"), [(Everything, False), (Base, True)])
def test_a_full_scan_takes_the_place_of_what_was_emitted(
    tmp_path: Path, reader: type[Base], is_broken: bool
) -> None:
    """A row that is gone is gone, where everything is emitted again without it."""
    rig = database_rig(reader(), tmp_path, writers=DELETE)
    explorer = Explorer(rig=rig, laws=(Law.CONVERGES, Law.WARM_COLD))

    assert is_broken is isinstance(explorer.replay(PLAN), Finding)


def with_context(path: Path, _context: Context) -> Iterator[Emission]:
    """Yield all rows."""
    yield from list(Base().scan(Source(path, path.parent), None))[:-1]


class Opened:
    """Is opened for the context, and remembers nothing."""

    name = "opened"

    def open(self, source: Source, _context: Context) -> Opened:
        """Return itself."""
        self.source = source
        return self

    def scan(self, _cursor: str | None) -> Iterator[Emission]:
        """Yield all rows."""
        yield from list(Base().scan(self.source, None))[:-1]

    def close(self) -> None:
        """Nothing is open."""


class OnlyWhatIsNew(Opened):
    """Remembers what it emitted, and does not say what is gone."""

    def open(self, source: Source, _context: Context) -> OnlyWhatIsNew:
        """Return a new one."""
        reader = OnlyWhatIsNew()
        reader.source = source
        reader.known = []
        return reader

    known: list[Emission]

    def scan(self, _cursor: str | None) -> Iterator[Emission]:
        """Yield new rows."""
        for event in super().scan(None):
            if event not in self.known:
                self.known.append(event)
                yield event


@pytest.mark.parametrize("reader", [with_context, Opened()])
def test_a_reader_is_not_taken_to_remember_because_it_is_opened(
    tmp_path: Path, reader: object
) -> None:
    """It may need the context only: then what it says last is all that there is."""
    rig = database_rig(reader, tmp_path, writers=DELETE)
    explorer = Explorer(rig=rig, laws=(Law.CONVERGES, Law.WARM_COLD))

    assert not isinstance(explorer.replay(PLAN), Finding)
    for law in (Law.RESUME, Law.CRASH_SAFE, Law.WARM_COLD, Law.IDLE_CHEAP):
        assert why_not(law, rig) == "the adapter reads everything in each scan"


def test_a_reader_that_remembers_has_to_say_what_is_gone(tmp_path: Path) -> None:
    """It tells some things only once, so its consumer keeps them."""
    rig = database_rig(OnlyWhatIsNew(), tmp_path, writers=DELETE)
    explorer = Explorer(rig=rig, laws=(Law.CONVERGES,))

    assert isinstance(explorer.replay(PLAN), Finding)
    assert not why_not(Law.WARM_COLD, rig)


def test_a_function_with_a_context_leaves_nothing_out(tmp_path: Path) -> None:
    """Every call of it is a full scan, as of one without."""
    calls = []

    def forgets(path: Path, context: Context) -> list[Emission]:
        calls.append(path)
        rows = list(with_context(path, context))
        return rows[1:] if len(calls) == 2 else rows

    rig = database_rig(forgets, tmp_path, writers=())
    explorer = Explorer(rig=rig, laws=(Law.SNAPSHOT,))

    assert isinstance(explorer.replay(Plan((), None, 2)), Finding)


def test_laws_of_reading_on_do_not_concern_full_scans(tmp_path: Path) -> None:
    """The others do."""
    rig = database_rig(Everything(), tmp_path)

    concerned = {law for law in Law if not why_not(law, rig)}

    assert {
        Law.READ_ONLY,
        Law.DETERMINISTIC,
        Law.SNAPSHOT,
        Law.CONVERGES,
        Law.NO_DUPLICATES,
        Law.NO_PIN,
        Law.TOLERANT,
        Law.GATE_SOUND,
    } == concerned
    assert not any(why_not(law, database_rig(Base(), tmp_path)) for law in Law)


def test_laws_of_databases_do_not_concern_files(tmp_path: Path) -> None:
    """There is no WAL to pin, and no plan of a statement."""
    rig = file_rig(Everything(), tmp_path, {"a": b"x"})

    assert "the store is no database" == why_not(Law.NO_PIN, rig)


def test_the_gate_judges_sessions(tmp_path: Path) -> None:
    """Where events name none, there is nothing to judge."""
    rig = database_rig(Base(), tmp_path, config=AdapterConfig(key=["/id"]))

    assert "no place in an event is said to name its session" == why_not(
        Law.GATE_SOUND, rig
    )


def test_every_law_has_a_check() -> None:
    """Of one run, of its own runs, or both."""
    assert {
        Law.SNAPSHOT,
        Law.CONVERGES,
        Law.NO_DUPLICATES,
        Law.CRASH_SAFE,
    } == set(Law) - set(STATIC)

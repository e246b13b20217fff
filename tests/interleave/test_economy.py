"""What is saved on the way to a plan's result changes nothing of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from bench_store import AtOrAfter, AtOrAfterByApsw, make_rig, measure

from pytest_parsediff.core.event import Event
from pytest_parsediff.interleave.clock import HarnessClock
from pytest_parsediff.interleave.databasebench import DatabaseBench
from pytest_parsediff.interleave.plan import Gap, Placed, Plan
from pytest_parsediff.interleave.run import Keep, Run
from pytest_parsediff.interleave.strategy import Plans, Strategy
from pytest_parsediff.interleave.subject import Memory
from pytest_parsediff.interleave.writers.connection import Library, leaves_nothing
from pytest_parsediff.interleave.writers.sqlscript import parse_script

_INSERT = "INSERT INTO message VALUES ('x', 's', 'v', now_ms());"


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (_INSERT, True),
        (f"BEGIN IMMEDIATE; {_INSERT} {_INSERT} COMMIT;", True),
        ("BEGIN; UPDATE message SET data = 'w'; END TRANSACTION;", True),
        ("delete from message;", True),
        ("PRAGMA wal_checkpoint(TRUNCATE);", True),
        ("PRAGMA foreign_keys = ON;", False),
        ("CREATE TEMP TABLE t(x);", False),
        ("INSERT INTO temp.t VALUES (1);", False),
        ("UPDATE message SET data = last_insert_rowid();", False),
        ("UPDATE message SET data = changes();", False),
        ("ATTACH 'other.db' AS other;", False),
        (f"-- step: hold\nBEGIN IMMEDIATE; {_INSERT}", False),
        ("-- step: end\nCOMMIT;", False),
        (f"-- step: undo\nBEGIN; {_INSERT} ROLLBACK;", False),
        (f"-- step: two\nBEGIN; {_INSERT} COMMIT; BEGIN; COMMIT;", False),
    ],
)
def test_a_step_that_leaves_something_in_its_connection_is_known(
    script: str, expected: bool
) -> None:
    """Settings, temporary tables, open transactions and counters are a connection's."""
    (step,) = parse_script(script, Path("writer.sql"))

    assert leaves_nothing(step.statements) is expected


def _connections(bench: DatabaseBench) -> int:
    """Return how many connections the writers of *bench* have."""
    written = bench.make(HarnessClock())
    try:
        steps = [steps[0] for steps in written.writers]
        return len({id(step.connection) for step in steps})  # type: ignore[attr-defined]
    finally:
        written.discard()


def _with_own_connections(bench: Any) -> Any:
    """Return *bench* after telling it that no writer can share."""
    own = tuple(script._replace(is_sharing=False) for script in bench._scripts)
    object.__setattr__(bench, "_scripts", own)
    return bench


def _facts(run: Run) -> tuple[object, ...]:
    return run.observation(), run.content, run.states, run.gaps, run.log, run.left


@pytest.mark.parametrize("library", [Library.STDLIB, Library.APSW])
@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_writers_with_one_connection_do_what_two_would(
    tmp_path: Path, library: Library, journal: Any
) -> None:
    """Neither the reader nor the store can tell, whatever the journal."""
    adapter = AtOrAfterByApsw() if library is Library.APSW else AtOrAfter()
    folders = tmp_path / "one", tmp_path / "two"
    for folder in folders:
        folder.mkdir()
    rig, other = (
        make_rig(adapter, folder, library=library, journal=journal)
        for folder in folders
    )
    assert isinstance(rig.bench, DatabaseBench)
    assert 1 == _connections(rig.bench)
    assert 2 == _connections(_with_own_connections(other.bench))
    plans = Plans(shape=measure(rig), strategy=Strategy.PCT, total=60)

    for numbered in plans.between(0, 60):
        assert _facts(rig.run(numbered.plan)) == _facts(other.run(numbered.plan))


def test_a_store_whose_triggers_count_gives_each_writer_its_connection(
    tmp_path: Path,
) -> None:
    """A trigger may ask for the last row that its connection inserted."""
    bench = make_rig(AtOrAfter(), tmp_path).bench
    assert isinstance(bench, DatabaseBench)
    asking = DatabaseBench(
        image=bench.image + b"-- SELECT Last_Insert_RowID()",
        root=bench.root,
        spare=bench.spare,
        name=bench.name,
        library=bench.library,
        scripts=bench.scripts,
        names=bench.names,
    )

    assert 2 == _connections(asking)


def test_what_no_law_wants_is_not_kept(tmp_path: Path) -> None:
    """Without laws no state is looked at; what the reader saw stays the same."""
    rig = make_rig(AtOrAfter(), tmp_path)
    plan = next(Plans(shape=measure(rig), total=1).between(0, 1)).plan
    rig.states.forget_contents()

    bare = rig.run(plan, keep=Keep.MOMENTS)
    captured = any(rig.states.knows(state) for state in bare.states)
    kept = rig.run(plan)

    assert not captured
    assert not bare.content
    assert kept.content
    assert all(rig.states.knows(state) for state in kept.states)
    assert (bare.observation(), bare.states, bare.log) == (
        kept.observation(),
        kept.states,
        kept.log,
    )


@pytest.mark.parametrize("library", [Library.STDLIB, Library.APSW])
def test_where_no_law_looks_the_outcome_is_the_same(
    tmp_path: Path, library: Library
) -> None:
    """What is not kept, and a quiet poll that nobody follows, change nothing."""
    adapter = AtOrAfterByApsw() if library is Library.APSW else AtOrAfter()
    rig = make_rig(adapter, tmp_path, library=library)
    plans = Plans(shape=measure(rig), strategy=Strategy.PCT, total=60)

    for numbered in plans.between(0, 60):
        bare = rig.run(numbered.plan, keep=Keep.OUTCOME)
        assert _outcome(bare) == _outcome(rig.run(numbered.plan))
        assert not bare.content
        assert not bare.polls[-1].statements


def _outcome(run: Run) -> tuple[object, ...]:
    polls = [
        (poll.texts, [cursor for cursor, _ in poll.checkpoints], poll.error)
        for poll in run.polls
    ]
    return run.observation(), polls, run.acted, run.ran, run.left


def test_a_reader_does_not_wait_for_a_lock_that_a_writer_left(tmp_path: Path) -> None:
    """The quiet poll is followed, too, where a step may leave a lock behind."""
    holding = f"-- step: hold\nBEGIN EXCLUSIVE; {_INSERT}"
    rig = make_rig(_Patient(), tmp_path, writers=(holding,), journal="delete")
    placed = Placed(0, 0, 1, Gap(0, 1))

    run = rig.run(Plan((placed,), None, 1), keep=Keep.OUTCOME)

    assert ["PD401", "PD401"] == [poll.error and poll.error.code for poll in run.polls]


class _Patient(AtOrAfter):
    """Waits longer for a lock than a plan may take."""

    timeout_s = 3_600.0


class _Counting:
    """Finds something new about every event it is asked about."""

    def __init__(self) -> None:
        self.asked = 0

    def find(self, _event: Event) -> int:
        """Return how often it was asked."""
        self.asked += 1
        return self.asked


@pytest.mark.parametrize(
    "values",
    [
        (1, 1.0, True),
        (0.0, -0.0, False, None, ""),
        ([1], (1,), {"1": 1}),
        ([[1]], [(1,)]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ("00000000-0000-0000-0000-000000000000", b"0"),
    ],
)
def test_events_that_differ_in_type_only_are_taken_apart_each(
    values: tuple[Any, ...],
) -> None:
    """What stands for an event tells apart all that a canonical line tells apart."""
    memory = Memory(_Counting().find)

    found = [memory.of({"v": value}) for value in values]

    assert len(values) == len(set(found))


def test_an_event_that_is_filled_again_is_not_remembered_as_what_it_became() -> None:
    """Adapters may use one dictionary for all their events."""
    memory = Memory(_Counting().find)
    event = {"v": [1]}

    first = memory.of(event)
    event["v"].append(2)

    assert first != memory.of(event)
    assert first == memory.of({"v": [1]})

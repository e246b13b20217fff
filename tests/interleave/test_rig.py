"""Plans on a real database with real writers: wrong readers are caught, right ones pass."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import apsw
import pytest
from bench_store import (
    After,
    AtOrAfter,
    AtOrAfterByApsw,
    CheckpointFirst,
    TwoSnapshots,
    make_rig,
    measure,
)

from pytest_parsediff.core.event import Checkpoint, Context, Emission, Source
from pytest_parsediff.core.pointers import Pointer
from pytest_parsediff.interleave.clock import EPOCH_MS
from pytest_parsediff.interleave.plan import Gap, Placed, Plan
from pytest_parsediff.interleave.rig import Rig
from pytest_parsediff.interleave.run import Run
from pytest_parsediff.interleave.schedule import Kind
from pytest_parsediff.interleave.shrink import shrink
from pytest_parsediff.interleave.strategy import Plans
from pytest_parsediff.interleave.writers.connection import Library
from pytest_parsediff.laws.checks import PER_RUN
from pytest_parsediff.laws.law import Law, Violation


def judge(rig: Rig, plan: Plan) -> Violation | None:
    """Return the first law that *plan* breaks."""
    run = rig.run(plan)
    found = (check(run, rig.states, rig.subject) for check in PER_RUN.values())
    violation = next(filter(None, found), None)
    rig.states.forget_contents()
    return violation


@pytest.mark.parametrize(
    ("reader", "law", "steps"),
    [
        (After, Law.CONVERGES, 1),
        (TwoSnapshots, Law.CONVERGES, 2),
        (CheckpointFirst, Law.CRASH_SAFE, 1),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_a_wrong_reader_is_caught_in_the_sweep_and_shrinks(
    tmp_path: Path, reader: type[AtOrAfter], law: Law, steps: int, seed: int
) -> None:
    """The law that names the bug is broken, and the minimum is small."""
    rig = make_rig(reader(), tmp_path)
    shape = measure(rig)
    plans = Plans(shape=shape, seed=seed, scenario="small", total=500)

    first = next(p for p in plans.between(0, 500) if judge(rig, p.plan))
    found = shrink(
        first.plan, lambda plan: judge(rig, plan) is not None, lengths=shape.writers
    )

    assert first.is_sweep
    violation = judge(rig, found.plan)
    assert violation is not None
    assert law is violation.law
    assert steps == len(found.plan.steps)


def test_a_right_reader_passes_every_plan(tmp_path: Path) -> None:
    """Nothing that a correct reader does under 600 plans is called wrong."""
    rig = make_rig(AtOrAfter(), tmp_path)
    plans = Plans(shape=measure(rig), scenario="small", total=600)

    assert [] == [p for p in plans.between(0, 600) if judge(rig, p.plan)]


def observe(rig: Rig, plan: Plan) -> tuple[bytes, tuple[int, ...], list[str]]:
    """Return everything a run shows."""
    run = rig.run(plan)
    return run.observation(), run.gaps, [str(moment) for moment in run.moments]


def test_a_plan_gives_the_same_run_every_time(tmp_path: Path) -> None:
    """Observation, gaps and every moment repeat, plan after plan."""
    rig = make_rig(TwoSnapshots(), tmp_path)
    for numbered in Plans(shape=measure(rig), total=60).between(0, 60):
        assert observe(rig, numbered.plan) == observe(rig, numbered.plan)


def one_step(at: Gap, polls: int = 1) -> Plan:
    """Return the plan with the first writer's first step at a gap."""
    return Plan((Placed(0, 0, 5, at),), None, polls)


def seen(run: Run, poll: int) -> dict[str, str]:
    """Return what a poll emitted, data by id."""
    events = [json.loads(line.text) for line in run.polls[poll].lines]
    return {event["id"]: event["data"] for event in events}


@pytest.mark.parametrize(
    ("nth", "expected"), [(0, "v1"), (1, "v1"), (2, "v1"), (3, "v0")]
)
def test_a_commit_is_seen_by_the_snapshot_it_stands_before(
    tmp_path: Path, nth: int, expected: str
) -> None:
    """Poll start, connecting and the first statement come before the snapshot."""
    rig = make_rig(TwoSnapshots(), tmp_path)

    run = rig.run(one_step(Gap(0, nth)))

    assert expected == seen(run, 0)["m0"]
    assert (4,) == run.gaps
    assert 2 == len(run.states)


def test_the_window_of_a_poll_is_the_states_it_could_see(tmp_path: Path) -> None:
    """A state that was over before a poll began is none it could have seen."""
    rig = make_rig(AtOrAfter(), tmp_path)

    run = rig.run(one_step(Gap(1, 1), polls=2))

    assert [(0, 0), (0, 1), (1, 1)] == [
        (poll.first_state, poll.last_state) for poll in run.polls
    ]


def test_a_killed_reader_starts_from_its_last_checkpoint(tmp_path: Path) -> None:
    """What it had emitted stays; its cursor is the last one that was handed out."""
    rig = make_rig(AtOrAfter(), tmp_path)

    run = rig.run(Plan((), 2, 2))

    assert [True, False, False] == [poll.is_crashed for poll in run.polls]
    assert [2, 3, 3] == [len(poll.lines) for poll in run.polls]
    assert [None, None, "1700000000000"] == [poll.cursor for poll in run.polls]
    assert Kind.CRASH in [moment.kind for moment in run.moments]


class Raises(AtOrAfter):
    """Fails in its second poll."""

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield what the parent does, but once."""
        if cursor:
            raise OSError("gone")
        yield from super().scan(source, cursor)


def test_a_poll_that_raises_is_an_error_of_that_poll(tmp_path: Path) -> None:
    """The run goes on, and the quiet poll that fails breaks convergence."""
    rig = make_rig(Raises(), tmp_path)

    run = rig.run(Plan((), None, 2))

    errors = [poll.error and poll.error.code for poll in run.polls]
    assert [None, "PD401", "PD401"] == errors
    violation = judge(rig, Plan((), None, 1))
    assert violation is not None
    assert "PD401" in violation.message


def test_locks_of_the_reader_block_a_step_and_do_not_lose_it(tmp_path: Path) -> None:
    """A TRUNCATE checkpoint under a snapshot is busy, and comes later."""

    class Pins(AtOrAfter):
        def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
            with sqlite3.connect(source.path, isolation_level=None) as db:
                db.execute("BEGIN")
                db.execute("SELECT count(*) FROM message").fetchall()
                yield from super().scan(source, cursor)
                db.execute("COMMIT")
            db.close()

    writer = (
        "INSERT INTO message VALUES ('x', 's', '', 1); PRAGMA wal_checkpoint(TRUNCATE);",
    )
    rig = make_rig(Pins(), tmp_path, writers=writer)

    run = rig.run(
        Plan((Placed(0, 0, 0, Gap(0, 3)), Placed(0, 1, 0, Gap(0, 3))), None, 1)
    )

    kinds = [moment.kind for moment in run.moments]
    assert Kind.BLOCKED in kinds
    assert 2 == kinds.count(Kind.STEP)
    assert () == run.left


def test_a_killed_reader_holds_no_lock_any_more(tmp_path: Path) -> None:
    """Its snapshot ends with it, though none of its code runs on."""
    ended: list[str] = []

    class InTransaction(AtOrAfter):
        def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
            db = sqlite3.connect(source.path, isolation_level=None)
            try:
                db.execute("BEGIN")
                db.execute("SELECT count(*) FROM message").fetchall()
                yield from super().scan(source, cursor)
            finally:
                ended.append("finally")
                db.close()

    writer = ("UPDATE message SET data = ''; PRAGMA wal_checkpoint(TRUNCATE);",)
    rig = make_rig(InTransaction(), tmp_path, writers=writer)
    steps = (Placed(0, 0, 0, Gap(1, 0)), Placed(0, 1, 0, Gap(1, 0)))

    run = rig.run(Plan(steps, 1, 2))

    assert Kind.BLOCKED not in [moment.kind for moment in run.moments]
    assert 3 == len(ended), "the killed one is closed after the run"


def test_states_between_two_steps_at_one_gap_were_never_to_be_seen(
    tmp_path: Path,
) -> None:
    """The reader stands still there; it sees what all steps of the gap make."""
    rig = make_rig(AtOrAfter(), tmp_path)
    at = (Gap(0, 0), Gap(0, 0), Gap(0, 3), Gap(0, 3))
    steps = tuple(Placed(0, index, 1, gap) for index, gap in enumerate(at))

    run = rig.run(Plan(steps, None, 1))

    assert 4 == len(run.ran)
    assert 3 == len(run.states)
    assert [(1, 1), (2, 2)] == [(p.first_state, p.last_state) for p in run.polls]


class TellsTheTime(AtOrAfter):
    """Says when the database and its WAL were written."""

    name = "tells-the-time"

    def scan(self, source: Source, _cursor: str | None) -> Iterator[Emission]:
        """Yield both times once the reader has connected."""
        with closing(sqlite3.connect(source.path)) as db:
            db.execute("SELECT count(*) FROM message").fetchall()
            for suffix in ("", "-wal"):
                path = f"{source.path}{suffix}"
                yield {"id": suffix, "ms": os.stat(path).st_mtime_ns // 1_000_000}


def test_files_of_a_database_are_as_old_as_the_clock_says(tmp_path: Path) -> None:
    """A commit makes the WAL newer and the main file not, the same in every run."""
    rig = make_rig(TellsTheTime(), tmp_path)
    plan = Plan((Placed(0, 0, 5, Gap(0, 1)), Placed(0, 1, 5, Gap(1, 1))), None, 2)

    run = rig.run(plan)

    times = [[json.loads(line.text)["ms"] for line in p.lines] for p in run.polls]
    main, first = EPOCH_MS, EPOCH_MS + 5
    assert [[main, first], [main, first + 5], [main, first + 5]] == times
    assert run.observation() == rig.run(plan).observation()


LOCKER = (
    """\
-- step: lock
BEGIN EXCLUSIVE;
UPDATE message SET data = 'locked' WHERE id = 'm0';
-- step: commit
COMMIT;
""",
)


class EmptyWhenBusy(AtOrAfter):
    """Has nothing to say where it is locked out."""

    name = "empty-when-busy"

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield rows, or nothing."""
        with suppress(sqlite3.OperationalError):
            yield from super().scan(source, cursor)


class EmptyWhenBusyByApsw(AtOrAfterByApsw):
    """The same through the library of writers that use apsw."""

    name = "empty-when-busy-by-apsw"

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield rows, or nothing."""
        with suppress(apsw.BusyError):
            yield from super().scan(source, cursor)


@pytest.mark.parametrize("library", list(Library))
def test_a_writer_that_locks_everybody_out_can_be_looked_at_later(
    tmp_path: Path, library: Library
) -> None:
    """What nobody can see has not changed; it has when the lock is gone."""
    is_apsw = library is Library.APSW
    rig = make_rig(
        EmptyWhenBusyByApsw() if is_apsw else EmptyWhenBusy(),
        tmp_path,
        writers=LOCKER,
        library=library,
        journal="delete",
    )
    steps = (Placed(0, 0, 0, Gap(0, 1)), Placed(0, 1, 0, Gap(1, 0)))

    run = rig.run(Plan(steps, None, 2))

    sessions = [rig.states.parse(state).sessions for state in run.states]
    texts = [str(one["s0"][0].text) for one in sessions]
    assert ["v0" in texts[0], "v0" in texts[1], "locked" in texts[2]] == [True] * 3


class Forgets(AtOrAfter):
    """Says what is gone of what its cursor knows of."""

    name = "forgets"

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield all rows, what is gone, then a checkpoint."""
        *events, _ = super().scan(source, None)
        now = {
            event["id"]: event["session"] for event in events if isinstance(event, dict)
        }
        yield from events
        for id_, session in json.loads(cursor or "{}").items():
            if id_ not in now:
                yield {"id": id_, "session": session, "gone": True}
        yield Checkpoint(json.dumps(now))


DELETES = ("DELETE FROM message WHERE id = 'm0';",)


def test_a_killed_reader_need_not_take_back_what_it_does_not_know_of(
    tmp_path: Path,
) -> None:
    """It emitted a row, was killed before its checkpoint, and the row is gone."""
    rig = make_rig(Forgets(), tmp_path, writers=DELETES)
    gone = ((Pointer.parse("/gone"), (True,)),)
    object.__setattr__(rig.subject, "tombstones", gone)
    step = (Placed(0, 0, 0, Gap(1, 0)),)

    assert judge(rig, Plan(step, 2, 2)) is None
    assert judge(rig, Plan(step, 4, 2)) is None
    object.__setattr__(rig.subject, "tombstones", ())
    rig.lines.clear()
    kept = judge(rig, Plan(step, 4, 2))
    assert kept is not None
    assert Law.SNAPSHOT is kept.law


class Counts(AtOrAfter):
    """Counts its scans in its state folder."""

    source: Source
    file: Path

    def open(self, source: Source, context: Context, /) -> Counts:
        """Return a reader of *source*."""
        reader = Counts()
        reader.source, reader.file = source, context.state_dir / "count"
        return reader

    def scan(self, *_cursor: object) -> Iterator[Emission]:
        """Yield how many scans there were."""
        count = int(self.file.read_text()) + 1 if self.file.exists() else 1
        self.file.write_text(str(count))
        yield {"id": "count", "session": "s", "count": count}

    def close(self) -> None:
        """Nothing is open."""


def test_the_state_folder_survives_polls_and_nothing_else(tmp_path: Path) -> None:
    """Each plan begins with an empty one, and so does each full parse."""
    rig = make_rig(Counts(), tmp_path)

    runs = [rig.run(Plan((), None, 2)) for _ in range(2)]

    counts = [[json.loads(p.lines[0].text)["count"] for p in r.polls] for r in runs]
    assert [[1, 2, 3], [1, 2, 3]] == counts
    (line,) = rig.states.parse(runs[1].states[0]).sessions["s"]
    assert 1 == json.loads(line.text)["count"]

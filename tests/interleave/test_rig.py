"""Plans on a real database with real writers: wrong readers are caught, right ones pass."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench_store import (
    After,
    AtOrAfter,
    CheckpointFirst,
    TwoSnapshots,
    make_rig,
    measure,
)

from pytest_parsediff.core.event import Context, Emission, Source
from pytest_parsediff.interleave.plan import Gap, Placed, Plan
from pytest_parsediff.interleave.rig import Rig, Run
from pytest_parsediff.interleave.schedule import Kind
from pytest_parsediff.interleave.shrink import shrink
from pytest_parsediff.interleave.strategy import Plans
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


class Counts(AtOrAfter):
    """Counts its scans in its state folder."""

    source: Source
    file: Path

    def open(self, source: Source, context: Context) -> Counts:
        """Return a reader of *source*."""
        reader = Counts()
        reader.source, reader.file = source, context.state_dir / "count"
        return reader

    def scan(self, *_cursor: object) -> Iterator[Emission]:  # type: ignore[override]
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

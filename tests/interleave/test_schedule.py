"""Running a plan: steps at their gaps, total semantics, locks, crashes."""

from __future__ import annotations

from pytest_parsediff.interleave.clock import EPOCH_MS, HarnessClock
from pytest_parsediff.interleave.plan import Gap, Placed, Plan
from pytest_parsediff.interleave.schedule import Blocked, Kind, Schedule


class Note:
    """A step that notes that it ran, after refusing a number of times."""

    def __init__(self, log: list[str], label: str, blocked: int = 0) -> None:
        self.label = label
        self._log = log
        self._blocked = blocked

    def run(self, clock: HarnessClock) -> None:
        """Note label and time."""
        if self._blocked:
            self._blocked -= 1
            raise Blocked(self.label)
        self._log.append(f"{self.label}@{clock.now_ms - EPOCH_MS}")


def placed(writer: int, index: int, poll: int, nth: int, dt_ms: int = 0) -> Placed:
    """Return a placed step."""
    return Placed(writer, index, dt_ms, Gap(poll, nth))


def run(
    plan: Plan, writers: list[list[str]], polls: list[int], **blocked: int
) -> tuple[list[str], Schedule]:
    """Run *plan* over polls with so many snapshots; return the log and the schedule."""
    log: list[str] = []
    steps = [[Note(log, label, blocked.get(label, 0)) for label in w] for w in writers]
    schedule = Schedule(plan, steps, HarnessClock())
    for poll, snapshots in enumerate(polls):
        log.append(f"poll{poll}")
        schedule.begin_poll()
        for nth in range(1, snapshots + 1):
            schedule.reach(Kind.SNAPSHOT, "SELECT 1")
            log.append(f"read{nth}")
    schedule.drain()
    return log, schedule


def test_steps_run_just_before_the_snapshot_they_stand_at() -> None:
    """Each step is visible to the read of its gap and not to the one before."""
    plan = Plan(
        (placed(0, 0, 0, 1), placed(0, 1, 0, 2, 5), placed(0, 2, 1, 0)), polls=2
    )

    log, schedule = run(plan, [["a", "b", "c"]], [2, 1])

    expected = ["poll0", "a@0", "read1", "b@5", "read2", "poll1", "c@5", "read1"]
    assert expected == log
    assert [3, 2] == schedule.gaps


def test_steps_at_gaps_that_never_come_run_at_the_next_ones() -> None:
    """A poll with fewer snapshots than planned delays steps and loses none."""
    plan = Plan((placed(0, 0, 0, 9), placed(0, 1, 7, 0)), polls=2)

    log, schedule = run(plan, [["late", "last"]], [1, 1])

    assert ["poll0", "read1", "poll1", "late@0", "read1", "last@0"] == log
    assert list(plan.steps) == schedule.ran


def test_steps_that_do_not_exist_are_left_out() -> None:
    """A plan of another version of the scenario still runs."""
    plan = Plan((placed(0, 4, 0, 0), placed(3, 0, 0, 0), placed(0, 0, 0, 0)))

    log, _ = run(plan, [["a"]], [0])

    assert ["poll0", "a@0"] == log


def test_steps_absent_from_the_plan_never_run() -> None:
    """What shrinking dropped stays dropped."""
    log, schedule = run(Plan((placed(0, 1, 0, 0),)), [["a", "b"]], [1])

    assert ["poll0", "b@0", "read1"] == log
    assert schedule.is_exhausted


def test_a_blocked_step_is_tried_again_and_its_writer_waits() -> None:
    """Program order holds under locks, other writers go on, no time passes twice."""
    plan = Plan((placed(0, 0, 0, 0, 3), placed(0, 1, 0, 0), placed(1, 0, 0, 0)))

    log, schedule = run(plan, [["a", "b"], ["x"]], [2], a=2)

    assert ["poll0", "x@0", "read1", "a@3", "b@3", "read2"] == log
    blocked = [m.label for m in schedule.moments if m.kind is Kind.BLOCKED]
    assert ["a", "a"] == blocked


def test_what_stays_blocked_is_returned() -> None:
    """A lock that is never given back is not taken for a step that ran."""
    log: list[str] = []
    plan = Plan((placed(0, 0, 0, 0), placed(0, 1, 0, 0), placed(1, 0, 0, 0)))
    steps = [[Note(log, "a", 99), Note(log, "b")], [Note(log, "x")]]
    schedule = Schedule(plan, steps, HarnessClock())
    schedule.begin_poll()

    left = schedule.drain()

    assert [(0, 0), (0, 1)] == [(one.writer, one.index) for one in left]
    assert ["x@0"] == log


def test_what_a_step_causes_is_no_gap() -> None:
    """The writers' own statements and file calls are not the reader's."""
    schedule: Schedule

    class Nested(Note):
        def run(self, clock: HarnessClock) -> None:
            schedule.reach(Kind.SNAPSHOT, "the writer's own")
            super().run(clock)

    schedule = Schedule(
        Plan((placed(0, 0, 0, 0),)), [[Nested([], "a")]], HarnessClock()
    )
    schedule.begin_poll()
    assert [1] == schedule.gaps

    schedule.reach(Kind.SNAPSHOT, "the reader's")
    assert [2] == schedule.gaps


def test_the_reader_is_killed_after_so_many_emissions() -> None:
    """Emissions count over all polls; nothing else triggers the crash."""
    schedule = Schedule(Plan((), crash=2), [], HarnessClock())
    schedule.begin_poll()

    assert [False, True, False] == [schedule.emitted(Kind.EMIT, "e") for _ in range(3)]


def test_calls_before_the_first_poll_are_no_gaps() -> None:
    """What happens while a reader is opened belongs to no poll."""
    schedule = Schedule(Plan(()), [], HarnessClock())

    schedule.reach(Kind.FILE, "open")

    assert [] == schedule.gaps


def test_the_clock_tells_adapters_seconds_and_writers_milliseconds() -> None:
    """One clock, two units."""
    clock = HarnessClock()
    clock.advance(1_500)

    assert (1.5, EPOCH_MS + 1_500) == (clock(), clock.now_ms)


def test_what_is_noted_in_short_is_told_in_full() -> None:
    """Snapshots and events have their gap and time, also right after a step's."""
    plan = Plan((placed(0, 0, 0, 2, 5), placed(0, 1, 1, 1, 7)), polls=2)
    schedule = Schedule(plan, [[Note([], "a"), Note([], "b")]], HarnessClock())

    schedule.begin_poll()
    schedule.reach(Kind.SNAPSHOT, "one")
    schedule.emitted(Kind.EMIT, b"{}")
    schedule.reach(Kind.SNAPSHOT, "two")
    schedule.reach(Kind.SNAPSHOT, "three")
    schedule.begin_poll()
    schedule.emitted(Kind.CHECKPOINT, "c")
    schedule.reach(Kind.FILE, "stat")
    schedule.reach(Kind.SNAPSHOT, "four")
    schedule.emitted(Kind.EMIT, b"[]")

    expected = [
        ("poll", "poll 1", (0, 0), 0),
        ("snapshot", "one", (0, 1), 0),
        ("emit", "{}", (0, 1), 0),
        ("step", "a", (0, 2), 5),
        ("snapshot", "two", (0, 2), 5),
        ("snapshot", "three", (0, 3), 5),
        ("poll", "poll 2", (1, 0), 5),
        ("checkpoint", "c", (1, 0), 5),
        ("step", "b", (1, 1), 12),
        ("file", "stat", (1, 1), 12),
        ("snapshot", "four", (1, 2), 12),
        ("emit", "[]", (1, 2), 12),
    ]
    assert expected == [
        (moment.kind, moment.label, moment.gap, moment.now_ms - EPOCH_MS)
        for moment in schedule.moments
    ]


def test_gaps_at_which_steps_ran_are_known() -> None:
    """Also one at which a step was only tried."""
    plan = Plan((placed(0, 0, 0, 1), placed(0, 1, 0, 2)), polls=1)

    _, schedule = run(plan, [["a", "b"]], [3], b=1)

    assert [Gap(0, 1), Gap(0, 2), Gap(0, 3)] == schedule.acted

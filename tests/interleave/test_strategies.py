"""Sweep, gap-PCT and auto: what they cover, and that they repeat."""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_parsediff.core.splitmix import SplitMix64
from pytest_parsediff.interleave.pct import draw
from pytest_parsediff.interleave.plan import Gap, Plan, is_in_program_order
from pytest_parsediff.interleave.shape import EXTRA_GAPS, Shape
from pytest_parsediff.interleave.strategy import BLOCK, Plans, Strategy, blocks_of
from pytest_parsediff.interleave.sweep import sweep
from pytest_parsediff.interleave.token import encode

SHAPES = st.builds(
    lambda writers, gaps, emissions, may_crash: Shape(
        writers=tuple(writers),
        gaps=tuple(gaps),
        emissions=emissions,
        may_crash=may_crash,
    ),
    st.lists(st.integers(0, 6), max_size=3),
    st.lists(st.integers(1, 6), min_size=1, max_size=3),
    st.integers(0, 5),
    st.booleans(),
)
SMALL = Shape(writers=(5, 5), gaps=(3, 3))


def steps_of(plan: Plan) -> list[tuple[int, int]]:
    """Return (writer, index) of every step, sorted."""
    return sorted((placed.writer, placed.index) for placed in plan.steps)


@given(SHAPES)
def test_every_plan_of_a_sweep_has_every_step_once_in_order(shape: Shape) -> None:
    """A sweep moves steps about and never loses one."""
    for plan in sweep(shape):
        assert sorted(shape.steps()) == steps_of(plan)
        assert is_in_program_order(plan)
        assert plan.polls == shape.polls


@given(SHAPES)
def test_a_sweep_repeats_itself_and_nothing_in_it(shape: Shape) -> None:
    """Two sweeps are equal, and no plan comes twice."""
    plans = list(sweep(shape))

    assert plans == list(sweep(shape))
    assert len(plans) == len(set(plans))


def test_a_sweep_puts_all_writers_at_every_gap() -> None:
    """Each gap has a plan in which everything happens there at once."""
    together = {
        plan.steps[0].at
        for plan in sweep(SMALL)
        if len({p.at for p in plan.steps}) == 1
    }

    assert set(SMALL.all_gaps()) <= together


def test_a_sweep_cuts_between_any_two_steps_of_a_writer() -> None:
    """For each step and gap a plan has it there, those before it done, others not."""
    shape = Shape(writers=(4,), gaps=(3,))
    alone = {
        (plan.steps[number].index, plan.steps[number].at)
        for plan in sweep(shape)
        for number in range(4)
        if all(p.at == Gap(0, 0) for p in plan.steps[:number])
        and all(p.at == Gap(1, 0) for p in plan.steps[number + 1 :])
    }

    assert {(index, Gap(0, nth)) for index in range(4) for nth in range(3)} <= alone


def test_a_sweep_tries_every_crash_point() -> None:
    """Every emission of the quiet run is a place to be killed at."""
    shape = Shape(writers=(1,), gaps=(2,), emissions=4, may_crash=True)

    assert {None, 1, 2, 3, 4} == {plan.crash for plan in sweep(shape)}


def test_a_scenario_without_writers_still_crashes_and_runs() -> None:
    """The quiet plan and one per crash point."""
    shape = Shape(writers=(), gaps=(2,), emissions=2, may_crash=True)

    assert [None, 1, 2] == [plan.crash for plan in sweep(shape)]


TRACE = Shape(writers=(400,), gaps=(12, 12), emissions=300, may_crash=True)


def test_the_sweep_of_a_long_trace_is_bounded_and_spread_over_all_of_it() -> None:
    """Single commits come at every gap, and from every part of the trace."""
    plans = list(sweep(TRACE))

    inner = [
        [p for p in plan.steps if Gap(0, 0) < p.at < Gap(2, 0)]
        for plan in plans
        if plan.crash is None
    ]
    single = Counter((s[0].at, s[0].index // 40) for s in inner if len(s) == 1)
    assert len(plans) < 10_000
    assert set(itertools.product(list(TRACE.all_gaps())[1:], range(10))) <= set(single)
    assert max(single.values()) < 2 * min(single.values())


def test_a_sweep_that_is_cut_off_has_seen_every_part() -> None:
    """The first of the plans with single commits are spread too."""
    shape = Shape(writers=(40,), gaps=(8, 8))
    later = itertools.islice(sweep(shape), 3 * 16, 3 * 16 + 60)
    cuts = [sum(p.at == Gap(2, 0) for p in plan.steps) for plan in later]

    assert {cut // 8 for cut in cuts} >= set(range(5))


def test_a_sweep_comes_with_the_first_steps_and_leaves_the_others_for_the_end() -> None:
    """A reader can be stopped once while a writer is in the middle of what it does."""
    shape = Shape(writers=(4,), gaps=(3,))
    end = Gap(1, 0)

    cut = {
        (sum(p.at == gap for p in plan.steps), gap)
        for plan in sweep(shape)
        for gap in shape.all_gaps()
        if {p.at for p in plan.steps} <= {gap, end}
    }

    assert {(n, gap) for n in (1, 2, 3, 4) for gap in shape.all_gaps()} <= cut


def test_a_sweep_comes_with_the_last_steps_in_the_millisecond_read_last() -> None:
    """What was done before moved the clock; then it stands still, and then it moves."""
    start, gap = Gap(0, 0), Gap(1, 2)
    plans = {
        tuple((p.at, p.dt_ms) for p in plan.steps)
        for plan in sweep(Shape(writers=(4,), gaps=(3, 3)))
    }

    assert ((start, 0), (start, 1), (gap, 0), (gap, 1)) in plans
    assert ((start, 0), (gap, 0), (gap, 1), (gap, 1)) in plans


@given(SHAPES, st.integers(0, 2**64))
def test_a_drawn_plan_has_every_step_once_in_order(shape: Shape, seed: int) -> None:
    """Nothing is lost at random either, and no gap lies beyond what is drawn from."""
    plan = draw(shape, SplitMix64(seed))

    assert sorted(shape.steps()) == steps_of(plan)
    assert is_in_program_order(plan)
    allowed = set(shape.all_gaps(EXTRA_GAPS))
    assert {placed.at for placed in plan.steps} <= allowed


def test_drawn_plans_use_every_gap_tick_and_crash() -> None:
    """500 plans leave no gap out, freeze the clock, move it, and do both."""
    shape = Shape(writers=(3, 2), gaps=(3, 2), emissions=3, may_crash=True)
    plans = [draw(shape, SplitMix64.seeded("x", 0, i)) for i in range(500)]

    assert {p.at for plan in plans for p in plan.steps} == set(
        shape.all_gaps(EXTRA_GAPS)
    )
    ticks = [{p.dt_ms for p in plan.steps} for plan in plans]
    assert {0} in ticks
    assert {1} in ticks
    assert {0, 1} in ticks
    assert {plan.crash for plan in plans} == {None, 1, 2, 3, 4, 5}


def test_two_writers_meet_in_both_orders_at_one_gap() -> None:
    """Who comes first at a shared gap is drawn."""
    shape = Shape(writers=(1, 1), gaps=(1,))
    orders = {
        tuple(p.writer for p in draw(shape, SplitMix64.seeded("x", i)).steps)
        for i in range(100)
    }

    assert {(0, 1), (1, 0)} == orders


def test_the_plans_of_a_seed_are_the_same_for_ever() -> None:
    """Seeds stand in bug reports: the first 300 plans of one are pinned."""
    plans = Plans(shape=SMALL, seed=7, scenario="a/b", total=300)
    tokens = [encode(one.plan, 0) for one in plans.between(0, 300)]
    digest = hashlib.sha256("\n".join(tokens).encode()).hexdigest()

    assert "f27e58d48ae9202e" == digest[:16]


def test_plan_i_does_not_depend_on_how_many_are_run() -> None:
    """Blocks of any run, and of any worker, hold the same plans."""
    few = Plans(shape=SMALL, seed=1, scenario="s", total=250)
    many = Plans(shape=SMALL, seed=1, scenario="s", total=1_000)

    assert list(few.between(0, 250)) == list(many.between(0, 250))
    blocks = [one for number in range(3) for one in few.block(number)]
    assert blocks == list(few.between(0, 250))
    assert [3, 10, 0] == [blocks_of(250), blocks_of(10 * BLOCK), blocks_of(0)]


def test_seeds_and_scenarios_give_other_plans() -> None:
    """Two scenarios are not shaken in the same way."""
    base = list(Plans(shape=SMALL, strategy=Strategy.PCT, total=20).between(0, 20))
    for other in (
        Plans(shape=SMALL, strategy=Strategy.PCT, total=20, seed=1),
        Plans(shape=SMALL, strategy=Strategy.PCT, total=20, scenario="other"),
    ):
        assert base != list(other.between(0, 20))


@pytest.mark.parametrize(
    ("strategy", "total", "length", "is_complete"),
    [
        (Strategy.AUTO, 500, 500, True),
        (Strategy.AUTO, 10, 10, False),
        (Strategy.SWEEP, 10_000, None, True),
        (Strategy.SWEEP, 10, 10, False),
        (Strategy.PCT, 30, 30, False),
        (Strategy.EXHAUSTIVE, 10, 10, False),
    ],
)
def test_a_strategy_says_how_many_plans_it_has(
    strategy: Strategy, total: int, length: int | None, is_complete: bool
) -> None:
    """The number is known before anything runs, and whether it is all there is."""
    plans = Plans(shape=SMALL, strategy=strategy, total=total)

    numbered = list(plans.between(0, total))

    assert len(numbered) == len(plans)
    assert len(plans) == length or (length is None and len(plans) == plans.sweep_size)
    assert plans.is_complete is is_complete
    assert [one.number for one in numbered] == list(range(len(plans)))


def test_auto_sweeps_first_and_then_draws() -> None:
    """The sweep is told apart, so that a pass can say that it is complete."""
    plans = Plans(shape=SMALL, total=400)
    kinds = [one.is_sweep for one in plans.between(0, 400)]

    assert kinds == [True] * plans.sweep_size + [False] * (400 - plans.sweep_size)
    assert 0 < plans.sweep_size < 400


def test_the_exhaustive_strategy_ends_when_it_is_done() -> None:
    """Its number is the number of its space, whatever the total."""
    uses = {(0, index): frozenset[str]() for index in range(2)}
    plans = Plans(
        shape=Shape(writers=(2,), gaps=(2,), uses=uses),
        strategy=Strategy.EXHAUSTIVE,
        total=99,
    )

    assert 6 == len(plans) == len(list(plans.between(0, 99)))
    assert plans.is_complete


def test_the_exhaustive_strategy_goes_on_where_a_block_ended() -> None:
    """Blocks make up the whole, whoever runs them, and in whichever order."""
    plans = Plans(shape=SMALL, strategy=Strategy.EXHAUSTIVE, total=300)
    whole = list(plans.between(0, 300))

    assert whole == [one for n in range(3) for one in plans.block(n)]
    assert whole[200:] + whole[100:200] == [*plans.block(2), *plans.block(1)]
    list(itertools.islice(plans.block(0), 7))
    assert whole[:100] == list(plans.block(0))


@pytest.mark.parametrize("writers", [(), (2,), (2, 1)])
def test_the_strategy_crash_kills_at_every_point_with_steps_at_every_gap(
    writers: tuple[int, ...],
) -> None:
    """None is left out, and none comes twice."""
    shape = Shape(writers=writers, gaps=(3, 2), emissions=40, may_crash=True)

    plans = Plans(shape=shape, strategy=Strategy.CRASH, total=10_000)

    found = [one.plan for one in plans.between(0, 10_000)]
    assert len(set(found)) == len(found) == len(plans)
    gaps = [*shape.all_gaps(), Gap(2, 0)] if writers else [None]
    assert {(n, gap) for n in range(1, 41) for gap in gaps} == {
        (one.crash, one.steps[0].at if one.steps else None) for one in found
    }
    assert {sum(writers)} == {
        len({(s.writer, s.index) for s in p.steps}) for p in found
    }
    assert plans.is_complete
    assert not Plans(shape=shape, strategy=Strategy.CRASH, total=39).is_complete


def test_nothing_is_drawn_where_nobody_writes() -> None:
    """A scenario without writers has one plan, and one per crash point."""
    shape = Shape(writers=(), gaps=(3, 2), emissions=9, may_crash=True)

    plans = Plans(shape=shape, total=200)

    assert 10 == len(plans) == len(list(plans.between(0, 200)))
    assert plans.is_complete

"""Shrinking: small, the same for every failing start, and never by luck."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_parsediff.core.splitmix import SplitMix64
from pytest_parsediff.interleave.pct import draw
from pytest_parsediff.interleave.plan import (
    Gap,
    Placed,
    Plan,
    cost,
    is_in_program_order,
)
from pytest_parsediff.interleave.shape import Shape
from pytest_parsediff.interleave.shrink import shrink

SHAPE = Shape(writers=(5, 5), gaps=(4, 4), emissions=6, may_crash=True)


def same_millisecond(plan: Plan) -> bool:
    """Fail when a step in mid-poll shares its millisecond with one before it."""
    return any(
        later.dt_ms == 0 and later.at.nth >= 2 and earlier.at < later.at
        for earlier, later in zip(plan.steps, plan.steps[1:], strict=False)
    )


def torn(plan: Plan) -> bool:
    """Fail when a step of each writer comes at one mid-poll gap, with a tick."""
    return any(
        {0, 1} <= {p.writer for p in plan.steps if p.at == gap}
        and any(p.dt_ms for p in plan.steps if p.at == gap)
        for gap in (Gap(0, 2), Gap(0, 3), Gap(1, 2))
    )


def crashed_late(plan: Plan) -> bool:
    """Fail when the reader is killed after its second emission, with a step done."""
    return plan.crash is not None and plan.crash >= 2 and bool(plan.steps)


FAULTS: list[tuple[Callable[[Plan], bool], int]] = [
    (same_millisecond, 2),
    (torn, 2),
    (crashed_late, 1),
]


def failing(fails: Callable[[Plan], bool], seed: int) -> Plan:
    """Return the first drawn plan that fails."""
    for number in range(10_000):
        plan = draw(SHAPE, SplitMix64.seeded("shrink", seed, number))
        if fails(plan):
            return plan
    raise AssertionError("no plan fails")


@pytest.mark.parametrize(("fails", "steps"), FAULTS)
def test_all_failures_of_one_fault_shrink_to_one_plan(
    fails: Callable[[Plan], bool], steps: int
) -> None:
    """Twenty starts, one minimum: what CI prints does not change with the seed."""
    minima = {
        shrink(failing(fails, seed), fails, lengths=SHAPE.writers).plan
        for seed in range(20)
    }

    assert 1 == len(minima)
    assert steps == len(minima.pop().steps)


@given(st.sampled_from(FAULTS), st.integers(0, 1_000))
@settings(max_examples=40)
def test_a_minimum_fails_is_in_order_and_no_larger(
    fault: tuple[Callable[[Plan], bool], int], seed: int
) -> None:
    """Whatever the start, the result is a failing plan that nothing simplifies."""
    fails, _ = fault
    start = failing(fails, seed)
    asked: list[Plan] = []

    def recorded(plan: Plan) -> bool:
        asked.append(plan)
        return fails(plan)

    found = shrink(start, recorded, lengths=SHAPE.writers)

    assert fails(found.plan)
    assert found.is_minimal
    assert cost(found.plan) <= cost(start)
    assert is_in_program_order(found.plan)
    assert all(is_in_program_order(plan) for plan in asked)
    assert len(asked) == len(set(asked)) == found.replays
    again = shrink(found.plan, fails, lengths=SHAPE.writers)
    assert found.plan == again.plan


def test_a_plan_that_fails_always_shrinks_to_nothing() -> None:
    """A bug that needs no writer is shown without one."""
    start = draw(SHAPE, SplitMix64(1))

    assert Plan((), None, 1) == shrink(start, lambda _: True).plan


def test_a_plan_that_cannot_be_simplified_stays() -> None:
    """If nothing else fails, the plan itself is the minimum."""
    start = draw(SHAPE, SplitMix64(1))

    assert start == shrink(start, lambda plan: plan == start).plan


def test_ticks_of_dropped_steps_are_kept_if_they_matter() -> None:
    """The moment a step happens at may be the point, not the steps before it."""
    steps = tuple(Placed(0, index, 10, Gap(0, 0)) for index in range(5))

    found = shrink(
        Plan(steps),
        lambda plan: (
            bool(plan.steps)
            and plan.steps[-1].index == 4
            and sum(p.dt_ms for p in plan.steps) >= 50
        ),
    )

    assert (Placed(0, 4, 50, Gap(0, 0)),) == found.plan.steps


def test_a_limit_of_replays_ends_the_search_with_the_best_so_far() -> None:
    """Slow readers are not replayed for ever, and the result says so."""
    start = failing(torn, 3)

    found = shrink(start, torn, lengths=SHAPE.writers, max_replays=5)

    assert 5 == found.replays
    assert not found.is_minimal
    assert torn(found.plan)

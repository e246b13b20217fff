"""How many plans a scenario has, and that none is missed or made twice."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_parsediff.interleave.exhaustive import Space
from pytest_parsediff.interleave.plan import Gap, Plan, is_in_program_order
from pytest_parsediff.interleave.shape import Shape

NOTHING = frozenset[str]()
MESSAGE = frozenset({"message"})
SESSION = frozenset({"session"})
PART = frozenset({"part"})
ANY = MESSAGE | SESSION
TEN_STATEMENTS = [SESSION] * 8 + [MESSAGE] * 2


def shape_of(writers: list[int], polls: list[list[frozenset[str]]]) -> Shape:
    """Return a shape whose writers write ``message`` and whose polls read that."""
    reads = {Gap(poll, 0): NOTHING for poll in range(len(polls))}
    for poll, snapshots in enumerate(polls):
        for nth, tables in enumerate(snapshots, 1):
            reads[Gap(poll, nth)] = tables
    return Shape(
        writers=tuple(writers),
        gaps=tuple(len(snapshots) + 1 for snapshots in polls),
        reads=reads,
        writes={(w, i): MESSAGE for w, n in enumerate(writers) for i in range(n)},
    )


@pytest.mark.parametrize(
    ("writers", "polls", "commute", "expected"),
    [
        pytest.param([5], [[ANY]], True, 6, id="one snapshot"),
        pytest.param([5, 5], [[ANY]] * 2, False, 16_632, id="two polls, all orders"),
        pytest.param([5, 5], [[ANY]] * 2, True, 441, id="two polls"),
        pytest.param([5, 5], [[ANY]] * 4, True, 15_876, id="four polls"),
        pytest.param([5], [[ANY] * 10], True, 3_003, id="ten snapshots"),
        pytest.param([5], [TEN_STATEMENTS], True, 21, id="ten, two of them matter"),
        pytest.param([3, 3], [[ANY] * 10] * 2, False, 4_604_600, id="all of them"),
        pytest.param([3, 3], [[ANY] * 10] * 2, True, 3_136_441, id="they commute"),
        pytest.param([3, 3], [TEN_STATEMENTS] * 2, True, 1_225, id="read sets too"),
        pytest.param([5, 5], [[ANY] * 10] * 2, False, 7_571_343_780, id="too many"),
        pytest.param([5, 5], [TEN_STATEMENTS] * 2, True, 15_876, id="few of them"),
    ],
)
def test_counts_are_the_closed_forms(
    writers: list[int], polls: list[list[frozenset[str]]], commute: bool, expected: int
) -> None:
    """Multinomials without reductions, products of C(n + w, w) with them."""
    space = Space(shape_of(writers, polls), commute=commute)

    assert expected == space.count()


@pytest.mark.parametrize("commute", [True, False])
@pytest.mark.parametrize("may_crash", [True, False])
def test_as_many_plans_come_as_are_counted(commute: bool, may_crash: bool) -> None:
    """The plans are distinct, in program order, and their number is the count."""
    shape = shape_of([2, 1], [[SESSION, MESSAGE], [MESSAGE]])
    shape = Shape(
        writers=shape.writers,
        gaps=shape.gaps,
        reads=shape.reads,
        writes=shape.writes,
        emissions=2,
        may_crash=may_crash,
    )
    space = Space(shape, commute=commute, ticks=True)

    plans = list(space)

    assert space.count() == len(plans) == len(set(plans))
    assert all(is_in_program_order(plan) for plan in plans)
    assert all(len(plan.steps) == 3 for plan in plans)


def test_read_sets_leave_out_only_what_cannot_differ() -> None:
    """What each snapshot sees under all plans, it sees under the reduced ones too."""
    full = Shape(writers=(2,), gaps=(4,))
    reduced = shape_of([2], [[SESSION, MESSAGE, SESSION]])

    def seen(shape: Shape) -> set[int]:
        """Return how many steps the one snapshot of ``message`` can have seen."""
        return {
            sum(placed.at <= Gap(0, 2) for placed in plan.steps)
            for plan in Space(shape)
        }

    assert {0, 1, 2} == seen(full) == seen(reduced)
    assert Space(reduced).count() < Space(full).count()


def test_unknown_reads_and_writes_reduce_nothing() -> None:
    """A gap or a step of which nothing is known may meet anything."""
    known = shape_of([1], [[SESSION, SESSION]])
    without_reads = Shape(writers=(1,), gaps=known.gaps, writes=known.writes)
    without_writes = Shape(writers=(1,), gaps=known.gaps, reads=known.reads)

    assert [1, 4, 4] == [
        Space(shape).count() for shape in (known, without_reads, without_writes)
    ]


def test_orders_at_one_gap_are_all_merges() -> None:
    """Without commutation two writers of two steps meet in six ways at one gap."""
    space = Space(Shape(writers=(2, 2), gaps=(1,)), commute=False)

    orders = {
        tuple((p.writer, p.index) for p in plan.steps)
        for plan in space
        if all(p.at == Gap(0, 0) for p in plan.steps)
    }

    chosen = [c for c in itertools.product((0, 1), repeat=4) if sum(c) == 2]
    assert len(chosen) == len(orders)


def test_a_reader_with_thousands_of_gaps_has_a_space_too() -> None:
    """Neither counting nor making plans goes as deep as there are gaps."""
    quiet, one = (Shape(writers=steps, gaps=(3_000,)) for steps in ((), (1,)))

    assert (1, 3_001) == (Space(quiet).count(), Space(one).count())
    assert [()] == [plan.steps for plan in Space(quiet)]
    gaps = [plan.steps[0].at for plan in Space(one)]
    assert [*one.all_gaps(), Gap(1, 0)] == gaps


def test_orders_of_steps_that_share_nothing_are_one() -> None:
    """As many plans as if commutation were taken for granted; none where it is known not."""
    plain = Shape(writers=(2, 2), gaps=(3,))

    def sized(*tables: str) -> int:
        uses = {
            (writer, index): frozenset({table})
            for writer, table in enumerate(tables)
            for index in range(2)
        }
        shape = Shape(writers=(2, 2), gaps=(3,), writes=uses, uses=uses)
        return Space(shape).count()

    assert Space(plain, commute=True).count() == sized("x", "y")
    assert Space(plain, commute=False).count() == sized("x", "x")
    assert Space(plain, commute=False).count() == Space(plain).count()


TABLES = st.frozensets(st.sampled_from("xyz"), max_size=2)


@st.composite
def small_shapes(draw: st.DrawFn) -> Shape:
    """Draw up to five steps of two writers and up to four gaps, of which all is known."""
    writers = draw(st.sampled_from([(1, 1), (2, 1), (2, 2), (3, 1), (3,)]))
    gaps = draw(st.sampled_from([(2,), (3,), (4,), (2, 2)]))
    shape = Shape(writers=writers, gaps=gaps)
    writes = {step: draw(TABLES) for step in shape.steps()}
    return Shape(
        writers=writers,
        gaps=gaps,
        reads={gap: draw(TABLES) for gap in shape.all_gaps()},
        writes=writes,
        uses={step: draw(TABLES) | written for step, written in writes.items()},
    )


def observed(plan: Plan, shape: Shape) -> tuple[object, ...]:
    """Return what a reader sees, and how the tables are in the end.

    A step leaves in each table that it writes who it is and all that it used.
    """
    tables: dict[str, int] = dict.fromkeys("xyz", 0)
    waiting = list(plan.steps)
    seen: list[object] = []
    for gap in [*shape.all_gaps(), Gap(shape.polls, 0)]:
        while waiting and waiting[0].at <= gap:
            placed = waiting.pop(0)
            step = placed.writer, placed.index
            left = hash((step, *(tables[name] for name in sorted(shape.uses[step]))))
            tables |= dict.fromkeys(shape.writes[step], left)
        reads = shape.reads.get(gap, frozenset("xyz"))
        seen += [(gap, name, tables[name]) for name in sorted(reads)]
    return tuple(seen)


@settings(max_examples=150, deadline=None)
@given(small_shapes())
def test_every_observation_is_left(shape: Shape) -> None:
    """Whatever is read and written: what any plan shows one of the reduced ones shows."""
    known = Space(shape)
    unknown = Shape(writers=shape.writers, gaps=shape.gaps)

    plans = list(known)

    everything = {observed(plan, shape) for plan in Space(unknown)}
    assert known.count() == len(plans) == len(set(plans))
    assert everything == {observed(plan, shape) for plan in plans}

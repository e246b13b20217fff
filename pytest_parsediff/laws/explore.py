"""Run many plans, hold each run to the laws, and make the first failure small."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from pytest_parsediff.core.errors import ParsediffError
from pytest_parsediff.core.wording import counted
from pytest_parsediff.interleave.plan import Gap, Placed, Plan
from pytest_parsediff.interleave.rig import Rig
from pytest_parsediff.interleave.run import Keep, Run
from pytest_parsediff.interleave.schedule import Kind
from pytest_parsediff.interleave.shape import Shape
from pytest_parsediff.interleave.shrink import shrink
from pytest_parsediff.interleave.strategy import Numbered
from pytest_parsediff.laws.checks import Check, checks_for
from pytest_parsediff.laws.footprint import measure_footprints
from pytest_parsediff.laws.law import Law, Violation
from pytest_parsediff.laws.patience import tells_later


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """What a run without writers showed.

    Attributes:
        shape: What there is to interleave.
        run: The run itself.
        difference: What a second quiet run did otherwise; empty if nothing. A reader
            that differs under one fixed plan cannot be stressed.
    """

    shape: Shape
    run: Run
    difference: str = ""

    @property
    def escapes(self) -> tuple[str, ...]:
        """What of the reader's ways into the store nobody follows, one line each."""
        witness = self.run.witness
        threads = (
            "it reads in other threads, where a plan may not always be the same",
        )
        return (*witness.unseen, *(threads if witness.threads else ()))

    @property
    def is_blind(self) -> bool:
        """Whether no driver saw the reader take a snapshot or call a file."""
        return self.run.witness.gaps == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A plan under which a law is broken.

    Attributes:
        number: Of the plan that failed first; ``None`` for a replay.
        found: That plan.
        plan: The simplest plan found that breaks the same law.
        violation: What *plan* breaks.
        run: What happened under *plan*.
        replays: How many plans were run to simplify it.
        is_reproducible: Whether the same plan failed twice; if not, *plan* is *found*.
        is_minimal: Whether nothing simpler fails; else a limit was reached.
    """

    number: int | None
    found: Plan
    plan: Plan
    violation: Violation
    run: Run
    replays: int = 0
    is_reproducible: bool = True
    is_minimal: bool = True


@dataclass(slots=True, kw_only=True)
class Explored:
    """What came of a number of plans.

    Attributes:
        plans: How many were run.
        swept: How many of them belong to the sweep.
        observations: Digests of what the reader handed out, all different.
        covered: Gaps at which some step ran.
        seconds: How long it took.
        stopped: Why not all were run; empty if they were.
        finding: The first failure, made small; ``None`` without one.
        errors: Polls that ended with an error of the adapter, by code.
    """

    plans: int = 0
    swept: int = 0
    observations: set[bytes] = field(default_factory=set)
    covered: set[Gap] = field(default_factory=set)
    seconds: float = 0.0
    stopped: str = ""
    finding: Finding | None = None
    errors: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Explorer:
    """Explores one scenario with one adapter.

    Attributes:
        rig: Runs plans.
        laws: Which ones each run is held to.
        polls: Polls while steps are due.
        may_crash: Whether the reader is killed too.
        measures: Whether reads and writes are found out, which only those strategies
            need that leave out what cannot differ.
        watches: See each run before it is held to the laws, and find nothing wrong.
        on_progress: Called after each plan with what came of it so far.
    """

    rig: Rig
    laws: Sequence[Law]
    polls: int = 2
    may_crash: bool = True
    measures: bool = False
    watches: Sequence[Check] = ()
    on_progress: Callable[[Explored], None] | None = None
    _checks: list[Check] = field(init=False)
    _keep: Keep = field(init=False)

    def __post_init__(self) -> None:
        self._checks = [*self.watches, *checks_for(self.rig, self.laws)]
        self._keep = Keep.STATES if self._checks else Keep.OUTCOME

    def quiet(self) -> Quiet:
        """Run twice without writers, compare, and measure.

        Raises:
            ParsediffError: PD4xx, the adapter fails even when nobody writes.
        """
        plan = Plan((), None, self.polls)
        first, second = (self.rig.run(plan, keep=Keep.MOMENTS) for _ in range(2))
        self.rig.states.forget_contents()
        for poll in first.polls:
            if poll.error is not None:
                raise poll.error
        shape = self._measure(first)
        return Quiet(shape=shape, run=first, difference=_difference(first, second))

    def _measure(self, quiet: Run) -> Shape:
        """Return what there is to interleave: in the store as it is, and as it will be.

        A store that writers fill has more to read in the end, so it has more gaps; and
        a poll has most when all of it is new, while one with nothing new may have none.
        """
        shape = Shape(writers=self.rig.bench.lengths, gaps=quiet.gaps)
        runs = [quiet]
        for poll in range(self.polls):
            steps = tuple(
                Placed(writer, index, 1, Gap(poll, 0))
                for writer, index in shape.steps()
            )
            runs.append(self.rig.run(Plan(steps, None, self.polls), keep=Keep.MOMENTS))
        self.rig.states.forget_contents()
        known = measure_footprints(self.rig, shape, runs) if self.measures else None
        return replace(
            shape,
            reads=known.reads if known else {},
            writes=known.writes if known else {},
            uses=known.uses if known else {},
            gaps=tuple(map(max, zip(*(run.gaps for run in runs), strict=True))),
            emissions=max(run.emissions for run in runs),
            may_crash=self.may_crash,
        )

    def explore(
        self, plans: Iterable[Numbered], shape: Shape, *, until: float | None = None
    ) -> Explored:
        """Run *plans* up to the first failure, which is then made small.

        Args:
            plans: In order.
            shape: Of the quiet run.
            until: Monotonic seconds after which no plan is begun.
        """
        result = Explored()
        began = time.monotonic()
        try:
            with self.rig.many():
                for numbered in plans:
                    if until is not None and time.monotonic() >= until:
                        result.stopped = "the time was over"
                        break
                    self._step(numbered, shape, result)
                    result.seconds = time.monotonic() - began
                    if self.on_progress is not None:
                        self.on_progress(result)
                    if result.finding is not None:
                        break
        except KeyboardInterrupt:
            result.stopped = "interrupted"
            result.seconds = time.monotonic() - began
            raise
        return result

    def replay(self, plan: Plan) -> Finding | Run:
        """Run one plan; return how it fails, or what happened."""
        run, violation = self._judge(plan)
        if violation is None:
            return run
        return Finding(number=None, found=plan, plan=plan, violation=violation, run=run)

    def _step(self, numbered: Numbered, shape: Shape, result: Explored) -> None:
        run, violation = self._judge(numbered.plan)
        result.plans += 1
        result.swept += numbered.is_sweep
        result.observations.add(run.observation())
        result.covered |= run.covered
        for poll in run.polls:
            if poll.error is not None:
                code = poll.error.code
                result.errors[code] = result.errors.get(code, 0) + 1
        if violation is not None:
            result.finding = self._simplify(numbered, shape, run, violation)

    def _judge(self, plan: Plan) -> tuple[Run, Violation | None]:
        """Run *plan* and return the first law it breaks, in the order of the laws."""
        states = self.rig.states
        try:
            run = self.rig.run(plan, keep=self._keep)
            for check in self._checks:
                violation = check(run, states, self.rig.subject)
                if violation is not None and not tells_later(
                    self.rig, run, violation, check
                ):
                    return run, violation
            return run, None
        finally:
            states.forget_contents()

    def _simplify(
        self, numbered: Numbered, shape: Shape, run: Run, violation: Violation
    ) -> Finding:
        law = violation.law

        def fails(plan: Plan) -> bool:
            try:
                again = self._judge(plan)[1]
            except ParsediffError:  # this plan fails otherwise, so it is no simpler one
                return False
            return again is not None and again.law is law

        if not fails(numbered.plan):
            return Finding(
                number=numbered.number,
                found=numbered.plan,
                plan=numbered.plan,
                violation=violation,
                run=run,
                is_reproducible=False,
            )
        shrunk = shrink(numbered.plan, fails, lengths=shape.writers)
        final, simplest = self._judge(shrunk.plan)
        return Finding(
            number=numbered.number,
            found=numbered.plan,
            plan=shrunk.plan,
            violation=simplest or violation,
            run=final,
            replays=shrunk.replays,
            is_minimal=shrunk.is_minimal,
        )


def _difference(first: Run, second: Run) -> str:
    """Return where two runs of one plan differ, or nothing.

    Which of several threads comes first is nobody's choice, so of a reader with threads
    of its own only what it hands out is compared. What a cursor says is its own affair:
    the number of an inode is another one each time that the store is made.
    """
    has_threads = bool(first.witness.threads or second.witness.threads)
    if first.gaps != second.gaps and not has_threads:
        return f"the first run reached {first.gaps} gaps per poll, the second {second.gaps}"
    for number, (one, other) in enumerate(
        zip(first.polls, second.polls, strict=True), 1
    ):
        texts = [[line.text for line in poll.lines] for poll in (one, other)]
        if texts[0] != texts[1]:
            return f"poll {number} emitted {counted(len(texts[0]), 'event')}, then {len(texts[1])}, or others"
        places = [[n for _, n in poll.checkpoints] for poll in (one, other)]
        if places[0] != places[1]:
            return f"poll {number} handed out its checkpoints elsewhere the second time"
    if has_threads:
        return ""
    for one_moment, other_moment in zip(first.moments, second.moments, strict=False):
        kinds = one_moment.kind, other_moment.kind
        if kinds == (Kind.CHECKPOINT, Kind.CHECKPOINT):
            continue
        if (*kinds, one_moment.label) != (*kinds[::-1], other_moment.label):
            return (
                f"{one_moment.kind} {one_moment.label!r} became {other_moment.label!r}"
            )
    return ""

"""What came of a block of plans, and how people read it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pytest_parsediff.core.errors import ParsediffError, Where
from pytest_parsediff.core.scenario import Scenario
from pytest_parsediff.core.wording import counted
from pytest_parsediff.interleave.plan import Plan
from pytest_parsediff.interleave.run import Run
from pytest_parsediff.interleave.timeline import render
from pytest_parsediff.laws.explore import Finding

_SHOWN_DETAILS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """How far a block went through the plans that are listed, and not drawn.

    Attributes:
        kind: What they are called: a sweep, crash points, all placements.
        done: How many of them the block ran.
        whole: How many there are for the scenario; ``None`` where nobody has counted.
        asked: How many plans the scenario runs altogether.
    """

    kind: str
    done: int
    whole: int | None
    asked: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A run that shows a failure which is no law broken by its plan.

    Attributes:
        origin: Where it comes from, one line.
        run: What happened.
    """

    origin: str
    run: Run


@dataclass(frozen=True, slots=True, kw_only=True)
class StressOutcome:
    """What came of one block of plans of one scenario.

    Attributes:
        scenario: What ran.
        proof: What a pass proves, one line; empty when nothing ran.
        plans: How many plans were run.
        seconds: How long they took.
        observations: How many of them the reader showed something else in.
        errors: Polls that ended with an error of the adapter, by code.
        stopped: Why not all were run; empty if they were.
        finding: The failure, made small; ``None`` without one.
        shown: What else a timeline is printed of; ``None`` for nothing.
        token: Replays it; empty without one.
        writers: Names, for the timeline.
        error: Why the block fails; ``None`` when it passes.
        note: What could not be followed; empty if all was.
        listing: How far it went through listed plans; ``None`` where nothing is listed.
    """

    scenario: Scenario
    proof: str = ""
    plans: int = 0
    seconds: float = 0.0
    observations: int = 0
    errors: tuple[tuple[str, int], ...] = ()
    stopped: str = ""
    finding: Finding | None = None
    shown: Shown | None = None
    token: str = ""
    writers: tuple[str, ...] = ()
    error: ParsediffError | None = None
    note: str = ""
    listing: Listing | None = None


def explain(outcome: StressOutcome) -> Iterator[str]:
    """Yield the lines that show how a law was broken: its details and the timeline."""
    finding = outcome.finding
    if outcome.shown is not None:
        yield from ("", outcome.shown.origin)
        yield from render(outcome.shown.run.moments, outcome.writers)
    if finding is None:
        return
    yield from finding.violation.details[:_SHOWN_DETAILS]
    more = len(finding.violation.details) - _SHOWN_DETAILS
    if more > 0:
        yield f"… {more} more"
    yield ""
    yield _origin(finding)
    yield from render(finding.run.moments, outcome.writers, finding.violation.notes)


def _origin(finding: Finding) -> str:
    """Return where the plan comes from: found, made small, or neither."""
    steps = steps_of(finding.plan)
    if finding.number is None:
        return f"replayed: {steps}"
    if not finding.is_reproducible:
        return (
            f"plan {finding.number}: {steps}; the same plan passed when it was run"
            f" again, so it was not made smaller"
        )
    limit = "" if finding.is_minimal else ", where the limit was reached"
    return (
        f"plan {finding.number}: made small from {len(finding.found.steps)} to {steps}"
        f" in {counted(finding.replays, 'replay')}{limit}"
    )


def steps_of(plan: Plan) -> str:
    """Return how many steps of writers *plan* has."""
    return counted(len(plan.steps), "writer step")


def place_of(scenario: Scenario) -> Where:
    """Return where errors of a stress are said to be."""
    return Where(scenario.anchor)

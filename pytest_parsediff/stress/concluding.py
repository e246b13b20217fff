"""What came of a block of plans, or of one that was replayed, as an outcome."""

from __future__ import annotations

from dataclasses import replace

from pytest_parsediff.core.errors import (
    InconclusiveError,
    LawBrokenError,
    NotDeterministicError,
    ParsediffError,
)
from pytest_parsediff.core.scenario import Scenario
from pytest_parsediff.interleave.strategy import Strategy
from pytest_parsediff.laws.explore import Explored, Finding
from pytest_parsediff.laws.proof import state_proof, why_inconclusive
from pytest_parsediff.stress.outcome import Listing, Shown, StressOutcome, place_of
from pytest_parsediff.stress.quietly import (
    QUIET,
    find_quiet_violation,
    hint_of,
    is_of_quiet_run,
)
from pytest_parsediff.stress.raced import Contradiction, find_contradiction
from pytest_parsediff.stress.standing import Standing

#: What plans are called that are listed, and not drawn.
_LISTED = {Strategy.CRASH: "crash", Strategy.EXHAUSTIVE: "exhaustive"}


def conclude(standing: Standing, explored: Explored, number: int) -> StressOutcome:
    """Return what comes of a block none of whose plans breaks a law.

    Whether a declared race is stale is asked in the first block only, which has the
    sweep.
    """
    plans = standing.plans
    listing = Listing(
        kind=_LISTED.get(plans.strategy, "sweep"),
        done=explored.swept,
        whole=standing.count_listed(),
        asked=plans.total,
    )
    proof = state_proof(explored, plans.shape, whole=listing.whole, listed=listing.kind)
    outcome = StressOutcome(
        scenario=standing.scenario,
        proof=proof,
        plans=explored.plans,
        seconds=explored.seconds,
        observations=len(explored.observations),
        errors=tuple(sorted(explored.errors.items())),
        stopped=explored.stopped,
        writers=standing.writers,
        note=standing.note,
        listing=None if plans.strategy is Strategy.PCT else listing,
    )
    reason = why_inconclusive(standing.quiet, explored)
    if reason:
        error = InconclusiveError(f"{reason} ({proof})", place_of(standing.scenario))
        return replace(outcome, error=error)
    found = find_contradiction(
        standing.watch, standing.explorer, plans.shape, asks_stale=number == 0
    )
    return outcome if found is None else fail_by_races(standing, found, outcome)


def fail_by_plan(
    standing: Standing, finding: Finding, explored: Explored | None = None
) -> StressOutcome:
    """Return what comes of a plan that breaks a law.

    Args:
        standing: Whose plan.
        finding: The plan, made small.
        explored: What came of its block; ``None`` for a replay.
    """
    scenario, violation = standing.scenario, finding.violation
    message = f"{scenario.id}: law {violation.law} is broken: {violation.message}"
    return StressOutcome(
        scenario=scenario,
        plans=explored.plans if explored else 1,
        seconds=explored.seconds if explored else 0.0,
        finding=finding,
        token=standing.token_of(finding.plan),
        writers=standing.writers,
        error=LawBrokenError(message, place_of(scenario)),
    )


def fail_by_races(
    standing: Standing, found: Contradiction, outcome: StressOutcome
) -> StressOutcome:
    """Return *outcome* as one of declared races that are not what steps did."""
    found.error.where = place_of(standing.scenario)
    if found.run is None:
        return replace(outcome, error=found.error)
    return replace(
        outcome,
        shown=Shown(found.origin, found.run),
        token=standing.token_of(found.run.plan),
        error=found.error,
    )


def fail_quietly(standing: Standing, *, holds_laws: bool) -> StressOutcome | None:
    """Return what comes of a reader that fails where nobody writes, if it does.

    Args:
        standing: Whose reader.
        holds_laws: Whether laws with runs of their own are tried.

    Raises:
        ParsediffError: PD4xx, the adapter fails.
    """
    scenario, quiet = standing.scenario, standing.quiet
    where = place_of(scenario)
    shown: Shown | None = Shown(QUIET, quiet.run)
    if quiet.difference:
        message = f"two runs without writers differ: {quiet.difference}"
        error: ParsediffError = NotDeterministicError(message, where)
    else:
        laws = standing.settings.laws if holds_laws else ()
        violation = find_quiet_violation(standing.stand.rig, laws)
        if violation is None:
            return None
        message = f"{scenario.id}: law {violation.law} is broken: {violation.message}"
        detail = "\n".join(violation.details)
        error = LawBrokenError(message, where, hint_of(violation.law), detail)
        shown = shown if is_of_quiet_run(violation.law) else None
    return StressOutcome(
        scenario=scenario,
        shown=shown,
        token=standing.token_of(quiet.run.plan),
        writers=standing.writers,
        error=error,
    )


def fail_with(scenario: Scenario, error: ParsediffError) -> StressOutcome:
    """Return what comes of a scenario that cannot be run, or not to the end."""
    if error.where is None:
        error.where = place_of(scenario)
    return StressOutcome(scenario=scenario, error=error)

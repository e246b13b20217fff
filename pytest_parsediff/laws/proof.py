"""What a pass proves, in one line, and when it proves nothing."""

from __future__ import annotations

from pytest_parsediff.core.wording import counted
from pytest_parsediff.interleave.shape import Shape
from pytest_parsediff.laws.explore import Explored, Quiet


def state_proof(
    explored: Explored,
    shape: Shape,
    *,
    whole: int | None,
    listed: str = "sweep",
) -> str:
    """Return how many plans of which kind ran, what they showed, where steps stood.

    Args:
        explored: What came of the plans.
        shape: Of the scenario.
        whole: How many plans are listed, and not drawn, altogether; ``None`` where
            nobody has counted them.
        listed: What those are called.
    """
    kinds = []
    if explored.swept:
        if explored.swept == whole:
            kinds.append(f"{explored.swept} {listed} complete")
        elif whole is not None:
            kinds.append(f"{explored.swept} of {whole} {listed}")
        else:
            kinds.append(f"{explored.swept} {listed} of a longer one")
    if explored.plans > explored.swept:
        kinds.append(f"{explored.plans - explored.swept} random")
    gaps = list(shape.all_gaps())
    covered = sum(gap in explored.covered for gap in gaps)
    return (
        f"{counted(explored.plans, 'plan')} ({', '.join(kinds) or 'none'}), "
        f"{counted(len(explored.observations), 'distinct observation')}, "
        f"gaps covered {covered}/{len(gaps)}"
    )


def why_inconclusive(quiet: Quiet, explored: Explored) -> str:
    """Return why a run without a failure is no pass; empty if it is one."""
    if quiet.is_blind and quiet.shape.steps():
        return "no gap fired: no driver saw how the adapter reads the store"
    if not explored.plans:
        return explored.stopped or "no plan was run"
    if quiet.shape.steps() and not explored.covered:
        return "no step ran at a gap of the reader"
    return ""

"""What is judged before any plan: two runs without writers, and laws with own runs."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_parsediff.interleave.plan import Plan
from pytest_parsediff.interleave.rig import Rig
from pytest_parsediff.laws.law import Law, Violation
from pytest_parsediff.laws.static import STATIC, why_not

#: Laws that are judged on runs over changed stores, or with steps: what the reader does
#: where nobody writes says nothing of them.
_ELSEWHERE = frozenset({Law.TOLERANT, Law.GATE_SOUND})
#: What a timeline of the quiet run is headed by.
QUIET = "in the run without writers, which all plans start from:"


def is_quiet(plan: Plan) -> bool:
    """Return whether *plan* stands for the run without writers.

    Replaying it also tries the laws that need no plan.
    """
    return not plan.steps and plan.crash is None


def is_of_quiet_run(law: Law) -> bool:
    """Return whether a timeline of the quiet run helps to see how *law* is broken."""
    return law not in _ELSEWHERE


def hint_of(law: Law) -> str:
    """Return what to do about *law*, broken without a plan."""
    return f"See docs/laws.md#{law}, which says how to read it."


def find_quiet_violation(rig: Rig, laws: Iterable[Law]) -> Violation | None:
    """Return the first of *laws* with runs of its own that the adapter breaks.

    One that a scenario names and that does not concern the adapter is left out.

    Raises:
        ParsediffError: PD4xx, the adapter fails where nobody writes.
    """
    for law in laws:
        if law in STATIC and not why_not(law, rig):
            violation = STATIC[law](rig)
            if violation is not None:
                return violation
    return None

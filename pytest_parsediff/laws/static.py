"""The laws that need runs of their own, by name, and which of them concern whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from pytest_parsediff.interleave.databasebench import DatabaseBench
from pytest_parsediff.interleave.rig import Rig
from pytest_parsediff.laws.deterministic import check_deterministic
from pytest_parsediff.laws.gatesound import check_gate_sound
from pytest_parsediff.laws.idle import check_idle_cheap
from pytest_parsediff.laws.law import Law, Violation
from pytest_parsediff.laws.memory import reads_on
from pytest_parsediff.laws.nopin import check_no_pin
from pytest_parsediff.laws.readonly import check_quiet_store
from pytest_parsediff.laws.resume import check_resume
from pytest_parsediff.laws.tolerant import check_tolerant
from pytest_parsediff.laws.warmcold import check_warm_path

#: Makes its own runs; ``None`` when the law holds. Raises what an adapter raises that
#: fails although nobody writes.
StaticCheck: TypeAlias = Callable[[Rig], Violation | None]

STATIC: dict[Law, StaticCheck] = {
    Law.READ_ONLY: check_quiet_store,
    Law.DETERMINISTIC: check_deterministic,
    Law.RESUME: check_resume,
    Law.WARM_COLD: check_warm_path,
    Law.NO_PIN: check_no_pin,
    Law.IDLE_CHEAP: check_idle_cheap,
    Law.TOLERANT: check_tolerant,
    Law.GATE_SOUND: check_gate_sound,
}

_READS_ON = frozenset(
    {
        Law.CRASH_SAFE,
        Law.RESUME,
        Law.WARM_COLD,
        Law.IDLE_CHEAP,
    }
)


def why_not(law: Law, rig: Rig) -> str:
    """Return why *law* does not concern the adapter of *rig*; empty if it does.

    An adapter that reads everything in each scan claims nothing about reading on, and
    a tree of files has neither a WAL nor plans of statements.

    Raises:
        ParsediffError: PD4xx, the adapter fails.
    """
    if law in (Law.NO_PIN, Law.IDLE_CHEAP) and not isinstance(rig.bench, DatabaseBench):
        return "the store is no database"
    if law is Law.GATE_SOUND and not rig.subject.comparison.session:
        return "no place in an event is said to name its session"
    if law in _READS_ON and not reads_on(rig):
        return "the adapter reads everything in each scan"
    return ""

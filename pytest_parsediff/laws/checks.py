"""Which function checks which law on one run of one plan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from pytest_parsediff.interleave.rig import Rig
from pytest_parsediff.interleave.run import Run
from pytest_parsediff.interleave.states import States
from pytest_parsediff.interleave.subject import Subject
from pytest_parsediff.laws.converges import check_converges, check_crash_safe
from pytest_parsediff.laws.duplicates import check_no_duplicates
from pytest_parsediff.laws.law import Law, Violation
from pytest_parsediff.laws.readonly import Control
from pytest_parsediff.laws.snapshot import check_snapshot
from pytest_parsediff.laws.warmcold import check_warm_cold

#: Looks at one run; ``None`` when the law holds.
Check: TypeAlias = Callable[[Run, States, Subject], Violation | None]

PER_RUN: dict[Law, Check] = {
    Law.SNAPSHOT: check_snapshot,
    Law.CONVERGES: check_converges,
    Law.NO_DUPLICATES: check_no_duplicates,
    Law.CRASH_SAFE: check_crash_safe,
    Law.WARM_COLD: check_warm_cold,
}


def checks_for(rig: Rig, laws: Sequence[Law]) -> list[Check]:
    """Return what each run of *rig* is held to, in the order of *laws*.

    Laws that need runs of their own are left out; they are in ``static.STATIC``.
    """
    checks = {**PER_RUN, Law.READ_ONLY: _check_read_only(rig)}
    return [checks[law] for law in laws if law in checks]


def _check_read_only(rig: Rig) -> Check:
    control = Control(rig.bench)

    def check(run: Run, _states: States, _subject: Subject) -> Violation | None:
        return control.check(run)

    return check

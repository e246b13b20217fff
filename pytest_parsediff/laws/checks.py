"""Which function checks which law on one run of one plan."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from pytest_parsediff.interleave.rig import Run
from pytest_parsediff.interleave.states import States
from pytest_parsediff.interleave.subject import Subject
from pytest_parsediff.laws.converges import check_converges, check_crash_safe
from pytest_parsediff.laws.duplicates import check_no_duplicates
from pytest_parsediff.laws.law import Law, Violation
from pytest_parsediff.laws.snapshot import check_snapshot

#: Looks at one run; ``None`` when the law holds.
Check: TypeAlias = Callable[[Run, States, Subject], Violation | None]

PER_RUN: dict[Law, Check] = {
    Law.SNAPSHOT: check_snapshot,
    Law.CONVERGES: check_converges,
    Law.NO_DUPLICATES: check_no_duplicates,
    Law.CRASH_SAFE: check_crash_safe,
}

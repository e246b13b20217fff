"""The law ``resume``: a scan from any checkpoint goes on where it stands."""

from __future__ import annotations

from pytest_parsediff.core.errors import ParsediffError
from pytest_parsediff.core.wording import counted
from pytest_parsediff.interleave.rig import Rig
from pytest_parsediff.interleave.subject import Line
from pytest_parsediff.laws.fold import differences, fold
from pytest_parsediff.laws.law import Law, Violation, show

_SHOWN = 20


def check_resume(rig: Rig) -> Violation | None:
    """Cut a full scan of the quiet store at every checkpoint, and go on from there.

    What came before the cut, folded with what a scan from it gives, must be the full
    parse. A scan from the last one must change nothing, and give nothing where the
    adapter promises ``exact_resume``.

    Raises:
        ParsediffError: PD4xx, the full scan fails.
    """
    full = rig.scan(None)
    expected = fold([full.lines], rig.subject.unit)
    last = len(full.checkpoints) - 1
    numbered = list(enumerate(full.checkpoints))
    for number, (cursor, position) in (*numbered[-1:], *numbered[:-1]):
        before = full.lines[:position]
        try:  # only the last one fits to what the full scan left in the state folder
            after = rig.scan(cursor, keeps_state=number == last).lines
        except ParsediffError as error:
            return _violation(number, f"fails: {error.headline}", [])
        held = fold([before, after], rig.subject.unit)
        found = differences(held, expected)
        if found:
            return _violation(
                number, f"leaves {counted(len(found), 'difference')}", found
            )
        if number == last and rig.subject.is_exact_resume and after:
            return _violation(number, "emits again what was emitted", _shown(after))
    return None


def _violation(number: int, what: str, details: list[str]) -> Violation:
    message = f"a scan from checkpoint {number + 1} {what}"
    return Violation(law=Law.RESUME, message=message, details=tuple(details[:_SHOWN]))


def _shown(lines: list[Line]) -> list[str]:
    return [show(line.text) for line in lines]

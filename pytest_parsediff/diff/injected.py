"""Declared races, held against what the writers of a scenario really did.

A verdict alone cannot tell: where the evidence is coarse, a session is called raced
although somebody wrote to another one, and the difference in it is the parser's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from pytest_parsediff.core.errors import RacedDeclarationError
from pytest_parsediff.diff.expectation import Expectation, ExpectedKind, Unmet

#: Returns whether a session may be among what was written.
MayTouch: TypeAlias = Callable[[str], bool]

_HINT = "Remove the declaration, or let the writer change the session while it is read."


def declared_raced(expectations: Sequence[Expectation]) -> dict[str, Expectation]:
    """Return the sessions that are declared raced, each with its declaration."""
    return {
        session: one
        for one in expectations
        if one.kind is ExpectedKind.RACED
        for session in one.sessions
    }


def find_stale(
    expectations: Sequence[Expectation],
    while_read: Sequence[MayTouch],
    otherwise: Mapping[str, Sequence[MayTouch]],
) -> Iterator[Unmet]:
    """Yield each session that is declared raced and that nobody wrote while it was read.

    Args:
        expectations: The declarations.
        while_read: What was written between the first look at the source and the
            verdict.
        otherwise: What was written at other moments, by the moment's name.

    Yields:
        With PD618, in the order of the declarations.
    """
    for session, one in declared_raced(expectations).items():
        if any(may_be(session) for may_be in while_read):
            continue
        moments = [
            f"`{moment}`"
            for moment, touched in otherwise.items()
            if any(may_be(session) for may_be in touched)
        ]
        seen = f"; one did so at {', '.join(moments)}" if moments else ""
        yield stale(one, session, f"no writer touched it while it was read{seen}")


def stale(expectation: Expectation, session: str, problem: str) -> Unmet:
    """Return the declaration of one session as one that no writer makes true."""
    place = f"{expectation.origin}: " if expectation.origin else ""
    text = f"{place}session {session!r} was declared raced: {problem}"
    error = RacedDeclarationError(text, hint=_HINT)
    return Unmet(session=session, error=error, expectation=expectation)

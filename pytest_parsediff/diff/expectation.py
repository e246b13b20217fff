"""What somebody declared about sessions, held against what became of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from pytest_parsediff.core.errors import (
    BadValueError,
    DeclarationUnmetError,
    ParsediffError,
    SessionChangedError,
    SessionRacedError,
)
from pytest_parsediff.diff.verdict import Verdict, VerdictClass


class ExpectedKind(StrEnum):
    """What can be declared of a session."""

    RACED = "raced"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """One declaration: a marker, or a table in TOML.

    Attributes:
        sessions: Ids; at least one, and each must come true.
        kind: What shall become of them.
        fields: For ``changed``: the names of exactly the real fields that differ.
        reason: Why this is right; for people.
        origin: Where it is declared, for messages.
        adapter: Whose sessions; empty for those of any adapter.

    Raises:
        BadValueError: PD103, no session, ``changed`` without fields, or ``raced``
            with fields.
    """

    sessions: tuple[str, ...]
    kind: ExpectedKind
    fields: tuple[str, ...] = ()
    reason: str = ""
    origin: str = ""
    adapter: str = ""

    def __post_init__(self) -> None:
        place = f"{self.origin}: " if self.origin else ""
        if not self.sessions:
            raise BadValueError(f"{place}expected at least one session id")
        if self.kind is ExpectedKind.CHANGED and not self.fields:
            raise BadValueError(f"{place}expected the fields that change, got none")
        if self.kind is ExpectedKind.RACED and self.fields:
            raise BadValueError(
                f"{place}expected no fields for a race, got {', '.join(self.fields)}"
            )

    def concerns(self, verdict: Verdict) -> bool:
        """Return whether the session of *verdict* is named."""
        is_adapter = self.adapter in ("", verdict.adapter)
        return is_adapter and verdict.session in self.sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmet:
    """One session that is not what was declared, or was not declared.

    Attributes:
        session: Its id.
        error: What to raise or print: PD509 changed and not declared, PD510 raced and
            not declared, PD511 declared and not come true.
        expectation: The declaration; ``None`` when there is none.
    """

    session: str
    error: ParsediffError
    expectation: Expectation | None = None


def narrow(
    expectations: Iterable[Expectation], adapter: str, session: str
) -> list[Expectation]:
    """Return what is declared of one session, for an item that is one session."""
    return [
        replace(one, sessions=(session,))
        for one in expectations
        if session in one.sessions and one.adapter in ("", adapter)
    ]


def check(
    verdicts: Iterable[Verdict],
    expectations: Sequence[Expectation],
    *,
    must_declare_raced: bool = False,
) -> list[Unmet]:
    """Return everything that is not as declared; strict both ways.

    Args:
        verdicts: Of all sessions that the declarations may name; read once.
        expectations: The declarations.
        must_declare_raced: Whether a race that nobody declared is an error too, as
            in a scenario, where only the scenario itself writes.

    Returns:
        In the order of the verdicts, then of the declarations that name a session
        nobody knows. An archive that is behind its source is no race: it does not
        make ``raced`` come true.
    """
    known: dict[str, list[str]] = defaultdict(list)
    unmet = []
    for verdict in verdicts:
        known[verdict.session].append(verdict.adapter)
        declared = [one for one in expectations if one.concerns(verdict)]
        unmet += [
            _break(one, verdict.session, problem)
            for one in declared
            if (problem := _find_problem(verdict, one))
        ]
        if not declared and (error := _undeclared(verdict, must_declare_raced)):
            unmet.append(Unmet(session=verdict.session, error=error))
    for one in expectations:
        unmet += [
            _break(one, session, "no such session was stored or found")
            for session in dict.fromkeys(one.sessions)
            if not any(one.adapter in ("", name) for name in known.get(session, ()))
        ]
    return unmet


def _break(expectation: Expectation, session: str, problem: str) -> Unmet:
    place = f"{expectation.origin}: " if expectation.origin else ""
    text = f"{place}session {session!r} was declared {expectation.kind}: {problem}"
    return Unmet(
        session=session, error=DeclarationUnmetError(text), expectation=expectation
    )


def _undeclared(verdict: Verdict, must_declare_raced: bool) -> ParsediffError | None:
    place = f"session {verdict.session!r} of adapter {verdict.adapter!r}"
    match verdict.cls:
        case VerdictClass.CHANGED:
            fields = ", ".join(verdict.real_fields)
            return SessionChangedError(f"{place} changed: {fields}")
        case VerdictClass.RACED if must_declare_raced:
            hint = "Declare it raced, or correct when the writer writes."
            return SessionRacedError(f"{place} is raced: {verdict.reason}", hint=hint)
        case _:
            return None


def _find_problem(verdict: Verdict, expectation: Expectation) -> str:
    """Return why *verdict* is not what was declared; empty when it is."""
    reason = f" ({verdict.reason})" if verdict.reason else ""
    if verdict.cls != expectation.kind.value:
        return f"it is {verdict.cls}{reason}"
    if expectation.kind is ExpectedKind.RACED:
        return f"the archive is behind{reason}" if verdict.is_stale else ""
    missing = set(expectation.fields) - set(verdict.real_fields)
    extra = set(verdict.real_fields) - set(expectation.fields)
    parts = [
        f"{word} {', '.join(sorted(names))}"
        for word, names in (("did not change:", missing), ("changed too:", extra))
        if names
    ]
    return "; ".join(parts)

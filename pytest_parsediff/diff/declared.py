"""What files and markers declare of sessions, as expectations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pytest_parsediff.core.config import Mark, SessionConfig
from pytest_parsediff.core.errors import BadValueError, Where
from pytest_parsediff.core.scenario import SCENARIO_TOML, Scenario
from pytest_parsediff.diff.expectation import Expectation, ExpectedKind


def expectation_of(path: Path, session: str, table: SessionConfig) -> Expectation:
    """Return what the table of one session in the file at *path* declares."""
    return Expectation(
        sessions=(session,),
        kind=ExpectedKind(table.expect),
        fields=tuple(table.fields or ()),
        reason=table.reason or "",
        origin=str(Where(path)),
    )


def declared_in(scenario: Scenario) -> list[Expectation]:
    """Return what the ``[sessions]`` tables of *scenario* declare."""
    path = scenario.folder / SCENARIO_TOML
    return [
        expectation_of(path, session, table)
        for session, table in (scenario.config.sessions or {}).items()
    ]


def marked_in(scenario: Scenario) -> list[Expectation]:
    """Return what the ``marks`` of *scenario* declare, for those without an item.

    Raises:
        BadValueError: PD103, a marker names no session, or has arguments that it does
            not know.
    """
    marks = (
        Mark(name=mark) if isinstance(mark, str) else mark
        for mark in scenario.config.marks or ()
    )
    return [
        construct(mark.name, mark.args, mark.kwargs)
        for mark in marks
        if mark.name in DECLARING
    ]


# --- markers ------------------------------------------------------------------------------


def raced(*sessions: str) -> Expectation:
    """Return the declaration that *sessions* are raced."""
    _check_texts("raced", sessions)
    return Expectation(sessions=sessions, kind=ExpectedKind.RACED)


def expected_change(
    *sessions: str, fields: Iterable[str], reason: str = ""
) -> Expectation:
    """Return the declaration that *sessions* change in exactly *fields*."""
    if isinstance(fields, str):
        raise TypeError(f"fields: expected a list of names, got {fields!r}")
    names = tuple(fields)
    _check_texts("expected_change", (*sessions, *names, reason))
    return Expectation(
        sessions=sessions, kind=ExpectedKind.CHANGED, fields=names, reason=reason
    )


#: What makes a declaration of a marker's arguments, by the marker's name.
DECLARING: Mapping[str, Callable[..., Expectation]] = {
    "raced": raced,
    "expected_change": expected_change,
}


def construct(
    name: str, arguments: Sequence[Any], keywords: Mapping[str, Any]
) -> Expectation:
    """Return what one of the markers of :data:`DECLARING` declares.

    Raises:
        BadValueError: PD103, it names no session, or has arguments that it does not
            know.
    """
    if not arguments:
        raise BadValueError(f"marker {name}: expected at least one session id")
    try:
        return DECLARING[name](*arguments, **keywords)
    except TypeError as error:
        raise BadValueError(f"marker {name}: {error}") from error


def _check_texts(name: str, values: tuple[object, ...]) -> None:
    for value in values:
        if not isinstance(value, str):
            raise TypeError(f"{name}: expected text, got {value!r}")

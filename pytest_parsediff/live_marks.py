"""Markers that declare what becomes of sessions, and what they amount to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from pytest_parsediff.core.errors import BadValueError
from pytest_parsediff.diff.expectation import Expectation, ExpectedKind, narrow


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


def _check_texts(name: str, values: tuple[object, ...]) -> None:
    for value in values:
        if not isinstance(value, str):
            raise TypeError(f"{name}: expected text, got {value!r}")


_CONSTRUCTORS: dict[str, Callable[..., Expectation]] = {
    "raced": raced,
    "expected_change": expected_change,
}


def expectations_of(item: pytest.Item, adapter: str, session: str) -> list[Expectation]:
    """Return what the markers of *item* declare of its session.

    A marker without ids is about the item's own session; one with ids counts if it
    names that session.

    Raises:
        BadValueError: PD103, a marker has arguments that it does not know.
    """
    found: list[Expectation] = []
    for mark in item.iter_markers():
        constructor = _CONSTRUCTORS.get(mark.name)
        if constructor is not None:
            found += narrow([_construct(constructor, mark, session)], adapter, session)
    return found


def declared_by(item: pytest.Item) -> list[Expectation]:
    """Return what the markers of *item*, a scenario or its plans, declare.

    Raises:
        BadValueError: PD103, a marker names no session, as it may where an item is
            one, or has arguments that it does not know.
    """
    found = []
    for mark in item.own_markers:
        constructor = _CONSTRUCTORS.get(mark.name)
        if constructor is not None:
            if not mark.args:
                text = f"marker {mark.name}: expected at least one session id"
                raise BadValueError(text)
            found.append(_construct(constructor, mark, ""))
    return found


def _construct(
    constructor: Callable[..., Expectation], mark: pytest.Mark, session: str
) -> Expectation:
    arguments: tuple[Any, ...] = mark.args or (session,)
    try:
        return constructor(*arguments, **mark.kwargs)
    except TypeError as error:
        raise BadValueError(f"marker {mark.name}: {error}") from error

"""What markers of items declare of sessions."""

from __future__ import annotations

import pytest

from pytest_parsediff.diff.declared import DECLARING, construct
from pytest_parsediff.diff.expectation import Expectation, narrow


def expectations_of(item: pytest.Item, adapter: str, session: str) -> list[Expectation]:
    """Return what the markers of *item* declare of its session.

    A marker without ids is about the item's own session; one with ids counts if it
    names that session.

    Raises:
        BadValueError: PD103, a marker has arguments that it does not know.
    """
    found: list[Expectation] = []
    for mark in item.iter_markers():
        if mark.name in DECLARING:
            one = construct(mark.name, mark.args or (session,), mark.kwargs)
            found += narrow([one], adapter, session)
    return found


def declared_by(item: pytest.Item) -> list[Expectation]:
    """Return what the markers of *item*, a scenario or its plans, declare.

    Raises:
        BadValueError: PD103, a marker names no session, as it may where an item is
            one, or has arguments that it does not know.
    """
    return [
        construct(mark.name, mark.args, mark.kwargs)
        for mark in item.own_markers
        if mark.name in DECLARING
    ]

"""What the reader knows of its consumer decides when it takes a session back first."""

from __future__ import annotations

from typing import Any

from pytest_parsediff.adapters.builtin import BUILTIN
from pytest_parsediff.adapters.opencode import held
from pytest_parsediff.adapters.opencode.held import Held


def event(number: int) -> dict[str, Any]:
    """Return an event of its own."""
    return {"kind": "turn_started", "payload": {"Seq": number}}


def test_a_session_that_grows_is_not_taken_back() -> None:
    """It may also say something else of what it had."""
    known = Held()
    known.replace("a", [event(1)])

    assert not known.may_exceed("a", [event(2), event(1)])
    assert known.may_exceed("a", [event(2)])
    assert known.may_exceed("b", [event(1)])


def test_what_is_forgotten_may_be_anything() -> None:
    """One session, all of them, or the oldest where there are too many."""
    known = Held(most_events=3)
    known.replace("a", [event(1), event(2)])
    known.replace("b", [event(1)])
    known.replace("b", [event(1)])  # counted once
    assert not known.may_exceed("a", [event(1), event(2)])

    known.replace("c", [event(1)])
    assert known.may_exceed("a", [event(1), event(2)])
    known.forget("b")
    assert known.may_exceed("b", [event(1)])
    assert not known.may_exceed("c", [event(1)])
    known.clear()
    assert known.may_exceed("c", [event(1)])


def test_events_are_known_by_what_the_table_of_the_adapter_says() -> None:
    """A consumer and the reader mean the same by an identity."""
    places = [f"/payload/{name}" for name in held.IDENTITY]
    extras = [f"/payload/Extras/{name}" for name in held.IDENTITY_EXTRAS]

    assert {"/kind", *places, *extras} == {*(BUILTIN["opencode"].config.key or ())}

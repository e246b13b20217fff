"""The built-in adapter on stores and writers that nobody wrote."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from pytest_parsediff import run_conformance
from pytest_parsediff.adapters.opencode.emit import REMOVED
from pytest_parsediff.adapters.opencode.poll import Poll
from pytest_parsediff.core.errors import LawBrokenError
from pytest_parsediff.core.event import Emission
from pytest_parsediff.laws.law import Law

#: Hundreds of scans each: for nights.
SLOW = dict.fromkeys(("tolerant", "gate-sound", "idle-cheap"), "takes long")
IS_NIGHT = bool(settings.default and settings.default.max_examples > 100)


def test_the_built_in_adapter_keeps_the_laws_on_generated_stores() -> None:
    """With writers that delete, move, commit late and migrate."""
    examples, skip = (300, {}) if IS_NIGHT else (6, SLOW)

    result = run_conformance(
        "opencode",
        "opencode",
        plans=60,
        examples=examples,
        skip=skip,
        thorough=IS_NIGHT,
    )

    assert {*Law} == {*result.held, *map(Law, skip)}
    assert result.examples >= examples // 2


def test_a_mutant_is_found_and_made_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says nothing of what is gone: one session without a message, and one step."""
    emit = Poll.emit

    def silent(self: Poll, name: str, *, is_told: bool) -> Iterator[Emission]:
        for emission in emit(self, name, is_told=is_told):
            if not (isinstance(emission, dict) and emission["kind"] == REMOVED):
                yield emission

    monkeypatch.setattr(Poll, "emit", silent)

    with pytest.raises(LawBrokenError, match="not in the store any more") as caught:
        run_conformance("opencode", "opencode", plans=12, examples=60, skip=SLOW)

    detail = caught.value.detail
    assert ["session(id,"] == [
        line.split()[2] for line in detail.split("\n") if line.startswith("INSERT")
    ]
    assert ["-- step: delete a session"] == [
        line for line in detail.split("\n") if line.startswith("-- step")
    ]

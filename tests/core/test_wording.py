"""Numbers in sentences."""

from __future__ import annotations

import pytest

from pytest_parsediff.core.wording import agreeing, counted


@pytest.mark.parametrize(
    ("number", "expected"),
    [(0, "0 more plans"), (1, "1 more plan"), (2, "2 more plans")],
)
def test_one_thing_takes_no_s(number: int, expected: str) -> None:
    """All other numbers take one, none too."""
    assert expected == counted(number, "more plan")


@pytest.mark.parametrize(
    ("number", "expected"), [(1, "1 line differs"), (2, "2 lines differ")]
)
def test_the_verb_agrees(number: int, expected: str) -> None:
    """With one thing, or with several."""
    assert expected == agreeing(number, "line", "differs", "differ")

"""The page about laws: one section per law, each with what a reader needs."""

from __future__ import annotations

import inspect
import re

import pytest
from docs_blocks import REPOSITORY

from pytest_parsediff import run_conformance, strategies
from pytest_parsediff.laws.law import Law
from pytest_parsediff.laws.tolerant import MAX_CELLS

PAGE = (REPOSITORY / "docs" / "laws.md").read_text("utf-8")


def sections() -> dict[str, str]:
    """Return the text below each heading."""
    parts = re.split(r"^## (.+)\n", PAGE, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_each_law_has_a_section() -> None:
    """In the order of the laws."""
    names = [name for name in sections() if name in set(Law)]

    assert list(Law) == names


@pytest.mark.parametrize("law", list(Law))
def test_each_section_says_what_it_is_for(law: Law) -> None:
    """The bug, what is needed, how to read it, and what it cannot catch."""
    text = sections()[law]

    for label in ("The bug", "Needs", "Reading it", "Cannot catch"):
        assert f"\n*{label}:* " in text


def test_each_argument_is_documented() -> None:
    """But for the two that the text above the table is about."""
    rows = set(re.findall(r"^\| `(\w+)` \|", PAGE, flags=re.MULTILINE))

    arguments = set(inspect.signature(run_conformance).parameters)
    assert arguments == rows | {"adapter", "config"}


def test_each_strategy_is_documented() -> None:
    """With its arguments that must be given."""
    names = set(re.findall(r"^\| `(\w+)\(", PAGE, flags=re.MULTILINE))

    assert {one for one in strategies.__all__ if one.islower()} == names


def test_the_number_of_bad_cells_is_the_real_one() -> None:
    """It is a constant of the law."""
    assert f"at most {MAX_CELLS} cells" in PAGE.replace("\n", " ")

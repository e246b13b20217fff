"""One name for one session, in characters that pytest and shells leave alone."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_parsediff.live.nodeids import (
    SWEEP,
    escape,
    item_name,
    parse_item_name,
    unescape,
)

TEXTS = st.text(st.characters(categories=None), max_size=12)
DASHED = st.text("a-%2D", max_size=6)
PAIRS = st.tuples(TEXTS | DASHED, TEXTS | DASHED)


@pytest.mark.parametrize(
    ("adapter", "session", "name"),
    [
        ("opencode", "ses_1", "opencode-ses_1"),
        ("codex", "019a-b-c", "codex-019a-b-c"),
        ("claude-code", "x", "claude--code-x"),
        ("a", "-x", "a-%2Dx"),
        ("a", "x[1]::y/z", "a-x%5B1%5D%3A%3Ay%2Fz"),
        ("a", "100%", "a-100%25"),
        ("a", "é", "a-%C3%A9"),
        ("a", "", "a-"),
        ("a", "(source)", "a-%28source%29"),
        ("a", "\ud800", "a-%ED%A0%80"),
    ],
)
def test_names(adapter: str, session: str, name: str) -> None:
    """Letters, digits, ``_``, ``.`` and ``-`` stay; all else is its UTF-8 bytes."""
    assert name == item_name(adapter, session)


@given(PAIRS)
@example(("a-", "b"))
@example(("a", "-b-c"))
def test_a_name_stands_for_one_session(pair: tuple[str, str]) -> None:
    """Adapter and session come back from it, so no two pairs share one."""
    assert pair == parse_item_name(item_name(*pair))


@given(PAIRS)
def test_names_hold_nothing_that_pytest_reads(pair: tuple[str, str]) -> None:
    """Brackets, colons and ``@`` mean something to pytest, or to pytest-xdist."""
    assert re.fullmatch(r"[A-Za-z0-9_.%-]+", item_name(*pair))


@given(TEXTS)
def test_escape_is_undone(text: str) -> None:
    """Nothing is lost."""
    assert text == unescape(escape(text))


def test_the_sweep_is_no_session() -> None:
    """Its name cannot be that of a session."""
    with pytest.raises(ValueError, match="not the name of a session: 'sweep'"):
        parse_item_name(SWEEP)

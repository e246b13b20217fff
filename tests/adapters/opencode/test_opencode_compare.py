"""How sessions of opencode are compared unless a table says otherwise."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_parsediff.adapters.builtin import BUILTIN
from pytest_parsediff.adapters.opencode.events import FIELDS
from pytest_parsediff.core.config import CompareConfig
from pytest_parsediff.core.pointers import Pointer
from pytest_parsediff.core.rules import compile_rules
from pytest_parsediff.diff.comparison import compile_comparison

CONFIG = BUILTIN["opencode"].config
DOCS = Path(__file__).parents[3] / "docs" / "opencode.md"
BASE = ("SourceID", "SourceSeq", "Ts")


def declared() -> CompareConfig:
    """Return the table."""
    assert isinstance(CONFIG.compare, CompareConfig)
    return CONFIG.compare


def test_the_table_compiles() -> None:
    """Its keys do not contradict each other, and it knows where ids are."""
    compiled = compile_comparison(CONFIG, compile_rules(CONFIG))

    assert compiled.is_ordered
    assert ("s", "t") == (
        compiled.session_of({"payload": {"SessionNativeID": "s"}}),
        compiled.session_of({"payload": {"NativeID": "t"}}),
    )


@pytest.mark.parametrize("kind", FIELDS)
def test_every_kind_names_its_session(kind: str) -> None:
    """No event is without a session id, whatever its kind."""
    assert {"NativeID", "SessionNativeID"} & FIELDS[kind].keys()


def test_places_exist() -> None:
    """Every declared place is a field of some event."""
    fields = {*BASE, *(name for kind in FIELDS.values() for name in kind)}
    table = declared()
    groups = (table.fields or {}).values()
    places = [*(table.bodies or ()), *(place for group in groups for place in group)]

    assert {
        ("payload", True),
    } == {(p[0], p[1] in fields) for p in (Pointer.parse(x).tokens for x in places)}


def test_no_number_is_without_a_name() -> None:
    """Numbers that are no part of an identity are grouped, so that fields stay few."""
    named = {
        place.rpartition("/")[2]
        for group in (declared().fields or {}).values()
        for place in group
    }
    numbers = {
        name
        for kind in FIELDS.values()
        for name, zero in kind.items()
        if isinstance(zero, (int, float))
    }

    assert {"Seq", "TurnSeq", "OpSeq", "ParentOpSeq"} == numbers - named


def test_the_fields_are_documented() -> None:
    """The table of the page is the one in force."""
    text = DOCS.read_text(encoding="utf-8").partition("### Fields of a difference")[2]
    rows = re.findall(
        r"^\| `(\w+)` \| (.+) \|$", text.partition("## ")[0], re.MULTILINE
    )

    assert declared().fields == {
        name: [f"/payload/{place}" for place in re.findall(r"`([^`]+)`", places)]
        for name, places in rows
    }

"""Texts that SQLite cannot hold go into a run database, and come out as they were."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_parsediff.diff.records import ParsedSession
from pytest_parsediff.live.cells import (
    decode,
    encode,
    from_cell,
    from_row,
    to_cell,
    to_row,
)
from pytest_parsediff.live.rundb import RunDatabase

texts = st.text(st.characters(codec=None, exclude_categories=[]))


@given(texts, texts)
@example("\udce9", "\\udce9")
@example("\0\\udce9", "\udce9")
@example("\ud83d\ude00", "\U0001f600")
@example("\0", "\0\0")
def test_every_text_has_a_cell_of_its_own(one: str, other: str) -> None:
    """It is valid UTF-8, leads back to the text, and no other text has it."""
    cells = [to_cell(one), to_cell(other)]
    for cell in cells:
        cell.encode()
    assert [one, other] == [from_cell(cell) for cell in cells]
    assert (one == other) == (cells[0] == cells[1])


@pytest.mark.parametrize("value", [None, 1, 1.5, b"\0\xff", "plain", "naïve", ""])
def test_what_sqlite_can_hold_is_held_as_it_is(value: object) -> None:
    """Only texts with a surrogate or a leading NUL are escaped."""
    assert (value,) == to_row([value]) == from_row((value,))
    assert value is to_cell(value)


@pytest.mark.parametrize("name", ["plain", "caf\udce9", "\ud83d", "\\udce9"])
def test_documents_hold_any_name(name: str) -> None:
    """Also those that msgspec refuses."""
    session = ParsedSession(adapter="toy", session=name, source=f"{name}.jsonl")
    assert session == decode(encode(session), ParsedSession)


def test_a_broken_document_is_no_document() -> None:
    """Neither reader takes it."""
    with pytest.raises(msgspec.ValidationError, match="adapter"):
        decode(b"{}", ParsedSession)


def test_rows_of_a_run_database(tmp_path: Path) -> None:
    """All three ways in and out escape."""
    name = "caf\udce9"
    with closing(RunDatabase.create(tmp_path / "run.db")) as rundb:
        rundb.many("INSERT INTO notice VALUES (?, ?, ?, ?)", [(1, "odd", name, "")])
        query = "SELECT message FROM notice WHERE message = ?"
        assert (
            [(name,)] == rundb.fetch(query, (name,)) == list(rundb.each(query, (name,)))
        )

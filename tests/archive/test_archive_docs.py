"""The page on archives says what is so."""

from __future__ import annotations

import re
from pathlib import Path

import apsw

from pytest_parsediff.archive import queryside
from pytest_parsediff.archive.fencing import Action
from pytest_parsediff.archive.runs import RunState, Status
from pytest_parsediff.archive.schema import APPLICATION_ID, HISTORY, SCHEMA

PAGE = (Path(__file__).parents[2] / "docs" / "archive.md").read_text("utf-8")


def table(heading: str, column: str) -> list[str]:
    """Return the code words, or numbers, that begin the rows of a table."""
    below = PAGE.partition(f"\n{heading}\n")[2]
    rows = below.partition(f"| {column} |")[2].partition("\n\n")[0]
    return re.findall(r"^\| `?(\w+)`? \|", rows, re.MULTILINE)


def test_the_schema_is_shown_as_it_is() -> None:
    """The first SQL block is the constant, byte for byte, and it makes the tables."""
    blocks = re.findall(r"^```sql\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

    assert SCHEMA == blocks[0]
    assert f"0x{APPLICATION_ID:x}" in PAGE


def test_the_examples_run() -> None:
    """The other SQL blocks are accepted by the tables that are shown."""
    blocks = re.findall(r"^```sql\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    connection = apsw.Connection(":memory:")

    for block in blocks:
        connection.execute(block).fetchall()

    assert 3 == len(blocks)
    assert [(1,)] == connection.execute("SELECT count(*) FROM records").fetchall()
    connection.close()


def test_the_history_is_shown() -> None:
    """One row per version with its line."""
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", PAGE, re.MULTILINE)

    assert [(str(version), text) for version, text in HISTORY] == rows


def test_states_and_statuses_are_shown() -> None:
    """Every word of the ledger is explained, in the order in which it happens."""
    assert list(RunState) == table("## Ledger", "state")
    assert list(Status) == table("`sync_run_entities.status`:", "status")


def test_each_action_is_shown() -> None:
    """The table of what happens to a session names every action."""
    text = PAGE.partition("What happens to one session:")[2].partition("And what")[0]

    assert set(Action) <= set(re.findall(r"`(\w+)`", text))


def test_the_columns_of_a_query_are_shown() -> None:
    """Each column that means something has a row, and there are no others."""
    assert list(queryside._COLUMNS) == table("## A tool's own database", "column")

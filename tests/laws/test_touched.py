"""Which names a writer touched, by what differs between two contents."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_parsediff.core.store import build_image
from pytest_parsediff.laws.touched import rows_touched

STORE = """\
PRAGMA encoding = '{encoding}';
CREATE TABLE session(id TEXT PRIMARY KEY, title TEXT);
CREATE TABLE part(id TEXT PRIMARY KEY, session TEXT, data TEXT);
INSERT INTO session VALUES ('one', 'é'), ('two', 'ü');
INSERT INTO part VALUES ('p1', 'one', 'a'), ('p2', 'two', 'a');
{change}
"""


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16le", "UTF-16be"])
def test_names_are_read_in_the_encoding_of_the_database(encoding: str) -> None:
    """A row names its session, in whatever encoding."""
    change = "UPDATE part SET data = 'b' WHERE id = 'p1';"
    before, after = (
        build_image(
            STORE.format(encoding=encoding, change=text).encode(), Path("fixture.sql")
        ).main
        for text in ("", change)
    )

    touched = rows_touched([before, after])

    assert touched.may_be("one")
    assert not touched.may_be("two")

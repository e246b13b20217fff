"""What the projects in these tests consist of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

SQL = """\
CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT);
INSERT INTO t VALUES (1, 'a'), (2, 'b');
"""
GOLDEN = '{"id":1,"x":"a"}\n{"id":2,"x":"b"}\n'
ADAPTER = """\
import sqlite3
import pytest


def rows(path):
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    for id_, x in connection.execute("SELECT id, x FROM t ORDER BY id"):
        yield {"id": id_, "x": x}
    connection.close()


@pytest.hookimpl(optionalhook=True)
def pytest_parsediff_adapters(config):
    return {"rows": rows}
"""

AddScenario = Callable[..., Path]

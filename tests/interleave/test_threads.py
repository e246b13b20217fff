"""Readers with threads of their own."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from bench_store import AtOrAfter, make_rig

from pytest_parsediff.core.event import Emission, Source
from pytest_parsediff.interleave.plan import Plan
from pytest_parsediff.laws.explore import Explorer
from pytest_parsediff.laws.law import Law


class Pooled(AtOrAfter):
    """Reads four times at once, each time through a connection of its own."""

    def scan(self, source: Source, _cursor: str | None) -> Iterator[Emission]:
        """Yield what all of them found."""

        def count(_number: int) -> int:
            uri = f"{source.path.as_uri()}?mode=ro"
            with closing(sqlite3.connect(uri, uri=True)) as db:
                return int(db.execute("SELECT count(*) FROM message").fetchone()[0])

        with ThreadPoolExecutor(4) as executor:
            yield {"session": "s", "id": "n", "n": max(executor.map(count, range(4)))}


def test_connections_of_all_threads_are_followed(tmp_path: Path) -> None:
    """Also of those that are made at one time."""
    rig = make_rig(Pooled(), tmp_path)

    for _ in range(10):
        witness = rig.run(Plan((), None, 1)).witness
        assert (8, 16) == (witness.connections, witness.gaps)


def test_the_order_of_threads_is_no_difference(tmp_path: Path) -> None:
    """What they hand out would be one."""
    explorer = Explorer(rig=make_rig(Pooled(), tmp_path), laws=(Law.CONVERGES,))

    assert not any(explorer.quiet().difference for _ in range(10))

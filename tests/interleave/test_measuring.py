"""What an explorer measures before the first plan: gaps and emissions."""

from __future__ import annotations

from pathlib import Path

from bench_store import AtOrAfter, make_rig

from pytest_parsediff.laws.explore import Explorer
from pytest_parsediff.laws.law import Law

FILLS = (
    "DELETE FROM message;",
    """INSERT INTO message VALUES
    ('a', 's', '', 1), ('b', 's', '', 1), ('c', 's', '', 1), ('d', 's', '', 1);""",
)


class AsksForEachRow(AtOrAfter):
    """Takes a snapshot per row."""

    name = "asks-for-each-row"
    sign = ">= -1 OR 0 <"


def test_the_store_is_measured_as_it_is_and_as_writers_leave_it(
    tmp_path: Path,
) -> None:
    """Three rows are there and four will be; both are places to be killed at."""
    rig = make_rig(AsksForEachRow(), tmp_path, writers=FILLS)

    quiet = Explorer(rig=rig, laws=(Law.CONVERGES,), polls=2).quiet()

    assert 2 * (3 + 1) == quiet.run.emissions
    assert 2 * (4 + 1) == quiet.shape.emissions
    assert quiet.shape.gaps >= quiet.run.gaps
    assert (1, 1) == quiet.shape.writers
    assert "" == quiet.difference

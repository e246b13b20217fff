"""Writers that are made for a store that has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_parsediff.core.splitmix import SplitMix64
from pytest_parsediff.core.store import build_image
from pytest_parsediff.interleave.clock import HarnessClock
from pytest_parsediff.interleave.writers.connection import Batch, Library
from pytest_parsediff.interleave.writers.opening import open_writer
from pytest_parsediff.stress.made import MAX_STEPS, WRITERS, opencode_writer

SCENARIOS = Path(__file__).parents[2] / "scenarios/opencode"
STORES = sorted(SCENARIOS.glob("*/fixture.sql"))


def seeded(number: int) -> SplitMix64:
    """Return a stream of numbers."""
    return SplitMix64.seeded("test", number)


@pytest.mark.parametrize("store", STORES, ids=lambda path: path.parent.name)
def test_every_step_fits_the_store(tmp_path: Path, store: Path) -> None:
    """Whatever columns it has; the first one begins a session."""
    image = build_image(store.read_bytes(), store, journal=None).main
    path = tmp_path / "opencode.db"
    path.write_bytes(image)

    made = opencode_writer(image, seeded(1))

    assert made is not None
    assert MAX_STEPS == len(made.steps)
    assert "begin a session" == made.steps[0].label
    writer = open_writer(Library.APSW, path, HarnessClock())
    for step in made.steps:
        writer.run(Batch(step.statements))  # type: ignore[union-attr]
    writer.close()
    assert path.read_bytes() != image


def test_equal_numbers_make_equal_scripts() -> None:
    """And others make others."""
    image = build_image(STORES[0].read_bytes(), STORES[0]).main

    made = [WRITERS["opencode"](image, seeded(n)) for n in (1, 1, 2)]

    assert [True, False] == [made[0] == other for other in made[1:]]


def test_no_writer_is_made_for_another_shape() -> None:
    """A table is missing."""
    sql = b"CREATE TABLE session(id TEXT); CREATE TABLE message(id TEXT);"

    assert opencode_writer(build_image(sql, Path("a.sql")).main, seeded(1)) is None

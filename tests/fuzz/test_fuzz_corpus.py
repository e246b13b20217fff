"""Every kept input still goes through, and so do inputs near it."""

from __future__ import annotations

from pathlib import Path

import pytest
from fuzz_targets import TARGETS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

CORPUS = Path(__file__).with_name("corpus")
SEEDS = sorted(path for path in CORPUS.rglob("*") if path.is_file())


def name_of(path: Path) -> str:
    """Return the path below the corpus, for test ids."""
    return path.relative_to(CORPUS).as_posix()


@pytest.mark.parametrize("seed", SEEDS, ids=name_of)
def test_a_kept_input_goes_through(seed: Path) -> None:
    """No crash, and nothing that is lost."""
    TARGETS[seed.parent.name](seed.read_bytes())


def test_each_target_has_a_corpus() -> None:
    """And each folder of the corpus a target."""
    assert {*TARGETS} == {path.parent.name for path in SEEDS}


def near(seeds: list[bytes]) -> st.SearchStrategy[bytes]:
    """Return inputs that are seeds with one piece cut out and another put in."""
    numbers = st.integers(0, 2**16)

    def change(seed: bytes, begin: int, length: int, piece: bytes) -> bytes:
        begin %= len(seed) + 1
        return seed[:begin] + piece + seed[begin + length % 8 :]

    pieces = st.binary(max_size=6) | st.sampled_from(seeds)
    return st.builds(change, st.sampled_from(seeds), numbers, numbers, pieces)


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_inputs_near_the_kept_ones_go_through(name: str) -> None:
    """The same of changed inputs; how many depends on hypothesis's profile."""
    seeds = [path.read_bytes() for path in SEEDS if path.parent.name == name]
    most = settings.default.max_examples if settings.default else 100

    @settings(
        max_examples=most if most > 100 or name == "decode" else 15,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors],
        deadline=None,
    )
    @given(near(seeds))
    def check(data: bytes) -> None:
        TARGETS[name](data)

    check()

"""Random numbers that are the same everywhere."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_parsediff.core.splitmix import SplitMix64


def test_published_numbers() -> None:
    """The first numbers of seed 1234567, as everybody else's SplitMix64 has them."""
    stream = SplitMix64(1234567)

    # https://rosettacode.org/wiki/Pseudo-random_numbers/Splitmix64
    assert [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ] == [stream.next_u64() for _ in range(5)]


def test_only_64_bits_of_a_state_count() -> None:
    """Any integer is a state."""
    assert SplitMix64(5).next_u64() == SplitMix64(5 + 2**64).next_u64()
    assert SplitMix64(-1).next_u64() == SplitMix64(2**64 - 1).next_u64()


def test_seeds_give_the_same_numbers_for_ever() -> None:
    """Reports quote seeds: what one draws never changes."""
    assert 15685641475852018427 == SplitMix64.seeded("plan", 7).next_u64()
    assert [4, 0, 3, 1, 2] == shuffled(5, SplitMix64.seeded("plan", 7))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c"), ("a", "bc")),
        (("ab",), ("a", "b")),
        ((1,), ("1",)),
        ((1, 2), (2, 1)),
        ((), ("",)),
        (("a\ud800",), ("a",)),
    ],
)
def test_other_parts_give_other_numbers(
    one: tuple[int | str, ...], other: tuple[int | str, ...]
) -> None:
    """Parts are told apart by kind, length and order."""
    assert SplitMix64.seeded(*one).next_u64() != SplitMix64.seeded(*other).next_u64()


@given(st.integers(), st.integers(1, 2**64))
def test_below(state: int, limit: int) -> None:
    """A number is at least 0 and less than the limit."""
    assert 0 <= SplitMix64(state).below(limit) < limit


@pytest.mark.parametrize("limit", [0, -1, 2**64 + 1])
def test_limits_that_mean_nothing(limit: int) -> None:
    """There is no number below 0, and none has more than 64 bits."""
    with pytest.raises(ValueError, match="limit of 1 to 2"):
        SplitMix64(0).below(limit)


def test_numbers_that_would_favour_some_are_drawn_again() -> None:
    """Of three quarters of all numbers each is as likely as any other."""
    limit = 3 * 2**62
    stream, plain = SplitMix64(9), SplitMix64(9)

    drawn = [stream.below(limit) for _ in range(100)]

    fair = [number for _ in range(200) if (number := plain.next_u64()) < limit]
    assert fair[:100] == drawn


def shuffled(count: int, stream: SplitMix64) -> list[int]:
    """Return the first numbers in a random order."""
    items = list(range(count))
    stream.shuffle(items)
    return items


def test_every_order_is_as_likely() -> None:
    """Over many seeds each of six orders comes about as often."""
    orders = Counter(tuple(shuffled(3, SplitMix64.seeded(seed))) for seed in range(600))

    assert 6 == len(orders)
    assert all(60 < count < 145 for count in orders.values())


@given(st.integers(), st.integers(0, 50))
def test_nothing_is_lost(state: int, count: int) -> None:
    """A shuffled list has the same items."""
    assert list(range(count)) == sorted(shuffled(count, SplitMix64(state)))

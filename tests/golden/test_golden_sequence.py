"""Matching equal elements of two sequences."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from pytest_parsediff.golden.sequence import longest_increasing, match_equal

letters = st.text("abc", max_size=9)


@given(st.lists(st.integers(0, 9), max_size=9))
@example([])
@example([0, 0])
def test_longest_increasing_is_increasing_and_longest(numbers: list[int]) -> None:
    """No strictly increasing subsequence is longer than the one that is returned."""
    found = longest_increasing(numbers)
    longest = max(
        size
        for size in range(len(numbers) + 1)
        for chosen in combinations(numbers, size)
        if all(a < b for a, b in pairwise(chosen))
    )

    assert longest == len(found)
    assert found == sorted(set(found))
    assert all(numbers[a] < numbers[b] for a, b in pairwise(found))


@given(letters, letters)
@example("ab", "ba")
@example("aab", "aba")
@example("", "")
def test_as_many_match_as_both_sides_share(left: str, right: str) -> None:
    """Pairs are equal elements, each used once, as many as in both multisets."""
    pairs = match_equal(left, right)

    assert (Counter(left) & Counter(right)) == Counter(left[i] for i, _ in pairs)
    assert all(left[i] == right[j] for i, j in pairs)
    assert len(pairs) == len({i for i, _ in pairs}) == len({j for _, j in pairs})
    assert pairs == sorted(pairs)


@given(letters, st.sets(st.integers(0, 8)))
def test_a_subsequence_of_a_short_text_keeps_its_order(
    text: str, cut: set[int]
) -> None:
    """What is left of a short text after cutting matches without any move."""
    rest = "".join(one for at, one in enumerate(text) if at not in cut)

    rights = [j for _, j in match_equal(text, rest)]

    assert list(range(len(rest))) == rights


def test_repeated_elements_match_between_anchors() -> None:
    """A thousand repetitions of one line stay in order when others are cut out."""
    left = [one for number in range(1_000) for one in ("same", f"line {number}")]
    right = [
        one
        for number in range(1_000)
        if number % 5
        for one in ("same", f"line {number}")
    ]

    pairs = match_equal(left, right)

    assert list(range(len(right))) == [j for _, j in pairs]


def test_a_block_of_repeated_elements_can_be_cut_out() -> None:
    """Equal ends match first, however often their elements are repeated."""
    left = list("x" + "ab" * 40 + "y" + "ba" * 3 + "x")
    right = left[:10] + left[50:]

    pairs = match_equal(left, right)

    assert list(range(len(right))) == [j for _, j in pairs]


def test_ranks_count_from_both_ends() -> None:
    """Repeated elements behind a cut match in order, not with those before it."""
    left = "p" + "a" * 20 + "b" + "a" * 20 + "b" + "q"
    right = "r" + "b" + "a" * 20 + "b" + "s"

    pairs = match_equal(left, right)

    assert list(range(1, 23)) == [j for _, j in pairs]


def test_nothing_in_common_matches_nothing() -> None:
    """Two sides that share no element give no pair."""
    assert [] == match_equal("ab", "cd")

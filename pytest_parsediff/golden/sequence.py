"""Match equal elements of two sequences so that few of them change their order.

An exact longest common subsequence is quadratic. Here elements that are unique on both
sides are anchors, as in a patience diff; repeated ones are matched between anchors, each
with the few that are nearest to it by rank. What is left matches across anchors: it moved.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict, deque
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

#: An index on the left and one on the right, both 0-based.
Pair: TypeAlias = tuple[int, int]

_NEAR = 4  # ranks on either side that a repeated element may be matched with


def longest_increasing(values: Sequence[int]) -> list[int]:
    """Return positions of one longest strictly increasing subsequence of *values*.

    Returns:
        Positions, ascending. n log n.

    Source:
        https://en.wikipedia.org/wiki/Longest_increasing_subsequence (patience).
    """
    tails: list[int] = []  # smallest last value of a subsequence of each length
    tail_at: list[int] = []  # where that value stands
    before: list[int] = []
    for position, value in enumerate(values):
        length = bisect_left(tails, value)
        before.append(tail_at[length - 1] if length else -1)
        if length == len(tails):
            tails.append(value)
            tail_at.append(position)
        else:
            tails[length] = value
            tail_at[length] = position
    chain: list[int] = []
    position = tail_at[-1] if tail_at else -1
    while position >= 0:
        chain.append(position)
        position = before[position]
    chain.reverse()
    return chain


def match_equal(left: Sequence[Hashable], right: Sequence[Hashable]) -> list[Pair]:
    """Return pairs of equal elements: as many as both sides share, as a multiset.

    Returns:
        Pairs, ascending by left index; each index at most once. Order is kept for as
        many as this can find. n log n, whatever is repeated.
    """
    if set(left).isdisjoint(right):
        return []
    pairs = [
        pair
        for span in _between_anchors(left, right)
        for pair in _match_span(left, right, span)
    ]
    pairs += _match_rest(left, right, pairs)
    pairs.sort()
    return pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """Half-open ranges of both sides that are matched with each other."""

    left: range
    right: range


def _between_anchors(
    left: Sequence[Hashable], right: Sequence[Hashable]
) -> Iterator[_Span]:
    """Yield spans that together cover both sides; each but the last ends in an anchor."""
    left_at, right_at = _unique_places(left), _unique_places(right)
    common = [(i, right_at[one]) for one, i in left_at.items() if one in right_at]
    left_from = right_from = 0
    for position in longest_increasing([j for _, j in common]):
        i, j = common[position]
        yield _Span(left=range(left_from, i + 1), right=range(right_from, j + 1))
        left_from, right_from = i + 1, j + 1
    yield _Span(left=range(left_from, len(left)), right=range(right_from, len(right)))


def _unique_places(elements: Sequence[Hashable]) -> dict[Hashable, int]:
    """Return the index of each element that stands there once, in order."""
    counts = Counter(elements)
    return {one: i for i, one in enumerate(elements) if counts[one] == 1}


def _match_span(
    left: Sequence[Hashable], right: Sequence[Hashable], span: _Span
) -> Iterator[Pair]:
    """Yield pairs of one span that keep their order: equal ends, then what is near."""
    lefts, rights = span.left, span.right
    while lefts and rights and left[lefts[-1]] == right[rights[-1]]:
        yield lefts[-1], rights[-1]
        lefts, rights = lefts[:-1], rights[:-1]
    while lefts and rights and left[lefts[0]] == right[rights[0]]:
        yield lefts[0], rights[0]
        lefts, rights = lefts[1:], rights[1:]
    near = list(_near_pairs(left, right, lefts, rights))
    for position in longest_increasing([j for _, j in near]):
        yield near[position]


def _near_pairs(
    left: Sequence[Hashable], right: Sequence[Hashable], lefts: range, rights: range
) -> Iterator[Pair]:
    """Yield candidates: by left index, then by right index descending.

    That order makes an increasing subsequence take each left index once (Hunt and
    Szymanski). Ranks are counted from both ends, so that one cut-out block does not
    put all that follows out of reach.
    """
    places: defaultdict[Hashable, list[int]] = defaultdict(list)
    for j in rights:
        places[right[j]].append(j)
    if not places:
        return
    totals = Counter(left[i] for i in lefts)
    seen: Counter[Hashable] = Counter()
    for i in lefts:
        one = left[i]
        found = places.get(one, [])
        rank = seen[one]
        seen[one] += 1
        shifted = rank + len(found) - totals[one]
        near = {*_window(rank, len(found)), *_window(shifted, len(found))}
        for at in sorted(near, reverse=True):
            yield i, found[at]


def _window(rank: int, size: int) -> range:
    return range(max(0, rank - _NEAR), min(size, rank + _NEAR + 1))


def _match_rest(
    left: Sequence[Hashable], right: Sequence[Hashable], pairs: Sequence[Pair]
) -> Iterator[Pair]:
    """Yield pairs of what is unmatched and equal, in order of occurrence."""
    lefts, rights = {i for i, _ in pairs}, {j for _, j in pairs}
    places: defaultdict[Hashable, deque[int]] = defaultdict(deque)
    for j, one in enumerate(right):
        if j not in rights:
            places[one].append(j)
    for i, one in enumerate(left):
        if i not in lefts and places.get(one):
            yield i, places[one].popleft()

"""Pair events that differ and have no identity: by what they share, then by place.

Two passes, both linear. First every value that one event on each side has to itself
votes for that pair, so that ids and long texts find each other without a configured
key, wherever they went. Then events of one kind that stand between the same matched
neighbours are paired in order.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from pytest_parsediff.golden.fields import field_changes
from pytest_parsediff.golden.sequence import Pair, longest_increasing
from pytest_parsediff.golden.values import Leaves

_MAX_VOTE = 64  # of one value; a long text counts more than a small number
_KIND_FIELDS = ("kind", "type")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One event that is not matched yet.

    Attributes:
        value: What :func:`~.values.read_line` returned.
        leaves: Its :func:`~.values.leaves`.
    """

    value: object
    leaves: Leaves

    @property
    def shape(self) -> Hashable:
        """What events of one sort share: the kind, else the names at the top."""
        value = self.value
        if not isinstance(value, dict):
            return type(value).__name__
        for name in _KIND_FIELDS:
            if isinstance(value.get(name), str):
                return name, value[name]
        return frozenset(value)


#: Unmatched events of one side, by index, ascending.
Candidates: TypeAlias = Mapping[int, Candidate]

_Owners: TypeAlias = dict[str, dict[object, int]]
_SHARED = -1


def pair_alike(
    left: Candidates, right: Candidates, matched: Sequence[Pair]
) -> list[Pair]:
    """Return pairs of *left* and *right* that people would call the same event.

    Args:
        left: Unmatched events of the golden.
        right: Unmatched events of the output.
        matched: What is matched already; it says which places correspond.

    Returns:
        Pairs in no particular order; each index at most once.
    """
    pairs = _by_votes(left, right)
    known = sorted([*matched, *pairs])
    kept = [known[at] for at in longest_increasing([j for _, j in known])]
    lefts, rights = {i for i, _ in pairs}, {j for _, j in pairs}
    rest_left = {i: one for i, one in left.items() if i not in lefts}
    rest_right = {j: one for j, one in right.items() if j not in rights}
    pairs += _by_place(rest_left, rest_right, kept)
    return pairs


def _by_votes(left: Candidates, right: Candidates) -> list[Pair]:
    """Pair events that share values which no other unmatched event has."""
    votes = _count_votes(_sole_owners(left), _sole_owners(right))
    pairs: list[Pair] = []
    lefts, rights = set(left), set(right)
    for i, j in sorted(votes, key=lambda pair: (-votes[pair], pair)):
        if i in lefts and j in rights and _is_same(left[i], right[j]):
            lefts.remove(i)
            rights.remove(j)
            pairs.append((i, j))
    return pairs


def _sole_owners(events: Candidates) -> _Owners:
    """Return by pointer and value the event that alone has it, or ``_SHARED``."""
    owners: _Owners = {}
    for index, event in events.items():
        for pointer, value in event.leaves.items():
            table = owners.setdefault(pointer, {})
            table[value] = _SHARED if value in table else index
    return owners


def _count_votes(left: _Owners, right: _Owners) -> Counter[Pair]:
    """Return what the values say that one event on each side has to itself."""
    votes: Counter[Pair] = Counter()
    for pointer, table in left.items():
        others = right.get(pointer, {})
        for value, i in table.items():
            j = others.get(value, _SHARED)
            if _SHARED not in (i, j):
                votes[i, j] += _weight(value)
    return votes


def _weight(value: object) -> int:
    if isinstance(value, str):
        return min(len(value) + 2, _MAX_VOTE)
    return min(len(str(value)), _MAX_VOTE) if isinstance(value, (int, Decimal)) else 0


def _by_place(
    left: Candidates, right: Candidates, kept: Sequence[Pair]
) -> Iterator[Pair]:
    """Pair what stands between the same neighbours: same shape first, then the rest."""
    gaps_left = _gaps(left, [i for i, _ in kept])
    gaps_right = _gaps(right, [j for _, j in kept])
    for gap, lefts in gaps_left.items():
        rights = gaps_right.get(gap, [])
        pairs = list(_by_shape(left, right, lefts, rights))
        yield from pairs
        done_left, done_right = {i for i, _ in pairs}, {j for _, j in pairs}
        yield from _zip_similar(
            left,
            right,
            [i for i in lefts if i not in done_left],
            [j for j in rights if j not in done_right],
        )


def _gaps(events: Candidates, kept: Sequence[int]) -> dict[int, list[int]]:
    """Return the indexes of *events* by the number of kept pairs before them."""
    gaps: defaultdict[int, list[int]] = defaultdict(list)
    for index in events:
        gaps[bisect_left(kept, index)].append(index)
    return gaps


def _by_shape(
    left: Candidates, right: Candidates, lefts: list[int], rights: list[int]
) -> Iterator[Pair]:
    """Pair in order within each shape; a surplus leaves out what is least alike."""
    shapes: defaultdict[Hashable, list[int]] = defaultdict(list)
    for j in rights:
        shapes[right[j].shape].append(j)
    mine: defaultdict[Hashable, list[int]] = defaultdict(list)
    for i in lefts:
        mine[left[i].shape].append(i)
    for shape, members in mine.items():
        others = shapes.get(shape, [])
        yield from _zip_similar(left, right, members, others)


def _zip_similar(
    left: Candidates, right: Candidates, lefts: list[int], rights: list[int]
) -> Iterator[Pair]:
    """Pair in order, passing over events of the longer side that are not alike."""
    i = j = 0
    while i < len(lefts) and j < len(rights):
        surplus = (len(lefts) - i) - (len(rights) - j)
        one, other = left[lefts[i]], right[rights[j]]
        in_step = surplus == 0 and one.shape == other.shape
        if in_step or _is_similar(one, other) or _differs_once(one, other):
            yield lefts[i], rights[j]
            i, j = i + 1, j + 1
        else:
            i += surplus >= 0
            j += surplus <= 0


def _is_same(one: Candidate, other: Candidate) -> bool:
    same_shape = one.shape == other.shape
    return same_shape or _is_similar(one, other) or _differs_once(one, other)


def _is_similar(one: Candidate, other: Candidate) -> bool:
    """Return whether half of the smaller event is in the other one."""
    shared = len(one.leaves.items() & other.leaves.items())
    return 2 * shared >= min(len(one.leaves), len(other.leaves)) > 0


def _differs_once(one: Candidate, other: Candidate) -> bool:
    """Return whether one field is different, and not the event as a whole."""
    changes = field_changes(one.value, other.value)
    return len(changes) == 1 and changes[0].pointer != ""

"""A bounded unified diff, made from an alignment instead of being searched for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from pytest_parsediff.core.wording import counted
from pytest_parsediff.golden.explain import Explanation
from pytest_parsediff.golden.legible import excerpt, excerpts, line_text
from pytest_parsediff.golden.lines import Line, Style
from pytest_parsediff.golden.sequence import Pair

_BLOCK = 10  # events of one side before those of the other side


@dataclass(frozen=True, slots=True)
class _Row:
    """One event of the diff.

    Attributes:
        left: Index in the golden; ``None`` when nothing of it stands here.
        right: Index in the output; ``None`` when nothing of it stands here.
        differs: Whether it is printed with signs, not as context.
    """

    left: int | None
    right: int | None
    differs: bool

    @property
    def size(self) -> int:
        """How many lines of the diff it takes."""
        return 2 if self.differs and None not in (self.left, self.right) else 1


def diff_lines(
    explanation: Explanation, *, most: int, context: int, width: int
) -> Iterator[Line]:
    """Yield a unified diff.

    Args:
        explanation: What to show. Spelling shows only when nothing else differs.
        most: Lines at most below ``+++``; a last note counts what is not shown.
        context: Equal lines around a difference.
        width: Characters of a line at most.
    """
    rows = list(_rows(explanation))
    yield Line("--- expected", Style.REMOVED)
    yield Line("+++ actual", Style.ADDED)
    partners = _Partners(explanation)
    room = most
    left_out = sum(row.size for row in rows if row.differs)
    for hunk in _hunks(rows, context):
        shown = _first_rows(hunk, room - 1)
        if not any(row.differs for row in shown):
            break
        yield Line(_header(shown), Style.HUNK)
        yield from chain.from_iterable(partners.print_row(row, width) for row in shown)
        room -= 1 + sum(row.size for row in shown)
        left_out -= sum(row.size for row in shown if row.differs)
    if left_out:
        yield Line(f"… {counted(left_out, 'more differing line')}", Style.NOTE)


def _rows(explanation: Explanation) -> Iterator[_Row]:
    """Yield all rows, in the order of both sides.

    A moved event stands in two places, without its partner. When order does not
    matter it stands where the golden has it.
    """
    shown = _differing_pairs(explanation)
    loose_left = {} if explanation.ordered else dict(explanation.pairs)
    loose_right = set() if explanation.ordered else {j for _, j in explanation.pairs}

    def is_shown(index: int) -> bool:
        partner = loose_left.get(index)
        return partner is None or (index, partner) in shown

    left = right = 0
    end = (len(explanation.expected), len(explanation.actual))
    for i, j in chain(sorted(explanation.kept), [end]):
        lefts = [
            _Row(index, loose_left.get(index), is_shown(index))
            for index in range(left, i)
        ]
        rights = [
            _Row(None, index, differs=True)
            for index in range(right, j)
            if index not in loose_right
        ]
        yield from _in_blocks(lefts, rights)
        if (i, j) != end:
            yield _Row(i, j, (i, j) in shown)
        left, right = i + 1, j + 1


def _in_blocks(lefts: Sequence[_Row], rights: Sequence[_Row]) -> Iterator[_Row]:
    """Yield rows of both sides in turns, so that a short diff shows both."""
    for start in range(0, max(len(lefts), len(rights)), _BLOCK):
        yield from lefts[start : start + _BLOCK]
        yield from rights[start : start + _BLOCK]


def _differing_pairs(explanation: Explanation) -> set[Pair]:
    """Return the pairs that are printed with signs."""
    source = explanation.differences or explanation.respelled
    return {
        (one.expected, one.actual)
        for one in source
        if one.expected is not None and one.actual is not None
    }


def _hunks(rows: Sequence[_Row], context: int) -> Iterator[Sequence[_Row]]:
    """Yield runs of differing rows, of which there are some, with their *context*."""
    start = stop = 0
    for at, row in enumerate(rows):
        if not row.differs:
            continue
        if stop and at - context > stop:
            yield rows[start:stop]
            stop = 0
        if not stop:
            start = max(0, at - context)
        stop = min(len(rows), at + context + 1)
    yield rows[start:stop]


def _first_rows(hunk: Sequence[_Row], room: int) -> Sequence[_Row]:
    """Return the rows at the beginning of *hunk* that fit into *room* lines."""
    for count, row in enumerate(hunk):
        room -= row.size
        if room < 0:
            return hunk[:count]
    return hunk


def _header(rows: Sequence[_Row]) -> str:
    left = [row.left for row in rows if row.left is not None]
    right = [row.right for row in rows if row.right is not None]
    return f"@@ -{_range(left)} +{_range(right)} @@"


def _range(indexes: Sequence[int]) -> str:
    """Return first line and count as unified diffs write them."""
    return f"{indexes[0] + 1},{len(indexes)}" if indexes else "0,0"


class _Partners:
    """Prints rows; a line is cut where it differs from the line that it answers."""

    def __init__(self, explanation: Explanation) -> None:
        self._expected = explanation.expected
        self._actual = explanation.actual
        self._of_left = dict(explanation.pairs)
        self._of_right = {j: i for i, j in explanation.pairs}

    def print_row(self, row: _Row, width: int) -> Iterator[Line]:
        """Yield the one or two lines of *row*."""
        if not row.differs and row.left is not None:
            text = line_text(self._expected[row.left])
            yield Line(f" {excerpt(text, width - 1)}", Style.PLAIN)
            return
        if row.left is not None:
            old, _ = self._cut(row.left, self._of_left.get(row.left), width - 1)
            yield Line(f"-{old}", Style.REMOVED)
        if row.right is not None:
            _, new = self._cut(self._of_right.get(row.right), row.right, width - 1)
            yield Line(f"+{new}", Style.ADDED)

    def _cut(self, left: int | None, right: int | None, width: int) -> tuple[str, str]:
        """Return both lines, cut; the empty text for a line that is not there."""
        old = "" if left is None else line_text(self._expected[left])
        new = "" if right is None else line_text(self._actual[right])
        if old == new or left is None or right is None:
            return excerpt(old, width), excerpt(new, width)
        return excerpts(old, new, width)

"""What a strategy may know of a scenario: how much there is to interleave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pytest_parsediff.interleave.plan import Gap

#: Gaps drawn beyond those: under writers a poll can take more.
EXTRA_GAPS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Sizes that were measured without any interleaving.

    Attributes:
        writers: Number of steps per writer.
        gaps: Number of gaps per poll, poll start included, with no step done or with
            all of them, whichever is more.
        emissions: What the reader emitted, over all polls, likewise: crash points.
        may_crash: Whether killing the reader is one of the choices.
        reads: Tables or files read at each gap, by gap; a gap that is not there may
            read anything.
        writes: Tables or files each step writes, by (writer, index); a step that is
            not there may write anything.
        uses: Tables each step reads or writes, likewise; and ``exhaustive.CLOCK`` if it
            asks the clock.
    """

    writers: tuple[int, ...]
    gaps: tuple[int, ...]
    emissions: int = 0
    may_crash: bool = False
    reads: dict[Gap, frozenset[str]] = field(default_factory=dict)
    writes: dict[tuple[int, int], frozenset[str]] = field(default_factory=dict)
    uses: dict[tuple[int, int], frozenset[str]] = field(default_factory=dict)

    @property
    def polls(self) -> int:
        """Number of polls while steps are due."""
        return len(self.gaps)

    def all_gaps(self, extra: int = 0) -> Iterator[Gap]:
        """Yield every gap in order, with *extra* more at the end of each poll."""
        for poll, count in enumerate(self.gaps):
            for nth in range(count + extra):
                yield Gap(poll, nth)

    def steps(self) -> list[tuple[int, int]]:
        """Return (writer, index) of every step, writers taking turns."""
        longest = max(self.writers, default=0)
        return [
            (writer, index)
            for index in range(longest)
            for writer, length in enumerate(self.writers)
            if index < length
        ]

"""A store with one thing wrong in it, and what is asked of a reader then."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from pytest_parsediff.interleave.bench import Bench


class Demand(Enum):
    """What must come of what is wrong, besides that everything else is kept."""

    #: An event may change, and none may be lost without a word.
    NO_SILENT_LOSS = auto()
    #: The value is one that may be meant, so an event may be gone; but not all that the
    #: row says.
    NO_LOST_ROW = auto()
    #: The row may be gone, and others may look otherwise: it names no row any more, or
    #: another one.
    NOTHING = auto()
    #: It must be told of, and no event may be lost.
    REPORT = auto()
    #: The last line may be missing, as long as it is not complete.
    TAIL = auto()
    #: Tables are not as expected; to fail is to tell of it.
    SCHEMA = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """A store with one thing wrong.

    Attributes:
        label: What is wrong, and where; one line.
        bench: Makes that store.
        demand: What is asked.
        owner: Names the row or file that is wrong; ``None`` where all sessions may be
            concerned.
        without: Makes the store without that row or file: sessions that look otherwise
            there are those concerned.
        names: What the row says, and the rows that it names: a session among them is
            concerned too.
        shorter: For a tail, makes the store without the last line.
        alike: Makes the store with a good value that orders the rows in the same way.
    """

    label: str
    bench: Bench
    demand: Demand = Demand.NO_SILENT_LOSS
    owner: str | None = None
    without: Bench | None = None
    names: frozenset[str] = frozenset()
    shorter: Bench | None = None
    alike: Bench | None = None

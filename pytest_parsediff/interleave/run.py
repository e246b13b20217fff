"""What happened under one plan, and how much of it is kept."""

from __future__ import annotations

import hashlib
from enum import StrEnum

import msgspec

from pytest_parsediff.interleave.drivers.driver import Witness
from pytest_parsediff.interleave.plan import Gap, Placed, Plan
from pytest_parsediff.interleave.poll import Poll
from pytest_parsediff.interleave.schedule import (
    Moment,
    Note,
    Noted,
    moment_of,
    noted_of,
)
from pytest_parsediff.interleave.states import StateKey


class Keep(StrEnum):
    """How much of a run is wanted afterwards; each one is more than the one before."""

    #: What was emitted, checkpoints and errors: enough where nothing is held to a law.
    OUTCOME = "outcome"
    #: All that happened, in order, and events taken apart.
    MOMENTS = "moments"
    #: The content of each committed state, which laws compare with.
    STATES = "states"


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What happened under one plan.

    Attributes:
        plan: What was to happen.
        polls: In order; the last one is quiet.
        states: Committed states that the reader could have seen, in order; the first
            one is before any step. Those between two steps at one gap are not among
            them where the bench hides them, because the reader stands still there.
        notes: Everything in order, as the schedule notes it.
        gaps: Gaps reached per poll while steps were due, poll start included.
        acted: The gaps at which some step ran, or tried to, in order.
        emissions: What the reader emitted in these polls.
        witness: What the driver saw and could not see.
        ran: Steps that were executed, in order.
        left: Steps that stayed blocked to the end.
        content: The store after the reader was closed, as ``capture`` returns it;
            empty unless states are kept.
        has_snapshots: Whether the store can be read as of one moment.
    """

    plan: Plan
    polls: tuple[Poll, ...]
    states: tuple[StateKey, ...]
    notes: tuple[Note, ...]
    gaps: tuple[int, ...]
    acted: tuple[Gap, ...]
    emissions: int
    witness: Witness
    ran: tuple[Placed, ...]
    left: tuple[Placed, ...]
    content: bytes
    has_snapshots: bool = False

    @property
    def log(self) -> tuple[Noted, ...]:
        """Everything in order."""
        return tuple(noted_of(self.notes))

    @property
    def moments(self) -> tuple[Moment, ...]:
        """Everything in order, for a timeline."""
        return tuple(moment_of(noted) for noted in noted_of(self.notes))

    @property
    def covered(self) -> set[Gap]:
        """The gaps at which some step ran, or tried to."""
        return set(self.acted)

    def observation(self) -> bytes:
        """Return a digest of what the reader handed out, poll by poll.

        No line holds a line end, and none is empty, so nothing else gives the same text.
        """
        polls = [b"\n".join(poll.texts) for poll in self.polls]
        return hashlib.blake2b(b"\n\n".join(polls), digest_size=16).digest()

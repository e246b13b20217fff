"""Declared races, held against what steps did under the plans of a scenario."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pytest_parsediff.core.errors import ParsediffError, RacedDeclarationError
from pytest_parsediff.core.scenario import VERDICTS, Scenario
from pytest_parsediff.core.wording import counted
from pytest_parsediff.diff.expectation import Expectation
from pytest_parsediff.diff.injected import declared_raced, stale
from pytest_parsediff.interleave.plan import Gap, Placed, Plan
from pytest_parsediff.interleave.run import Run
from pytest_parsediff.interleave.schedule import Kind
from pytest_parsediff.interleave.shape import Shape
from pytest_parsediff.interleave.shrink import shrink
from pytest_parsediff.interleave.states import START, StateKey, States, Trail
from pytest_parsediff.interleave.subject import Subject
from pytest_parsediff.laws.checks import Check
from pytest_parsediff.laws.explore import Explorer
from pytest_parsediff.stress.outcome import steps_of

#: When a writer acts in a parse-diff that does not say when.
DEFAULT_AT = "observed"
#: What a reader does that shows it some state of the store.
_LOOKS = frozenset({Kind.SNAPSHOT, Kind.FILE})
#: What drivers call a connection in the making, which shows nothing yet.
_CONNECTS = "connect"


@dataclass(slots=True)
class RacedWatch:
    """Sees every run, and notes which sessions steps changed while they were read.

    A step changes a session if full parses of the states before and after it say other
    things of it. It is changed *while it is read* at any gap of a poll, and *between two
    reads* at a gap after which the poll had looked at the store before.

    Attributes:
        declared: What is declared of sessions.
        known: Sessions whose verdict is pinned somewhere else, as in a golden.
        writers: Indexes of the writers that act between the first look at a source and
            its parse in a parse-diff as well.
        changed: Sessions that some step changed while they were read.
        undeclared: Sessions that were changed between two reads and that nobody
            declared, with the first run that showed it.
        is_blind: Whether some state could not be parsed, or nobody knows sessions
            apart, so that anything may have changed.
    """

    declared: Sequence[Expectation]
    known: Collection[str] = ()
    writers: Collection[int] = ()
    changed: set[str] = field(default_factory=set)
    undeclared: dict[str, Undeclared] = field(default_factory=dict)
    is_blind: bool = False

    def begin(self) -> None:
        """Forget what was seen: each block of plans stands for itself, as a replay."""
        self.changed.clear()
        self.undeclared.clear()
        self.is_blind = False

    @property
    def is_needed(self) -> bool:
        """Whether any race is declared: else there is nothing to hold it against."""
        return bool(declared_raced(self.declared))

    @property
    def checks(self) -> tuple[Check, ...]:
        """What an explorer shall call with every run."""
        return (self.see,) if self.is_needed else ()

    def see(self, run: Run, states: States, subject: Subject) -> None:
        """Note what the steps of *run* changed; a check that finds nothing wrong."""
        if not subject.comparison.session:
            self.is_blind = True
            return
        named = {session for one in self.declared for session in one.sessions}
        named.update(self.known)
        for change in _changes(run):
            sessions = _differing(states, change.before, change.after)
            if sessions is None:
                self.is_blind = True
                continue
            self.changed |= sessions
            if not change.is_between or not self._acts_in_gate(change):
                continue
            lasting = _differing(states, START, run.states[-1]) or set()
            stored = states.parse(START).sessions
            for session in sorted(sessions & lasting & set(stored) - named):
                self.undeclared.setdefault(session, Undeclared(change.gap, run))

    def _acts_in_gate(self, change: _Change) -> bool:
        return all(placed.writer in self.writers for placed in change.steps)

    def contradiction(self, origin: str = "") -> Contradiction | None:
        """Return PD618 for the first change that was seen and not declared.

        Args:
            origin: What is said of the run that showed it; by default that it is a
                replay.
        """
        for session, seen in self.undeclared.items():
            message = (
                f"session {session!r} was changed between two reads of one poll"
                f" (poll {seen.gap.poll + 1}, gap {seen.gap.nth}), and it is not"
                f" declared raced"
            )
            return Contradiction(
                error=RacedDeclarationError(message),
                run=seen.run,
                origin=origin or f"replayed: {steps_of(seen.run.plan)}",
            )
        return None

    def stale(self) -> ParsediffError | None:
        """Return PD618 for the first declared race that no step made."""
        if self.is_blind:
            return None
        for session, one in declared_raced(self.declared).items():
            if session not in self.changed:
                problem = "no step of any plan changed it while it was read"
                return stale(one, session, problem).error
        return None


class Undeclared(NamedTuple):
    """Where a session was changed that nobody declared, and in which run."""

    gap: Gap
    run: Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """Declared races are not what the steps did.

    Attributes:
        error: PD618.
        run: A run that shows it; ``None`` where it takes all of them.
        origin: Where that comes from, one line.
    """

    error: ParsediffError
    run: Run | None = None
    origin: str = ""


def find_contradiction(
    watch: RacedWatch, explorer: Explorer, shape: Shape, *, asks_stale: bool
) -> Contradiction | None:
    """Return how declared races and what the plans of *explorer* did differ.

    Args:
        watch: Has seen these plans.
        explorer: Its runs are watched by *watch*.
        shape: Of the scenario.
        asks_stale: Whether a declaration that no plan made true is one too. Then the
            plan that has every step is run before that is said, in case it was left
            out.
    """
    if watch.undeclared:
        return _make_small(watch, explorer, shape)
    if not asks_stale or watch.stale() is None:
        return None
    explorer.replay(all_at_once(shape))
    error = watch.stale()
    return None if error is None else Contradiction(error=error)


def _make_small(
    watch: RacedWatch, explorer: Explorer, shape: Shape
) -> Contradiction | None:
    """Return the change that was seen first, under the simplest plan that shows it."""
    session, seen = next(iter(watch.undeclared.items()))
    found = seen.run.plan

    def shows(plan: Plan) -> bool:
        watch.begin()
        try:
            explorer.replay(plan)
        except ParsediffError:  # it fails otherwise, so it is no simpler one
            return False
        return session in watch.undeclared

    origin = ""
    if shows(found):
        shrunk = shrink(found, shows, lengths=shape.writers)
        if shows(shrunk.plan):
            seen = watch.undeclared[session]
            kept = steps_of(seen.run.plan)
            origin = (
                f"made small from {len(found.steps)} to {kept} in"
                f" {counted(shrunk.replays, 'replay')}"
            )
    watch.undeclared = {session: seen}
    return watch.contradiction(origin or f"seen with {steps_of(found)}")


def watch_over(scenario: Scenario, declared: Sequence[Expectation]) -> RacedWatch:
    """Return what watches the plans of *scenario*, of which *declared* is said."""
    writers = scenario.config.writer or []
    return RacedWatch(
        declared=declared,
        known=_pinned(scenario) if declared else (),
        writers=frozenset(
            number
            for number, writer in enumerate(writers)
            if (writer.at or DEFAULT_AT) == DEFAULT_AT
        ),
    )


def _pinned(scenario: Scenario) -> frozenset[str]:
    """Return the sessions that the golden of verdicts names, which is checked apart."""
    try:
        data = (scenario.folder / VERDICTS).read_bytes()
        events = [json.loads(line) for line in data.split(b"\n") if line.strip()]
    except (OSError, ValueError):  # the item of the scenario says so
        return frozenset()
    return frozenset(str(event.get("session")) for event in events)


def all_at_once(shape: Shape) -> Plan:
    """Return the plan in which every step comes as the first poll starts."""
    steps = tuple(Placed(w, index, 1, Gap(0, 0)) for w, index in shape.steps())
    return Plan(steps, None, shape.polls)


class _Change(NamedTuple):
    """Two neighbouring states and the steps that led from one to the other."""

    before: StateKey
    after: StateKey
    steps: tuple[Placed, ...]
    gap: Gap
    is_between: bool


def _changes(run: Run) -> Iterator[_Change]:
    """Yield what happened at gaps of the reader, not after its last poll."""
    trail, known = Trail(), set(run.states)
    before, steps = START, list[Placed]()
    looked, reached = -1, (-1, -1)
    for kind, label, poll, nth, placed, now_ms in run.log:
        if placed is None:
            if kind in _LOOKS and label != _CONNECTS:
                looked = poll
            if kind in _LOOKS or kind is Kind.POLL:
                reached = poll, nth
        elif kind is Kind.STEP:
            trail.add(placed, now_ms)
            steps.append(placed)
            if trail.end in known:
                # the gap itself is noted after its steps; what is left in the end
                # comes after the last one
                if (poll, nth) != reached:
                    gap = Gap(poll, nth)
                    yield _Change(before, trail.end, tuple(steps), gap, looked == poll)
                before, steps = trail.end, []


def _differing(states: States, one: StateKey, other: StateKey) -> set[str] | None:
    """Return the sessions that two states say other things of, or ``None``."""
    first, second = states.parse(one), states.parse(other)
    if first.error is not None or second.error is not None:
        return None
    return {
        session
        for session in {*first.sessions, *second.sessions} - {""}
        if first.sessions.get(session) != second.sessions.get(session)
    }

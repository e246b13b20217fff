"""What is emitted again, or taken back: when that is right, and when it is not."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import cast

import pytest
from law_bench import Base, subject_of

from pytest_parsediff.core.config import AdapterConfig
from pytest_parsediff.core.errors import AdapterError
from pytest_parsediff.core.event import Notice
from pytest_parsediff.core.pointers import Pointer
from pytest_parsediff.interleave.drivers.driver import Witness
from pytest_parsediff.interleave.plan import Plan
from pytest_parsediff.interleave.poll import Poll
from pytest_parsediff.interleave.run import Run
from pytest_parsediff.interleave.states import Parsed, StateKey, States
from pytest_parsediff.interleave.subject import Line, Unit
from pytest_parsediff.laws.checks import Check
from pytest_parsediff.laws.converges import check_converges, check_crash_safe
from pytest_parsediff.laws.duplicates import check_no_duplicates
from pytest_parsediff.laws.snapshot import check_snapshot
from pytest_parsediff.laws.warmcold import check_warm_cold

#: Identity to value of each session, in one state or one poll.
Content = Mapping[str, Mapping[str, str]]


class Opened(Base):
    """Keeps something open."""

    def open(self, *_: object) -> None:
        """Never called."""


def lines(*events: str) -> list[Line]:
    """Return ``session/id=value`` as lines; without a value it is a tombstone."""
    found = []
    for event in events:
        place, _, value = event.partition("=")
        session, _, key = place.partition("/")
        found.append(Line(session, key, event.encode(), not value))
    return found


def poll(state: int, *events: str, cut: str = "", cursor: str | None = "1") -> Poll:
    """Return a poll over the states up to *state*; *cut* is ``crash`` or ``error``."""
    made = Poll(cursor=cursor, first_state=0, last_state=state, lines=lines(*events))
    made.is_crashed = cut == "crash"
    made.error = AdapterError("busy") if cut == "error" else None
    return made


def run_of(polls: Sequence[Poll], count: int) -> Run:
    """Return a run of *polls* over *count* states."""
    return Run(
        plan=Plan(()),
        polls=tuple(polls),
        states=tuple(StateKey(b"%d" % n) for n in range(count)),
        notes=(),
        gaps=(),
        acted=(),
        emissions=0,
        witness=Witness(),
        ran=(),
        left=(),
        content=b"",
        has_snapshots=True,
    )


class Known:
    """States of which it is known what a full parse gives."""

    def __init__(self, *states: Sequence[str]) -> None:
        self.states = states

    def parse(self, state: StateKey) -> Parsed:
        """Return the parse of the state with that number."""
        sessions: dict[str, tuple[Line, ...]] = {}
        for line in lines(*self.states[int(state)]):
            sessions[line.session] = (*sessions.get(line.session, ()), line)
        return Parsed(sessions)


def judge(
    check: Check,
    polls: Sequence[Poll],
    *states: Sequence[str],
    unit: Unit = Unit.EVENT,
    adapter: object = None,
    key: tuple[str, ...] = ("/id",),
) -> bool:
    """Return whether the law holds."""
    config = AdapterConfig(session="/session", key=list(key))
    subject = dataclasses.replace(
        subject_of(adapter or Base(), config),
        unit=unit,
        is_exactly_once=True,
        tombstones=((Pointer.parse("/gone"), (True,)),),
    )
    known = cast("States", Known(*states))
    return check(run_of(polls, len(states)), known, subject) is None


OLD, NEW = ["s/a=0", "s/b=0"], ["s/a=1", "s/b=1"]


@pytest.mark.parametrize(
    ("polls", "holds"),
    [
        ([poll(0, "s/a=0"), poll(0, "s/a=1"), poll(0, "s/a=0")], True),
        ([poll(0, "s/a=0"), poll(0, "s/a"), poll(0, "s/a=0")], True),
        ([poll(0, "s/a=0"), poll(0, "s/b=0"), poll(0, "s/a=0")], False),
        ([poll(0, "s/a=0"), poll(0, "s/a"), poll(0, "s/a")], False),
        ([poll(0, "s/a=0"), poll(0, cut="error"), poll(0, "s/a=0")], True),
        ([poll(0, "s/a=0"), poll(0, "s/a=0", cut="error")], False),
        ([poll(0, "s/a=0"), poll(0, "s/a=0"), poll(0, cut="crash")], False),
        ([poll(0, "s/a=0", cut="crash"), poll(0, "s/a=0")], True),
    ],
)
def test_only_what_the_consumer_holds_comes_twice(
    polls: list[Poll], holds: bool
) -> None:
    """A value may come back, a row too, and a reader that failed may begin anew."""
    assert judge(check_no_duplicates, polls, []) is holds


@pytest.mark.parametrize(
    ("polls", "holds"),
    [
        ([poll(0, "s/a=0", "s/b=0"), poll(0, "s/a=0", "s/b=1")], True),
        ([poll(0, "s/a=0", "s/b=0", "s/a=0")], True),
        ([poll(0, "s/a=0", "s/b=0"), poll(0, "s/a=0", "s/b=0")], False),
        ([poll(0, "s/a=0", "s/b=0", "s/a=0", "s/b=0")], False),
        ([poll(0, "s/a=0", "s/"), poll(0, "s/a=0")], True),
        ([poll(0, "s/a=0"), poll(0, "s/a=0", cut="crash")], True),
    ],
)
def test_a_session_that_changed_is_emitted_whole(
    polls: list[Poll], holds: bool
) -> None:
    """Then most of its events are as they were, and that is no repetition."""
    assert judge(check_no_duplicates, polls, [], unit=Unit.SESSION) is holds


@pytest.mark.parametrize(("key", "holds"), [((), True), (("/id",), False)])
def test_equal_events_without_identity_are_others(
    key: tuple[str, ...], holds: bool
) -> None:
    """A log may have one line twice."""
    twice = ["s/a=0", "s/a=0"]
    assert judge(check_no_duplicates, [poll(0, *twice)], twice, key=key) is holds


@pytest.mark.parametrize(
    ("emitted", "holds"),
    [
        (poll(1, *OLD, *NEW), True),
        (poll(1, *OLD, "s/a=1"), False),
        (poll(1, "s/a=0", "s/b=1"), False),
        (poll(1, "s/a=7", *NEW), False),
        (poll(1, "s/a", "s/b", *NEW), True),
        (poll(1, "s/a"), False),
        (poll(1, "s/a", cut="crash"), True),
        (poll(1, "s/a=0", "s/a", "s/b=1", cut="crash"), True),
    ],
)
def test_what_a_poll_says_last_is_of_one_state(emitted: Poll, holds: bool) -> None:
    """What it said before was right as well, and may have been taken back for that."""
    assert judge(check_snapshot, [emitted], OLD, NEW) is holds


@pytest.mark.parametrize(
    ("emitted", "holds"),
    [
        (poll(1, *NEW, "s/c=1", *OLD), True),
        (poll(1, *OLD, *NEW, "s/c=1"), True),
        (poll(1, "s/", *OLD), True),
        (poll(1, "s/a=0", "s/b=1", "s/c=1"), False),
        (poll(1, "s/", cut="crash"), True),
        (poll(1, "s/"), False),
    ],
)
def test_a_session_may_be_emitted_several_times(emitted: Poll, holds: bool) -> None:
    """Longer or shorter than before, each time whole."""
    states = OLD, [*NEW, "s/c=1"]
    assert judge(check_snapshot, [emitted], *states, unit=Unit.SESSION) is holds


@pytest.mark.parametrize(
    ("emitted", "holds"),
    [
        (["s/a=0", "s/b=0", "t/c=0"], True),
        (["s/a=0", "t/c=0"], False),
        (["s/b=1", "t/c=0"], True),
        (["s/a=0", "s/b=0"], False),
        (["t/c=0"], False),
        ([], False),
    ],
)
def test_a_full_scan_leaves_nothing_out(emitted: list[str], holds: bool) -> None:
    """An event that no state lacks, a session that every state has."""
    states = ["s/a=0", "s/b=0", "t/c=0"], ["s/b=1", "t/c=0", "u/d=1"]

    assert judge(check_snapshot, [poll(1, *emitted, cursor=None)], *states) is holds
    assert judge(check_snapshot, [poll(1, *emitted)], *states)
    cut = poll(1, *emitted, cursor=None, cut="error")
    assert judge(check_snapshot, [cut], *states)
    noticed = poll(1, *emitted, cursor=None)
    noticed.notices.append(Notice("busy", "try again"))
    assert judge(check_snapshot, [noticed], *states)
    full = poll(1, *emitted, cursor=None)
    assert judge(check_snapshot, [full], *states, adapter=Opened())


def test_a_parse_may_give_a_session_twice() -> None:
    """Its last copy is what it says."""
    mixed = poll(1, *OLD, *NEW)
    assert judge(check_snapshot, [mixed], OLD * 2, NEW * 2, unit=Unit.SESSION)


@pytest.mark.parametrize(
    ("emitted", "holds"),
    [
        (["s/a=0", "s/b=1"], True),
        (["s/b=1"], True),
        (["s/a=0", "s/c=2", "s/b=1"], True),
        (["s/a=0", "s/c=1", "s/b=1"], False),
        (["s/c=2", "s/b=1", "s/a=0"], False),
    ],
)
def test_copies_of_a_session_need_have_no_identity_in_common(
    emitted: list[str], holds: bool
) -> None:
    """Where the session was a moment ago has to be right as well."""
    states = ["s/a=0"], ["s/c=2"], ["s/b=1"]
    polls = [poll(0, "s/a=0"), poll(2, *emitted)]
    for check in (check_converges, check_warm_cold):
        polls[1].is_quiet = True
        assert judge(check, polls, *states, unit=Unit.SESSION) is holds


@pytest.mark.parametrize(
    ("emitted", "holds"),
    [
        (["s/a=0", "s/b=0", "s/a=1"], True),
        (["s/a=1", "s/b=0"], True),
        (["s/b=0", "s/a=0"], True),
        (["s/a=0", "s/b=0", "s/a=2"], False),
        (["s/a=0", "s/b=1", "s/a=1"], False),
    ],
)
def test_an_event_may_come_with_what_amends_it(emitted: list[str], holds: bool) -> None:
    """Each of its lines is in the store, as the last one is."""
    state = ["s/a=0", "s/b=0", "s/a=1"]
    for cursor in ("1", None):
        assert judge(check_snapshot, [poll(0, *emitted, cursor=cursor)], state) is holds


def test_the_last_copy_of_a_session_holds() -> None:
    """What it leaves out is gone."""
    polls = [poll(0, *OLD, "s/a=0")]
    assert judge(check_converges, polls, ["s/a=0"], unit=Unit.SESSION)


@pytest.mark.parametrize(
    ("first", "last", "holds"),
    [
        (["s/a=0"], "t/a=0", True),
        (["s/a=0"], "t/b=0", False),
        (["s/a=0", "t/a=0"], "t/a=1", False),
    ],
)
def test_an_event_moves_to_the_session_it_came_in_last(
    first: list[str], last: str, holds: bool
) -> None:
    """But not where two sessions have events of one identity."""
    polls = [poll(0, *first, cursor=None), poll(0, last)]
    assert judge(check_converges, polls, [last]) is holds


@pytest.mark.parametrize("unit", list(Unit))
@pytest.mark.parametrize("cut", ["crash", "error"])
@pytest.mark.parametrize("said", [["s/a=1"], ["s/a"], ["s/b=1"]])
def test_what_is_again_as_at_the_checkpoint_need_not_be_said(
    said: list[str], cut: str, unit: Unit
) -> None:
    """What came behind it is forgotten by the reader, and so by its consumer."""
    polls = [poll(0, "s/a=0"), poll(0, *said, cut=cut), poll(0)]
    check = check_crash_safe if cut == "crash" else check_converges

    assert judge(check, polls, ["s/a=0"], unit=unit)
    assert not judge(check, polls, ["s/a=2"], unit=unit)
    assert not judge(check, polls, ["s/a=0", "s/c=0"], unit=unit)
    polls[1].checkpoints.append(("2", len(said)))
    assert not judge(check, polls, ["s/a=0"], unit=unit)


@pytest.mark.parametrize(
    ("cut", "holds"), [("crash", True), ("error", True), ("", False)]
)
def test_a_reader_that_begins_anew_takes_nothing_back(cut: str, holds: bool) -> None:
    """It has forgotten what it emitted; but what it emits now has to be right."""
    polls = [poll(0, "s/a=0", cursor=None), poll(0, cut=cut, cursor=None)]
    polls.append(poll(0, "s/b=0", cursor=None))
    polls[-1].is_quiet = True
    check = check_crash_safe if cut == "crash" else check_converges
    assert judge(check, polls, ["s/b=0"], adapter=Opened()) is holds
    assert judge(check_warm_cold, polls, ["s/b=0"], adapter=Opened()) is holds
    assert not judge(check, polls, ["s/b=1"], adapter=Opened())

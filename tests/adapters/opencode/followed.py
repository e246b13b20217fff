"""Replay recorded traces of opencode commit by commit, and poll at every gap.

``python tests/adapters/opencode/followed.py [--seconds N] SCHEMA TRACE...`` replays each trace on a
store of its own, which is made by the SQL in SCHEMA, in four ways:

* ``live``: one reader polls after every commit;
* ``resumed``: a new reader goes on from the last cursor after every commit;
* ``seldom``: one reader polls after every seventh commit;
* ``inside``: commits come between the emissions of polls, and the next poll is judged.

What consumers hold is compared with a full scan after each of these polls: the events of
each session in order, and the events of the whole stream folded by identity. The clock of the reader goes N seconds from poll to poll. It stands still
unless that is said, so nothing is found only because a timer was due; stores without an
event log need 60. The exit status is 1 if anything differs.
"""

# ruff: noqa: T201 - a command prints

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import apsw
from opencode_consumer import Consumer, Folded, cold, fold

from pytest_parsediff.core.store import build_image
from pytest_parsediff.interleave.writers.traces import (
    TraceStep,
    parse_trace,
    read_tables,
)

_SELDOM = 7


@dataclass(slots=True)
class Followed:
    """What came of one way through one trace.

    Attributes:
        commits: How many were replayed.
        polls: How many were compared with a full scan.
        events: How many were emitted after the first scan.
        differences: One line per poll after which the consumer held something else.
    """

    commits: int = 0
    polls: int = 0
    events: int = 0
    differences: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Follower:
    """One consumer of one store that a trace is replayed on.

    Attributes:
        consumer: Has read the store as it was.
        writer: Of the store.
        seconds: From poll to poll.
        found: What came of it so far.
    """

    consumer: Consumer
    writer: apsw.Connection
    seconds: float = 0.0
    found: Followed = field(default_factory=Followed)

    def commit(self, step: TraceStep) -> None:
        """Replay one commit."""
        self.found.commits += 1
        for statement in step.statements:
            self.writer.execute(statement.sql, statement.values).fetchall()

    def judge(self, label: str) -> None:
        """Poll, and compare what is held with what is there."""
        self.found.polls += 1
        self.consumer.now += self.seconds
        self.found.events += self.consumer.poll()
        held, expected = self.consumer.held, cold(self.consumer.path)
        by_identity: Folded = {}
        for event in itertools.chain(*expected.values()):
            fold(by_identity, event)
        others = _different(held, expected)
        others |= _different(self.consumer.folded, by_identity)
        if others:
            names = ", ".join(sorted(others))
            self.found.differences.append(f"{label}: {names}")


def _different(one: Mapping[str, object], other: Mapping[str, object]) -> set[str]:
    return {name for name in {*one, *other} if one.get(name) != other.get(name)}


def live(follower: Follower, steps: Sequence[TraceStep]) -> None:
    """Poll after every commit."""
    for step in steps:
        follower.commit(step)
        follower.judge(step.label)


def resumed(follower: Follower, steps: Sequence[TraceStep]) -> None:
    """Go on with a new reader after every commit."""
    consumer = follower.consumer
    for step in steps:
        follower.commit(step)
        consumer.reader.close()
        consumer.reader = consumer.new_reader()
        follower.judge(step.label)


def seldom(follower: Follower, steps: Sequence[TraceStep]) -> None:
    """Poll after several commits."""
    for first in range(0, len(steps), _SELDOM):
        for step in steps[first : first + _SELDOM]:
            follower.commit(step)
        follower.judge(step.label)


def inside(follower: Follower, steps: Sequence[TraceStep]) -> None:
    """Commit while a poll hands out: two each, at another place each time."""
    rest = iter(steps)
    for number, step in enumerate(rest):
        follower.commit(step)
        label = step.label
        for place, _ in enumerate(follower.consumer.polling()):
            is_due = place >= number % 8 and place < number % 8 + 2
            if is_due and (more := next(rest, None)) is not None:
                follower.commit(more)
                label = more.label
        follower.judge(label)


WAYS: tuple[Callable[[Follower, Sequence[TraceStep]], None], ...] = (
    *(live, resumed, seldom, inside),
)


def follow(
    schema: Path, trace: Path, seconds: float = 0.0
) -> Iterator[tuple[str, Followed]]:
    """Yield the name of each way through *trace*, and what came of it."""
    image = build_image(schema.read_bytes(), schema, journal="wal").main
    steps = parse_trace(trace.read_bytes(), trace, read_tables(image))
    for way in WAYS:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "opencode.db")
            path.write_bytes(image)
            consumer = Consumer(path)
            consumer.poll()
            with closing(consumer.reader), closing(apsw.Connection(str(path))) as db:
                follower = Follower(consumer, db, seconds)
                way(follower, steps)
        yield way.__name__, follower.found


def main(arguments: Sequence[str] | None = None) -> int:
    """Follow and tell; return 1 if anything differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("schema", type=Path)
    parser.add_argument("trace", type=Path, nargs="+")
    options = parser.parse_args(arguments)
    is_right = True
    for trace in options.trace:
        print(trace.name)
        for name, found in follow(options.schema, trace, options.seconds):
            is_right &= not found.differences
            print(
                f"  {name}: {found.commits} commits, {found.polls} polls compared,"
                f" {found.events} events, {len(found.differences)} differences"
            )
            for difference in found.differences[:5]:
                print(f"    {difference}")
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())

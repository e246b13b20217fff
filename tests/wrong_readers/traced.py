"""Replay a recorded trace as a writer, under a reader that is torn and one that is not.

``python tests/wrong_readers/traced.py [--schema FILE --trace FILE] [--seeds 5]
[--plans 200] [--sweep-plans N]`` prints what came of both; without files the trace of this folder is
replayed. The exit status is 1 unless the torn reader is caught in the sweep and the
other one passes.

The store must have ``session(id, tokens_input)`` and ``part(id, session_id, data)``, whose
``step-finish`` parts add up to the tokens of their session in every committed state.
"""

# ruff: noqa: T201 - a command prints

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from pathlib import Path

from trace_recording import SCHEMA, TRACE
from wrong_case import Reader, Store
from wrong_rig import ALL_PLANS, make_rig
from wrong_trees import connect, snapshot

from pytest_parsediff.core.event import Checkpoint, Emission, Source
from pytest_parsediff.interleave.rig import Rig
from pytest_parsediff.interleave.strategy import Plans, Strategy
from pytest_parsediff.laws.checks import PER_RUN
from pytest_parsediff.laws.explore import Explored, Explorer
from pytest_parsediff.laws.law import Law

_SUM = """\
SELECT total(json_extract(data, '$.tokens.input')) FROM part
WHERE session_id = ? AND json_extract(data, '$.type') = 'step-finish'
"""


class SumsInOneSnapshot(Reader):
    """Reads the tokens of each session and the sum over its parts in one transaction."""

    name = "sums-in-one-snapshot"
    store = Store(sql=SCHEMA, writers=(TRACE.read_text("utf-8"),))
    emits = "session"
    tombstone = "/gone"
    is_torn = False

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield both numbers per session and sessions that are gone; a checkpoint."""
        events = []
        with closing(connect(source)) as db:
            reading: AbstractContextManager[None] = (
                nullcontext() if self.is_torn else snapshot(db)
            )
            with reading:
                query = "SELECT id, tokens_input FROM session ORDER BY id"
                for session, tokens in db.execute(query).fetchall():
                    (total,) = db.execute(_SUM, (session,)).fetchone()
                    event = {"session": session, "id": session, "tokens": tokens}
                    events.append({**event, "sum": int(total)})
        yield from events
        now = [event["id"] for event in events]
        for session in json.loads(cursor or "[]"):
            if session not in now:
                yield {"session": session, "id": session, "gone": True}
        yield Checkpoint(json.dumps(now))


class SumsInAutocommit(SumsInOneSnapshot):
    """Takes a snapshot per statement: the numbers may come from two commits."""

    name = "sums-in-autocommit"
    law = Law.SNAPSHOT
    fixed = SumsInOneSnapshot
    is_torn = True


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of one reader.

    Attributes:
        explored: Of its plans.
        sweep: How many the sweep had.
        commits: In the trace.
        gaps: Per poll.
        seconds: CPU time.
    """

    explored: Explored
    sweep: int
    commits: int
    gaps: tuple[int, ...]
    seconds: float


def replay(rig: Rig, seeds: range, plans: int, sweep_plans: int) -> Replayed:
    """Run *sweep_plans* of the sweep, and *plans* per seed, up to a failure."""
    laws = (Law.READ_ONLY, *PER_RUN)
    explorer = Explorer(rig=rig, laws=laws, polls=2)
    began = time.process_time()
    shape = explorer.quiet().shape
    sweep = Plans(shape=shape, strategy=Strategy.SWEEP, total=sweep_plans)
    explored = explorer.explore(sweep.between(0, len(sweep)), shape)
    for seed in seeds:
        if explored.finding is not None or not plans:
            break
        random = Plans(
            shape=shape, strategy=Strategy.PCT, seed=seed, scenario="t", total=plans
        )
        more = explorer.explore(random.between(0, plans), shape)
        more.plans += explored.plans
        more.observations |= explored.observations
        explored = more
    seconds = time.process_time() - began
    return Replayed(explored, len(sweep), shape.writers[0], shape.gaps, seconds)


def main(arguments: Sequence[str] | None = None) -> int:
    """Replay and tell; return 1 if one of the two is judged wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schema", type=Path)
    parser.add_argument("--trace", type=Path, default=TRACE)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--plans", type=int, default=200)
    parser.add_argument("--sweep-plans", type=int, default=ALL_PLANS)
    options = parser.parse_args(arguments)
    schema = options.schema.read_text("utf-8") if options.schema else SCHEMA
    store = Store(sql=schema, writers=(options.trace.read_text("utf-8"),))
    is_right = True
    for reader in (SumsInAutocommit, SumsInOneSnapshot):
        placed = type(reader.__name__, (reader,), {"store": store})
        folder = Path(tempfile.mkdtemp(dir=_memory()))
        try:
            seeds = range(options.seeds)
            rig = make_rig(placed, folder)
            done = replay(rig, seeds, options.plans, options.sweep_plans)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        _tell(reader, done)
        found = done.explored.finding
        is_caught = found is not None and found.violation.law is reader.law
        is_right &= is_caught if reader.law else found is None
    return 0 if is_right else 1


def _memory() -> str | None:
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() else None


def _tell(reader: type[Reader], done: Replayed) -> None:
    explored, found = done.explored, done.explored.finding
    print(f"{reader.name}: {done.commits} commits, {done.gaps} gaps per poll")
    print(f"  sweep of {done.sweep} plans, {explored.plans} plans run", end=", ")
    print(
        f"{len(explored.observations)} distinct observations, {done.seconds:.1f} s CPU"
    )
    if found is None:
        print("  passed")
        return
    number = (found.number or 0) + 1
    print(f"  plan {number} breaks {found.violation.law}: {found.violation.message}")
    print(f"  minimum of {len(found.plan.steps)} steps after {found.replays} replays")
    for detail in found.violation.details:
        print(f"    {detail}")


if __name__ == "__main__":
    sys.exit(main())

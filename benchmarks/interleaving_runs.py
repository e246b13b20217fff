"""The child of ``interleaving.py``: runs plans, and what one would do without them.

``python interleaving_runs.py READER FOLDER VARIANT COUNT`` runs one variant, for a
counter of instructions; with ``turns`` for a variant it runs all of them in turns and
prints CPU seconds per plan, as JSON. With ``torn`` for a reader it finds a torn read.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path

from interleaving_hand import (
    Baton,
    BatonBench,
    ByHand,
    Floor,
    FreshBaton,
    Test,
)
from interleaving_sql import POLLS, STATEMENTS
from interleaving_work import READERS, Opening, make_rig, torn_rig

from pytest_parsediff.interleave.databasebench import DatabaseBench
from pytest_parsediff.interleave.plan import Plan
from pytest_parsediff.interleave.run import Keep
from pytest_parsediff.interleave.shape import Shape
from pytest_parsediff.interleave.strategy import Numbered, Plans, Strategy
from pytest_parsediff.interleave.writers.connection import Library
from pytest_parsediff.laws.explore import Explorer
from pytest_parsediff.laws.law import DEFAULT_LAWS, Law

#: Plans per turn.
BLOCK = 25
#: Plans that are drawn where instructions are counted, however many of them are run.
MOST_COUNTED = 125


class Session:
    """All variants of one reader, each with a store of its own.

    Args:
        name: Of the reader.
        folder: For all stores.
        count: How many plans are drawn, before anything is measured. They are all
            different, as in a test: no parse of a state is remembered from before.
    """

    def __init__(self, name: str, folder: Path, count: int) -> None:
        library, connect, adapter = READERS[name]

        def explorer(inner: str, laws: Sequence[Law]) -> Explorer:
            rig = make_rig(adapter, library, folder / inner)
            return Explorer(rig=rig, laws=laws, polls=POLLS, may_crash=False)

        off, on = explorer("off", ()), explorer("on", DEFAULT_LAWS)
        quiet = off.quiet()
        assert not quiet.difference
        assert quiet.run.witness.gaps >= POLLS * STATEMENTS
        # never killed: such a reader would read less, and no other variant kills it
        self.plans = [
            numbered.plan
            for numbered in Plans(
                shape=quiet.shape, strategy=Strategy.PCT, total=count
            ).between(0, count)
        ]
        is_kept = isinstance(adapter, Opening)
        hands = {
            made.__name__: made(
                folder / made.__name__ / "store",  # as far down as the harness's
                connect,
                is_kept=is_kept,
                is_connect_gap=library is Library.STDLIB,
            )
            for made in (Test, Floor, ByHand, Baton, FreshBaton)
        }
        self.variants: dict[str, Callable[[Sequence[Plan]], None]] = {
            "test": hands["Test"].run,
            "floor": hands["Floor"].run,
            "by hand": hands["ByHand"].run,
            "baton": hands["Baton"].run,
            "baton, new threads": hands["FreshBaton"].run,
            "laws off, baton": self._handing(explorer("handed", ()), quiet.shape),
            "laws off": exploring(off, quiet.shape),
            "laws on": exploring(on, quiet.shape),
        }
        self._check(off, [hands["ByHand"], hands["Baton"], hands["FreshBaton"]])

    def _handing(
        self, explorer: Explorer, shape: Shape
    ) -> Callable[[Sequence[Plan]], None]:
        """Return what explores plans with writers in another thread."""
        bench = explorer.rig.bench
        assert isinstance(bench, DatabaseBench)
        given = {
            each.name: getattr(bench, each.name) for each in fields(bench) if each.init
        }
        rig = replace(explorer.rig, bench=BatonBench(**given))
        explore = exploring(replace(explorer, rig=rig), shape)

        def run(plans: Sequence[Plan]) -> None:
            explore(plans)
            BatonBench.other.end()

        return run

    def _check(self, explorer: Explorer, hands: Sequence[Floor]) -> None:
        """Make sure that all of them read the same under the same plans."""
        for plan in self.plans[:BLOCK]:
            run = explorer.rig.run(plan, keep=Keep.MOMENTS)
            read = [
                [json.loads(line.text) for line in poll.lines] for poll in run.polls
            ]
            for hand in hands:
                assert hand.one(plan) == read, f"{type(hand).__name__}: {plan}"
        for hand in hands:
            if isinstance(hand, Baton):
                hand.end()


def exploring(explorer: Explorer, shape: Shape) -> Callable[[Sequence[Plan]], None]:
    """Return what explores plans as a test does."""

    def run(plans: Sequence[Plan]) -> None:
        numbered = (Numbered(n, plan, is_sweep=False) for n, plan in enumerate(plans))
        explored = explorer.explore(numbered, shape)
        assert explored.finding is None
        assert explored.plans == len(plans)

    return run


def take_turns(session: Session, turns: int) -> dict[str, list[float]]:
    """Return CPU seconds per plan for every variant, turn by turn."""
    found: dict[str, list[float]] = {name: [] for name in session.variants}
    for turn in range(turns + 1):
        plans = session.plans[turn * BLOCK : (turn + 1) * BLOCK]
        for name in list(found)[:: 1 if turn % 2 else -1]:
            began = time.process_time()
            session.variants[name](plans)
            spent = (time.process_time() - began) / BLOCK
            if turn:  # the first one warms everything up
                found[name].append(spent)
    return found


def find_torn(folder: Path, seeds: int) -> dict[str, float]:
    """Return CPU seconds and plans, simplifying included, until the torn read is found.

    The sum for a number of seeds, each of which starts anew.
    """
    spent, plans, found = 0.0, 0, 0
    for seed in range(seeds):
        began = time.process_time()
        rig = torn_rig(folder / str(seed))
        explorer = Explorer(rig=rig, laws=(Law.SNAPSHOT,), polls=1)
        shape = explorer.quiet().shape
        drawn = Plans(shape=shape, seed=seed, total=400)
        explored = explorer.explore(drawn.between(0, 400), shape)
        spent += time.process_time() - began
        plans += explored.plans + 2 + explorer.polls  # those that measure, too
        if explored.finding is not None:
            found += 1
            plans += explored.finding.replays
    return {"cpu_s": spent, "plans": plans, "found": found, "seeds": seeds}


def main(name: str, folder: Path, variant: str, count: int) -> None:
    """Run what is asked for."""
    if name == "torn":
        print(json.dumps(find_torn(folder, count)))
        return
    if variant == "turns":
        session = Session(name, folder, (count + 1) * BLOCK)
        print(json.dumps(take_turns(session, count)))
        return
    session = Session(name, folder, MOST_COUNTED)
    session.variants[variant](session.plans[:count])


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))

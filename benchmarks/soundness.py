"""Whether verdicts are right: seeded mistakes of parsers, writes, and sources.

Each combination makes a real store, records it with a parser that makes no mistake,
and judges it with one that may make one, while somebody may write at one of the moments
of the run. The generator made the mistake and the writes, so it knows of each session
whether it was mutated, and whether it was touched before it was parsed for the last
time. What must hold:

1. a session that is mutated and untouched is ``changed``;
2. one that is not mutated, and of which evidence can be had, is never ``changed``;
3. one that is mutated is never ``identical``, evidence or not;
4. one that is neither mutated nor touched is ``identical``;
5. one whose source is not broken, but moves or goes away, is no ``parse_error``.

Exit status 1 if anything does not.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from measure import Table, scratch_folder
from soundness_plan import Combination, draw
from soundness_run import Judged, Trial
from soundness_store import Kind, SQLWriter

from pytest_parsediff.diff.verdict import VerdictClass
from pytest_parsediff.live.observe import YOUNG_NS

_BATCH = 50
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """A session whose verdict is not as it must be.

    Attributes:
        rule: Number of the rule, as above.
        judged: The session.
    """

    rule: int
    judged: Judged

    def __str__(self) -> str:
        """Return what happened, on one line."""
        one = self.judged
        state = "touched" if one.is_touched else "untouched"
        found = f"{one.cls} ({one.reason or 'no reason'})"
        return f"rule {self.rule}: {one.combination}: {state} {one.session} is {found}"


def broken_rules(one: Judged) -> Iterable[int]:
    """Yield the numbers of the rules that a verdict breaks."""
    cls = one.cls
    if one.is_mutated and not one.is_touched and cls is not VerdictClass.CHANGED:
        yield 1
    if not one.is_mutated and one.has_evidence and cls is VerdictClass.CHANGED:
        yield 2
    if one.is_mutated and cls is VerdictClass.IDENTICAL:
        yield 3
    if not (one.is_mutated or one.is_touched) and cls is not VerdictClass.IDENTICAL:
        yield 4
    if cls is VerdictClass.PARSE_ERROR and not one.is_broken:
        yield 5


def run_batch(combinations: Sequence[Combination], *, settle: bool) -> list[Judged]:
    """Run some combinations in this process.

    Args:
        combinations: What to run.
        settle: Whether to wait until the stores are no longer racily young, so that
            observations need not read every byte twice.
    """
    judged: list[Judged] = []
    with scratch_folder() as folder, closing(SQLWriter()) as writer:
        trials = []
        for one in combinations:
            trials.append(Trial(one, _new(folder, one), writer))
            trials[-1].record()
        if settle:
            time.sleep(YOUNG_NS / 10**9 + 0.1)
        for trial in trials:
            judged += trial.run()
            shutil.rmtree(trial.folder)
    return judged


def _new(folder: Path, combination: Combination) -> Path:
    made = folder / str(combination.number)
    made.mkdir()
    return made


def run_all(count: int, seed: int, jobs: int) -> list[Judged]:
    """Run *count* combinations; the result depends on neither *jobs* nor time."""
    drawn = [draw(seed, number) for number in range(count)]
    batches = [drawn[start : start + _BATCH] for start in range(0, count, _BATCH)]
    if jobs < 2:
        return [
            one
            for number, batch in enumerate(batches)
            for one in run_batch(batch, settle=number % 2 == 0)
        ]
    with ProcessPoolExecutor(jobs) as pool:
        running = [
            pool.submit(run_batch, batch, settle=number % 2 == 0)
            for number, batch in enumerate(batches)
        ]
        return list(chain.from_iterable(one.result() for one in running))


# --- reporting ------------------------------------------------------------------------


def condition(one: Judged) -> tuple[str, str, str]:
    """Return the row of a session."""
    return (
        one.combination.kind.value,
        "mutated" if one.is_mutated else "not mutated",
        "touched" if one.is_touched else "untouched",
    )


def print_counts(judged: Sequence[Judged]) -> None:
    """Print how many sessions of each condition have which class."""
    counts = Counter((condition(one), one.cls) for one in judged)
    classes = [cls for cls in VerdictClass if any(key[1] is cls for key in counts)]
    table = Table(("source", "parser", "source was", *(cls.value for cls in classes)))
    order = [kind.value for kind in Kind]
    rows = {key[0] for key in counts}
    for row in sorted(rows, key=lambda one: (order.index(one[0]), one[1:])):
        table.add(*row, *(str(counts[row, cls] or "") for cls in classes))
    table.print()


def summary(judged: Sequence[Judged]) -> list[str]:
    """Return what the rules say, one line each."""
    wrong = Counter(rule for one in judged for rule in broken_rules(one))
    mutated = [one for one in judged if one.is_mutated]
    sound = [one for one in judged if not one.is_mutated]
    still = [one for one in mutated if not one.is_touched]
    seen = [one for one in sound if one.has_evidence]
    clean = [one for one in sound if not one.is_touched]
    whole = [one for one in judged if not one.is_broken]
    apart = [one for one in mutated if not one.has_evidence]
    apart_classes = Counter(one.cls.value for one in apart)
    shown = ", ".join(f"{count} {cls}" for cls, count in apart_classes.most_common())
    return [
        f"{wrong[1]} of {len(still)} mutated untouched sessions are not changed",
        f"{wrong[2]} of {len(seen)} unmutated sessions with evidence are changed",
        f"{wrong[3]} of {len(mutated)} mutated sessions are identical",
        f"{wrong[4]} of {len(clean)} sessions that nobody changed are not identical",
        f"{wrong[5]} of {len(whole)} sessions of unbroken sources are parse errors",
        f"mutated without evidence: {len(apart)}, {shown or 'none'}",
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Run, print, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--combinations", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", type=int, help="run one combination, by its number")
    options = parser.parse_args(argv)
    started = time.perf_counter()
    if options.only is None:
        judged = run_all(options.combinations, options.seed, options.jobs)
    else:
        judged = run_batch([draw(options.seed, options.only)], settle=True)
    print_counts(judged)
    count = len({one.combination.number for one in judged})
    took = time.perf_counter() - started
    print(f"\n{count} combinations, {len(judged)} sessions, {took:.0f} s")
    print(*summary(judged), sep="\n")
    findings = [Finding(rule, one) for one in judged for rule in broken_rules(one)]
    print(*map(str, findings[:_SHOWN]), sep="\n")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())

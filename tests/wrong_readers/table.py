"""Prove the harness on readers that are known to be wrong, and print a table of it.

``python tests/wrong_readers/table.py [--seeds 20] [--fixed-plans 2000] [--fixed-seeds 5]
[--only NAME] [--jobs 2]``: the Markdown table goes to standard output, progress to
standard error. The exit status is 1 if any line of the table does not hold.
``--describe`` prints instead what each reader gets wrong, in the words of its docstring.
"""

# ruff: noqa: T201 - a command prints

from __future__ import annotations

import argparse
import multiprocessing
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from wrong_all import WRONG
from wrong_case import Reader, Shows
from wrong_rig import Caught, Passed, catch, hold

from pytest_parsediff.core.errors import ParsediffError
from pytest_parsediff.interleave.strategy import Strategy

#: What a minimum may have.
MAX_STEPS = 3
_BY_NAME = {reader.name: reader for reader in WRONG}
_FIXED = {reader.fixed.name: reader.fixed for reader in WRONG}


@dataclass(frozen=True, slots=True)
class Job:
    """One wrong reader with all seeds, or one right one.

    Attributes:
        name: Of the reader.
        seeds: How many.
        plans: For a right reader, per seed; 0 for a wrong one.
    """

    name: str
    seeds: int
    plans: int = 0


@dataclass(slots=True)
class Done:
    """What came of a job.

    Attributes:
        job: The job.
        caught: With each seed, for a wrong reader.
        random: The same by random plans alone, without the sweep.
        passed: For a right reader.
        seconds: CPU time.
        failure: Why it came to no end; empty if it did.
    """

    job: Job
    caught: list[Caught | None] = field(default_factory=list)
    random: list[Caught | None] = field(default_factory=list)
    passed: Passed | None = None
    seconds: float = 0.0
    failure: str = ""


def run_job(job: Job) -> Done:
    """Do one job, in a folder that is in memory where there is one."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
    began = time.process_time()
    done = Done(job)
    try:
        if job.plans:
            done.passed = hold(_FIXED[job.name], folder, range(job.seeds), job.plans)
        else:
            _catch_all(_BY_NAME[job.name], folder, done)
    except ParsediffError as error:
        done.failure = str(error)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    done.seconds = time.process_time() - began
    return done


def _catch_all(reader: type[Reader], folder: Path, done: Done) -> None:
    for seed in range(done.job.seeds):
        done.caught.append(catch(reader, folder, seed))
        if reader.shows is Shows.SCHEDULE:
            done.random.append(catch(reader, folder, seed, Strategy.PCT))


def why_not(reader: type[Reader], caught: Sequence[Caught | None]) -> str:
    """Return what does not hold of how *reader* was caught; empty if all does."""
    missed = sum(one is None for one in caught)
    if missed:
        return f"missed with {missed} of {len(caught)} seeds"
    found = [one for one in caught if one is not None]
    others = {str(one.law) for one in found if one.law is not reader.law}
    if others:
        return f"caught by {', '.join(sorted(others))} instead"
    if any(one.steps > MAX_STEPS for one in found):
        return f"minimum of {max(one.steps for one in found)} steps"
    if not all(one.replays for one in found):
        return "a token replays otherwise"
    return ""


def row_of(reader: type[Reader], wrong: Done, right: Done | None) -> tuple[str, str]:
    """Return a line of the table, and what does not hold of it."""
    problem = wrong.failure or why_not(reader, wrong.caught)
    found = [one for one in wrong.caught if one is not None]
    cells = [f"`{reader.name}`", str(reader.law), str(reader.shows)]
    cells.append(f"{len(found)} of {len(wrong.caught)}")
    numbers = [one.number + 1 for one in found if one.number is not None]
    where = "sweep" if all(one.is_sweep for one in found) else "random"
    cells.append(f"{_range(numbers)}, {where}" if numbers else "none needed")
    random = [one.number + 1 for one in wrong.random if one and one.number is not None]
    share = f"{len(random)} of {len(wrong.random)}"
    cells.append(f"{share}, {_range(random)}" if wrong.random else "")
    cells.append(_range([one.steps for one in found]) if found else "")
    token = next((one.token for one in found if one.token), "")
    cells.append(f"`{token}`" if token else "")
    if right is not None and right.failure:
        problem = problem or f"fixed twin: {right.failure}"
    if right is not None and right.passed is not None:
        passed = right.passed
        problem = problem or (passed.flagged and f"fixed twin: {passed.flagged}")
        cells.append(f"{passed.plans:,} passed" if not passed.flagged else "flagged")
    else:
        cells.append("")
    return f"| {' | '.join(cells)} |", problem


def _range(numbers: Sequence[int]) -> str:
    """Return the median of *numbers*, and the largest where it is another."""
    if not numbers:
        return ""
    middle, largest = statistics.median_low(numbers), max(numbers)
    return str(middle) if middle == largest else f"{middle} (at most {largest})"


def describe(reader: type[Reader]) -> str:
    """Return what *reader* gets wrong, as an item of a list in Markdown."""
    text = " ".join((reader.__doc__ or "").split())
    return f"- `{reader.name}`: {text[0].lower()}{text[1:]}"


HEAD = (
    "| wrong reader | law | shows in | caught | plan | random plans alone | steps"
    " | minimum | fixed twin |\n|---|---|---|---|---|---|---|---|---|"
)


def run_all(jobs: Sequence[Job], workers: int) -> Iterator[Done]:
    """Yield what comes of *jobs*, as it comes, and tell of it."""
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        for number, done in enumerate(pool.imap_unordered(run_job, jobs), 1):
            kind = "held" if done.job.plans else "caught"
            line = (
                f"{number}/{len(jobs)} {kind} {done.job.name}: {done.seconds:.1f} s CPU"
            )
            print(line, file=sys.stderr, flush=True)
            yield done


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 1 if a line of it does not hold."""
    options = _parse(arguments)
    chosen = [r for r in WRONG if not options.only or r.name in options.only]
    if options.describe:
        print(*(describe(reader) for reader in chosen), sep="\n")
        return 0
    twins = dict.fromkeys(r.fixed.name for r in chosen) if options.fixed_plans else {}
    jobs = [Job(name, options.fixed_seeds, options.fixed_plans) for name in twins]
    jobs += [Job(reader.name, options.seeds) for reader in chosen]
    right: dict[str, Done] = {}
    wrong: dict[str, Done] = {}
    for done in run_all(jobs, options.jobs):
        (right if done.job.plans else wrong)[done.job.name] = done
    print(HEAD)
    problems = []
    for reader in chosen:
        done = wrong[reader.name]
        line, problem = row_of(reader, done, right.get(reader.fixed.name))
        print(line)
        if problem:
            problems.append(f"{reader.name}: {problem}")
    _summarize(right, wrong)
    for problem in problems:
        print(f"does not hold: {problem}", file=sys.stderr)
    return 1 if problems else 0


def _summarize(right: dict[str, Done], wrong: dict[str, Done]) -> None:
    """Tell how fast it was."""
    plans = sum(done.passed.plans for done in right.values() if done.passed)
    seconds = sum(done.passed.seconds for done in right.values() if done.passed)
    spent = sum(done.seconds for done in (*right.values(), *wrong.values()))
    if seconds:
        line = f"{plans:,} plans of right readers, {plans / seconds:.0f} per CPU second"
        print(line, file=sys.stderr)
    print(f"{spent:.0f} s CPU in all", file=sys.stderr)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--fixed-plans", type=int, default=2_000, help="0: none")
    parser.add_argument("--fixed-seeds", type=int, default=5)
    parser.add_argument("--only", action="append", choices=sorted(_BY_NAME), default=[])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--describe", action="store_true")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())

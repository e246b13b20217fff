"""What all benchmarks share: child processes, counts, projects and the table.

Ratios compare variants of one run, interleaved, so that a busy machine slows all of
them alike. CPU time is user and system time of the child. Instruction counts are user
mode, from callgrind, and repeat to about one in a thousand.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

#: Where projects and stores go: what the plugin itself would choose.
TMPFS = Path("/dev/shm")
PLUGIN = ("-p", "pytest_parsediff.plugin")
SYRUPY = ("-p", "syrupy")
#: Variables that change what a child does and are not part of any comparison.
_FOREIGN = ("CI", "TF_BUILD", "PYTHONDONTWRITEBYTECODE", "PYTEST_ADDOPTS")
#: getrusage(2) counts kibibytes, macOS bytes.
_RSS_PER_MIB = 2**20 if sys.platform == "darwin" else 2**10
_COLLECTED = re.compile(r"Collected : (\d+)")

# --- running children -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Usage:
    """What one child process took.

    Attributes:
        cpu_s: User and system time, in seconds.
        wall_s: Elapsed time, in seconds.
        output: What it printed.
        peak_mib: Most memory that was resident, in 2**20 bytes.
    """

    cpu_s: float
    wall_s: float
    output: str
    peak_mib: float = 0.0


def environment() -> dict[str, str]:
    """Return the environment of a measured child: byte code is cached, no autoload."""
    kept = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    return kept | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONHASHSEED": "0"}


def run(
    argv: Sequence[str],
    folder: Path,
    *,
    status: int = 0,
    variables: Mapping[str, str] | None = None,
) -> Usage:
    """Run *argv* in *folder* and return what it took.

    Args:
        argv: Program and arguments.
        folder: Its working directory.
        status: How it has to end.
        variables: More variables for its environment.

    Raises:
        RuntimeError: It did not end with *status*: nothing was measured.
    """
    own = environment() | dict(variables or {})
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        child = subprocess.Popen(
            argv, cwd=folder, env=own, stdout=output, stderr=output
        )
        _, wait_status, usage = os.wait4(child.pid, 0)
        wall_s = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(wait_status)
        output.seek(0)
        text = output.read().decode(errors="replace")
    if child.returncode != status:
        raise RuntimeError(f"{argv} ended with {child.returncode}:\n{text}")
    cpu_s = usage.ru_utime + usage.ru_stime
    return Usage(cpu_s, wall_s, text, usage.ru_maxrss / _RSS_PER_MIB)


def timer(argv: Sequence[str], folder: Path) -> Callable[[], float]:
    """Return a function that runs *argv* in *folder* and returns its CPU seconds."""
    return lambda: run(argv, folder).cpu_s


def instructions(argv: Sequence[str], folder: Path) -> int:
    """Return how many instructions *argv* executes in user mode."""
    valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    output = run([*valgrind, *argv], folder).output
    found = _COLLECTED.search(output)
    if found is None:
        raise RuntimeError(f"callgrind counted nothing:\n{output}")
    return int(found[1])


def has_callgrind() -> bool:
    """Return whether instructions can be counted here."""
    return shutil.which("valgrind") is not None


def per_item(count: Callable[[int], int], small: int, large: int) -> float:
    """Return the slope of *count*: the cost of one item, without the start-up."""
    return (count(large) - count(small)) / (large - small)


def pytest(*arguments: str) -> list[str]:
    """Return the command that starts a quiet pytest without its cache."""
    options = ["-q", "-p", "no:cacheprovider", *arguments]
    return [sys.executable, "-m", "pytest", *options]


def interleaved(
    variants: Mapping[str, Callable[[], float]], repetitions: int
) -> dict[str, list[float]]:
    """Return *repetitions* measurements per variant, taken in turns.

    Each variant runs once before, so that byte code and files are cached; the order
    turns around every time, so that none always follows the same other one.
    """
    results: dict[str, list[float]] = {name: [] for name in variants}
    for measure in variants.values():
        measure()
    for turn in range(repetitions):
        order = list(variants)[:: 1 if turn % 2 else -1]
        for name in order:
            results[name].append(variants[name]())
    return results


def median_ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """Return the median of the ratios of measurements of the same turn."""
    return statistics.median(a / b for a, b in zip(above, below, strict=True))


# --- projects -------------------------------------------------------------------------


@contextmanager
def scratch_folder(*, in_memory: bool = True) -> Iterator[Path]:
    """Yield an empty folder, on tmpfs where there is one and it is to be, and remove it."""
    parent = TMPFS if in_memory and os.access(TMPFS, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=parent) as name:
        yield Path(name)


def write(path: Path, content: str | bytes) -> None:
    """Write a file of a project, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


# --- reporting ------------------------------------------------------------------------


@dataclass(slots=True)
class Table:
    """Rows of text, printed in columns; and what is over budget.

    Attributes:
        headings: One per column.
        over: A line for each figure that exceeds its budget.
    """

    headings: tuple[str, ...]
    over: list[str] = field(default_factory=list)
    _rows: list[tuple[str, ...]] = field(default_factory=list)

    def add(self, *cells: str) -> None:
        """Add a row."""
        self._rows.append(cells)

    def hold(self, what: str, figure: float, budget: float, unit: str = "x") -> str:
        """Return the cell of a figure that has a budget, and note an excess."""
        text = f"{figure:.2f} {unit} (budget {budget:g})"
        if figure <= budget:
            return text
        self.over.append(f"{what}: {text}")
        return f"{text} OVER"

    def print(self) -> None:
        """Print all rows, as Markdown."""
        rows = [self.headings, *self._rows]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "| "
            + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True))
            + " |"
            for row in rows
        ]
        lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
        print("\n".join(lines))


def arguments(
    description: str | None, percent: Sequence[float] = ()
) -> argparse.Namespace:
    """Return the flags that every benchmark has, and ``--percent`` if it has a default."""
    parser = argparse.ArgumentParser(description=description)
    if percent:
        parser.add_argument("--percent", type=float, nargs="+", default=percent)
    parser.add_argument("--quick", action="store_true", help="fewer and smaller runs")
    parser.add_argument("--check", action="store_true", help="exit 1 when over budget")
    return parser.parse_args()


def conclude(table: Table, options: argparse.Namespace) -> int:
    """Print *table*; return the exit status."""
    table.print()
    for line in table.over:
        print(f"over budget: {line}")
    return 1 if table.over and options.check else 0

"""What a plan costs, beside the same SQL without it, threads with a baton and frontrun.

The workload is a reader of 20 statements in two polls, and of ten more when all is
quiet, against ten transactions of two writers (``interleaving_sql.py``). For four readers
one process runs the variants in turns; CPU seconds include what the kernel does for it.

``the same SQL`` is a test that executes the same statements of the same plans without any
interleaving: it copies the store, connects two writers and a reader, closes them and
removes the store. ``with short cuts`` is a loop that does the same in the cheapest way
that the harness has found: bytes from memory, one connection for both writers, files
removed before they are closed. ``by hand`` does what the plan says, in a reader that
calls whoever writes before each statement, with the short cuts. None of them knows a
harness: events are not taken apart, nothing is recorded, no gap is found, nobody is
limited.

frontrun is no dependency. Install it anywhere and say where::

    python -m venv /tmp/frontrun && /tmp/frontrun/bin/pip install frontrun
    FRONTRUN_PYTHON=/tmp/frontrun/bin/python python benchmarks/interleaving.py
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from interleaving_work import READERS
from measure import (
    Table,
    arguments,
    conclude,
    has_callgrind,
    instructions,
    median_ratio,
    per_item,
    run,
    scratch_folder,
)

HERE = Path(__file__).resolve().parent
RATIO = 1.2
LEAST_OFF, LEAST_ON = 500, 150
#: For which instructions are counted: callgrind takes fifty times as long.
COUNTED = ("stdlib, connection kept", "apsw, connection kept")
COUNTED_VARIANTS = ("floor", "by hand", "laws off")
NAMES = {
    "test": "the same SQL",
    "floor": "the same SQL, with short cuts",
    "by hand": "by hand",
    "baton": "two threads, a baton",
    "baton, new threads": "the same, a new thread per plan",
    "laws off, baton": "the harness, laws off, writers in a thread",
    "laws off": "**the harness, laws off**",
    "laws on": "**the harness, default laws**",
}


def child(reader: str, folder: Path, variant: str, count: int) -> list[str]:
    """Return the command of the child."""
    script = str(HERE / "interleaving_runs.py")
    return [sys.executable, script, reader, str(folder), variant, str(count)]


def turns(reader: str, count: int) -> dict[str, list[float]]:
    """Return CPU seconds per plan of all variants, turn by turn."""
    with scratch_folder() as folder:
        output = run(child(reader, folder / "work", "turns", count), folder).output
    found: dict[str, list[float]] = json.loads(output)
    return found


def counted(reader: str, variant: str) -> float:
    """Return instructions per plan in user mode."""

    def count(plans: int) -> int:
        with scratch_folder() as folder:
            return instructions(child(reader, folder / "work", variant, plans), folder)

    return per_item(count, 50, 125)


def add_reader(table: Table, reader: str, *, quick: bool) -> None:
    """Measure one reader and add its rows."""
    times = turns(reader, 12 if quick else 24)
    counts: dict[str, float] = {}
    if has_callgrind() and not quick and reader in COUNTED:
        counts = {name: counted(reader, name) for name in COUNTED_VARIANTS}
    for name, seconds in times.items():
        median_s = statistics.median(seconds)
        ratio = median_ratio(seconds, times["test"])
        over = f"{ratio:.2f} x"
        bare = f"{median_ratio(seconds, times['floor']):.2f} x"
        rate = f"{1 / median_s:,.0f}"
        if name == "laws off":
            over = table.hold(f"{reader}, over the same SQL", ratio, RATIO)
            rate = at_least(table, f"{reader}, laws off", 1 / median_s, LEAST_OFF)
        elif name == "laws on":
            rate = at_least(table, f"{reader}, default laws", 1 / median_s, LEAST_ON)
        ours = median_ratio(times["laws off"], seconds)
        instructed = ""
        if name in counts:
            relative = counts[name] / counts["floor"]
            instructed = f"{counts[name] / 1e6:.2f} M ({relative:.2f} x)"
        table.add(
            reader,
            NAMES[name],
            f"{median_s * 1e6:,.0f}",
            rate,
            over,
            bare,
            f"{ours:.2f} x",
            instructed,
        )


def at_least(table: Table, what: str, figure: float, budget: float) -> str:
    """Return the cell of a rate that has a budget, and note if it is below."""
    text = f"{figure:,.0f} (budget {budget:g})"
    if figure >= budget:
        return text
    table.over.append(f"{what}: {text} plans per CPU second")
    return f"{text} UNDER"


# --- frontrun -------------------------------------------------------------------------


def frontrun(count: int) -> dict[str, Any] | str:
    """Return what frontrun did with its cases, or why it did nothing."""
    python = os.environ.get("FRONTRUN_PYTHON", sys.executable)
    probe = [python, "-c", "import frontrun.cli"]
    if subprocess.run(probe, capture_output=True, check=False).returncode:
        return (
            f"frontrun is not installed for {python}, so nothing is compared with it: "
            "see the top of this script"
        )
    script = str(HERE / "interleaving_frontrun.py")
    with scratch_folder() as folder:
        argv = [python, "-m", "frontrun.cli", python, script, str(folder), str(count)]
        output = run(argv, folder).output
    found: dict[str, Any] = json.loads(output[output.index("{") :])
    return found


def ours_torn(seeds: int) -> dict[str, float]:
    """Return what finding the torn read takes with us, for a number of seeds."""
    with scratch_folder() as folder:
        output = run(child("torn", folder / "work", "find", seeds), folder).output
    found: dict[str, float] = json.loads(output)
    return found


def compare_with_frontrun(off_s: float, *, quick: bool) -> None:
    """Print what both programs can run."""
    theirs = frontrun(10 if quick else 50)
    if isinstance(theirs, str):
        print(f"\n{theirs}")
        return
    torn = ours_torn(5 if quick else 20)
    ours = {
        "torn read": torn["cpu_s"] / torn["plans"],
        "20 statements": off_s,
        "20 statements, one writer": off_s,
    }
    headings = ("case", f"frontrun {theirs['version']}", "runs", "CPU ms per run")
    table = Table((*headings, "ours, CPU ms", "theirs over ours", "what it said"))
    for case, cell in theirs.items():
        if case == "version":
            continue
        name, strategy = case.rsplit(", ", 1)
        if "error" in cell:
            table.add(name, strategy, "", "", "", "", cell["error"])
            continue
        each_s = cell["cpu_s"] / cell["runs"] if cell["runs"] else 0.0
        said = "found" if cell["found"] else f"holds: {cell['verdict']}"
        if cell["reason"]:
            said = f"inconclusive: {cell['reason'].split('. ')[0]}"
        table.add(
            name,
            strategy,
            str(cell["runs"]),
            f"{each_s * 1e3:.1f}",
            f"{ours[name] * 1e3:.2f}",
            "" if cell["reason"] else f"{each_s / ours[name]:.0f} x",
            said,
        )
    print()
    table.print()
    print(
        f"\nWe find the torn read for {torn['found']} of {torn['seeds']} seeds, with"
        f" {torn['plans'] / torn['seeds']:.0f} plans each, of which most make it small;"
        f" {torn['cpu_s'] / torn['seeds'] * 1e3:.0f} CPU ms each, law and replay included."
    )


def main() -> int:
    """Run the benchmark."""
    options = arguments(__doc__)
    headings = ("reader", "what", "CPU µs per plan", "plans per CPU s")
    ratios = ("over the same SQL", "over it with short cuts")
    more = (*ratios, "the harness, laws off, over it", "instructions")
    table = Table((*headings, *more))
    for reader in READERS:
        add_reader(table, reader, quick=options.quick)
    status = conclude(table, options)
    off_s = statistics.median(
        turns("stdlib, connection kept", 4 if options.quick else 12)["laws off"]
    )
    compare_with_frontrun(off_s, quick=options.quick)
    return status


if __name__ == "__main__":
    sys.exit(main())

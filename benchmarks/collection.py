"""What collecting 5,000 scenarios costs beside pytest merely walking their folders.

One scenario in ten has a ``scenario.toml``. CPU seconds of whole runs, byte code
cached, in turns. Budget: 1.5 times the walk.
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

from measure import (
    PLUGIN,
    SYRUPY,
    Table,
    arguments,
    conclude,
    interleaved,
    median_ratio,
    pytest,
    run,
    scratch_folder,
    write,
)

BUDGET = 1.5


def lay_out(project: Path, count: int) -> None:
    """Write *count* small scenarios and the configuration."""
    write(project / "pytest.ini", "[pytest]\n")
    for number in range(count):
        folder = project / f"scenarios/case_{number:05}"
        write(folder / "fixture.sql", f"CREATE TABLE t{number} (x);\n")
        write(folder / "expected.jsonl", '{"x":1}\n')
        if number % 10 == 0:
            write(folder / "scenario.toml", f'adapter = "a{number}"\ntimeout_s = 5\n')


def main() -> int:
    """Run the benchmark."""
    options = arguments(__doc__)
    count, repetitions = (500, 3) if options.quick else (5000, 5)
    with scratch_folder() as project:
        lay_out(project, count)
        collect = pytest(*SYRUPY, *PLUGIN, "--parsediff", "--collect-only", "scenarios")
        walk = pytest(*SYRUPY, *PLUGIN, "--collect-only", "scenarios")
        results = interleaved(
            {
                "collect": lambda: run(collect, project).cpu_s,
                "walk": lambda: run(walk, project, status=5).cpu_s,
            },
            repetitions,
        )
    table = Table(("what", "CPU s", "beside the walk"))
    ratio = median_ratio(results["collect"], results["walk"])
    walked, collected = (statistics.median(results[n]) for n in ("walk", "collect"))
    table.add(f"pytest walks {count} folders", f"{walked:.2f}", "1")
    cell = table.hold("collection", ratio, BUDGET)
    table.add(f"collect {count} scenarios", f"{collected:.2f}", cell)
    return conclude(table, options)


if __name__ == "__main__":
    sys.exit(main())

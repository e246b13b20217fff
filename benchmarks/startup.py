"""What the installed but disabled plugin adds to every pytest run.

A run of one empty test, with syrupy loaded, with and without our plugin; syrupy's own
part stands beside it. Budget: 10 ms over pytest with syrupy.
"""

from __future__ import annotations

import statistics
import sys

from measure import (
    PLUGIN,
    SYRUPY,
    Table,
    arguments,
    conclude,
    has_callgrind,
    instructions,
    interleaved,
    pytest,
    scratch_folder,
    timer,
    write,
)

BUDGET_MS = 10.0


def main() -> int:
    """Run the benchmark."""
    options = arguments(__doc__)
    commands = {
        "pytest": pytest("test_one.py"),
        "with syrupy": pytest(*SYRUPY, "test_one.py"),
        "with syrupy and parsediff": pytest(*SYRUPY, *PLUGIN, "test_one.py"),
    }
    with scratch_folder() as project:
        write(project / "test_one.py", "def test_one():\n    pass\n")
        results = interleaved(
            {name: timer(argv, project) for name, argv in commands.items()},
            7 if options.quick else 25,
        )
        counts = {
            name: instructions(argv, project) / 1e6 if has_callgrind() else 0.0
            for name, argv in commands.items()
        }
    table = Table(("one empty test", "CPU ms", "over the row above, ms", "Minstr"))
    before: list[float] | None = None
    for name in commands:
        cpu_ms = [seconds * 1000 for seconds in results[name]]
        extra = "-"
        if before is not None:
            pairs = zip(cpu_ms, before, strict=True)
            added = statistics.median(a - b for a, b in pairs)
            extra = f"{added:.1f}"
            if "parsediff" in name:
                extra = table.hold("start-up", added, BUDGET_MS, "ms")
        table.add(
            name, f"{statistics.median(cpu_ms):.0f}", extra, f"{counts[name]:.0f}"
        )
        before = cpu_ms
    return conclude(table, options)


if __name__ == "__main__":
    sys.exit(main())

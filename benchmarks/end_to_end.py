"""A thousand golden scenarios, from fixture.sql to verdict, beside a bare loop.

The loop does what a user would write: it builds each database file with apsw in the
same tmpfs folder, runs the same adapter, encodes and compares. Once with a thousand
different fixtures, once with a thousand equal ones. Budget: 1.5 times the loop, in CPU
seconds of the whole run and in instructions per scenario without the start-up.
"""

from __future__ import annotations

import statistics
import sys
from functools import partial
from pathlib import Path

from measure import (
    PLUGIN,
    SYRUPY,
    Table,
    arguments,
    conclude,
    has_callgrind,
    instructions,
    interleaved,
    median_ratio,
    per_item,
    pytest,
    run,
    scratch_folder,
    timer,
    write,
)

BUDGET = 1.5
SOURCE = Path(__file__).resolve().parent.parent / "scenarios/opencode/single_turn_tour"
LOOP = """\
import os
import sys
import tempfile
from pathlib import Path

import apsw
from pytest_parsediff.adapters.opencode import OpencodeAdapter
from pytest_parsediff.core.canonical import encode_declared
from pytest_parsediff.core.event import Source

stores = Path(sys.argv[1])
for scenario in sorted(Path("scenarios").iterdir()):
    if not scenario.is_dir():
        continue
    path = stores / f"{scenario.name}.db"
    connection = apsw.Connection(str(path))
    for _ in connection.execute((scenario / "fixture.sql").read_text()):
        pass
    connection.close()
    lines = []
    for event in OpencodeAdapter().scan(Source(path, stores), None):
        if isinstance(event, dict):
            source_id = event["payload"]["SourceID"]
            event["payload"]["SourceID"] = source_id.replace(str(path), "<ROOT>")
            lines.append(encode_declared(event) + b"\\n")
    assert b"".join(lines) == (scenario / "expected.jsonl").read_bytes(), scenario
    os.unlink(path)
"""


def lay_out(project: Path, count: int, *, distinct: bool) -> None:
    """Write *count* opencode scenarios; distinct ones have titles of their own."""
    script = (SOURCE / "fixture.sql").read_text(encoding="utf-8")
    golden = (SOURCE / "expected.jsonl").read_text(encoding="utf-8")
    write(project / "pytest.ini", "[pytest]\nparsediff_adapter = opencode\n")
    write(project / "loop.py", LOOP)
    (project / "stores").mkdir()
    for number in range(count):
        name = f"ses_{number:05}" if distinct else "ses_tour"
        folder = project / f"scenarios/s{number:05}"
        write(folder / "fixture.sql", script.replace("ses_tour", name))
        write(folder / "expected.jsonl", golden.replace("ses_tour", name))


def commands(project: Path) -> dict[str, list[str]]:
    """Return what is compared, by name."""
    return {
        "loop": [sys.executable, "loop.py", str(project / "stores")],
        "harness": pytest(*SYRUPY, *PLUGIN, "--parsediff", "scenarios"),
    }


def counted(name: str, count: int, *, distinct: bool) -> int:
    """Return the instructions that one of the commands takes for *count* scenarios."""
    with scratch_folder() as project:
        lay_out(project, count, distinct=distinct)
        argv = commands(project)[name]
        run(argv, project)  # byte code is cached from now on
        return instructions(argv, project)


def add_row(
    table: Table, name: str, loop: float, harness: float, ratio: float | None = None
) -> None:
    """Add a row to *table* and hold its ratio against the budget."""
    cell = table.hold(name, ratio or harness / loop, BUDGET)
    table.add(name, f"{loop:.2f}", f"{harness:.2f}", cell)


def main() -> int:
    """Run the benchmark."""
    options = arguments(__doc__)
    count, repetitions = (400, 3) if options.quick else (1000, 5)
    table = Table((f"{count} scenarios", "loop", "pytest", "ratio"))
    for distinct in (True, False):
        with scratch_folder() as project:
            lay_out(project, count, distinct=distinct)
            results = interleaved(
                {
                    name: timer(argv, project)
                    for name, argv in commands(project).items()
                },
                repetitions,
            )
        medians = {name: statistics.median(found) for name, found in results.items()}
        ratio = median_ratio(results["harness"], results["loop"])
        name = "all different, CPU s" if distinct else "all equal, CPU s"
        add_row(table, name, medians["loop"], medians["harness"], ratio)
    if has_callgrind():
        sizes = (5, 25) if options.quick else (20, 120)
        for distinct in (True, False):
            loop, harness = (
                per_item(partial(counted, name, distinct=distinct), *sizes) / 1e6
                for name in ("loop", "harness")
            )
            kind = "all different" if distinct else "all equal"
            add_row(table, f"{kind}, Minstr per scenario", loop, harness)
    return conclude(table, options)


if __name__ == "__main__":
    sys.exit(main())

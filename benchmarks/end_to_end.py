"""A thousand golden scenarios, from fixture.sql to verdict, beside a bare loop.

The loop does what a user would write: it builds each database file with apsw in the
same tmpfs folder, runs the same adapter, encodes and compares. Once with a thousand
different fixtures, once with a thousand equal ones. Budget: 1.5 times the loop.
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
from pytest_parsediff.core.event import Notice, Source

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
        if not isinstance(event, Notice):
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


def main() -> int:
    """Run the benchmark."""
    options = arguments(__doc__)
    count, repetitions = (100, 3) if options.quick else (1000, 5)
    table = Table((f"{count} scenarios", "loop, CPU s", "pytest, CPU s", "ratio"))
    for distinct in (True, False):
        with scratch_folder() as project:
            lay_out(project, count, distinct=distinct)
            loop = [sys.executable, "loop.py", str(project / "stores")]
            harness = pytest(*SYRUPY, *PLUGIN, "--parsediff", "scenarios")
            results = interleaved(
                {"loop": timer(loop, project), "harness": timer(harness, project)},
                repetitions,
            )
        ratio = median_ratio(results["harness"], results["loop"])
        name = "all different" if distinct else "all equal"
        cells = [f"{statistics.median(results[n]):.2f}" for n in ("loop", "harness")]
        table.add(name, *cells, table.hold(f"end to end, {name}", ratio, BUDGET))
    return conclude(table, options)


if __name__ == "__main__":
    sys.exit(main())

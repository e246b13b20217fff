"""How long a mismatch of 5,000 events takes to explain, and how much is printed.

CPU seconds of explaining and rendering in this process, the best of five, and the
cold first time. Budget: 0.5 s.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable

from measure import Table, arguments, conclude

from pytest_parsediff.golden.explain import explain
from pytest_parsediff.golden.render import render

BUDGET_S = 0.5


def events(count: int) -> list[dict[str, object]]:
    """Return *count* events of about 300 bytes."""
    return [
        {
            "id": f"msg_{number:06}",
            "kind": "message",
            "payload": {"n": number * 3, "text": f"text {number} " + "word " * 45},
        }
        for number in range(count)
    ]


def lines(rows: list[dict[str, object]]) -> list[bytes]:
    """Return the canonical lines of *rows*."""
    return [json.dumps(row, separators=(",", ":")).encode() for row in rows]


def changed(rows: list[dict[str, object]], every: int) -> list[dict[str, object]]:
    """Return *rows* with another value in each *every*-th."""
    return [
        row if at % every else {**row, "kind": f"other {at}"}
        for at, row in enumerate(rows)
    ]


def measure(
    expected: list[bytes], actual: list[bytes], key: tuple[str, ...]
) -> tuple[float, float, int]:
    """Return cold and best CPU seconds, and the number of lines printed."""
    times = []
    shown = 0
    for _ in range(5):
        started = time.process_time()
        shown = len(render(explain(expected, actual, key=key)))
        times.append(time.process_time() - started)
    return times[0], min(times), shown


def main() -> int:
    """Run the benchmark."""
    options = arguments(__doc__)
    count = 500 if options.quick else 5000
    rows = events(count)
    shuffled = rows.copy()
    random.Random(7).shuffle(shuffled)
    cases: dict[str, tuple[Callable[[], list[dict[str, object]]], tuple[str, ...]]] = {
        "all changed": (lambda: changed(rows, 1), ("id",)),
        "all changed, no key": (lambda: changed(rows, 1), ()),
        "one in ten changed": (lambda: changed(rows, 10), ("id",)),
        "shuffled": (lambda: shuffled, ("id",)),
        "half missing": (lambda: rows[::2], ("id",)),
    }
    table = Table((f"{count} events", "cold, CPU s", "best of 5, CPU s", "lines"))
    for name, (make, key) in cases.items():
        cold, best, shown = measure(lines(rows), lines(make()), key)
        table.add(
            name, table.hold(name, cold, BUDGET_S, "s"), f"{best:.2f}", str(shown)
        )
    return conclude(table, options)


if __name__ == "__main__":
    sys.exit(main())

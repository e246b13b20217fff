"""The child of a writer in a process of its own: ``python -m … DATABASE``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from pytest_parsediff.core.errors import WriterStepError
from pytest_parsediff.interleave.clock import HarnessClock
from pytest_parsediff.interleave.schedule import Blocked
from pytest_parsediff.interleave.writers.apsw import ApswWriter
from pytest_parsediff.interleave.writers.connection import Statement
from pytest_parsediff.interleave.writers.process import receive, send


def main(path: Path) -> None:
    """Execute steps from standard input until it ends."""
    clock = HarnessClock()
    writer = ApswWriter(path, clock)
    try:
        while (question := receive(sys.stdin.buffer)) is not None:
            send(sys.stdout.buffer, _answer(writer, clock, question))
    finally:
        writer.close()


def _answer(
    writer: ApswWriter, clock: HarnessClock, question: dict[str, Any]
) -> dict[str, Any]:
    try:
        if "image" in question:
            return {"image": writer.image()}
        clock.now_ms = question["now_ms"]
        writer.run([Statement(sql, tuple(values)) for sql, values in question["run"]])
    except Blocked as blocked:
        return {"blocked": str(blocked)}
    except WriterStepError as error:
        return {"error": error.message}
    return {}


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""The child of a writer in a process of its own: ``python -m … DATABASE``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from pytest_parsediff.core.errors import WriterStepError
from pytest_parsediff.interleave.clock import HarnessClock
from pytest_parsediff.interleave.schedule import Blocked
from pytest_parsediff.interleave.writers.apsw import ApswWriter
from pytest_parsediff.interleave.writers.connection import Batch, Statement
from pytest_parsediff.interleave.writers.process import receive, send


def main(path: Path) -> None:
    """Execute steps from standard input until it ends."""
    clock = HarnessClock()
    writer: ApswWriter | None = None
    try:
        while (question := receive(sys.stdin.buffer)) is not None:
            try:
                writer = writer or ApswWriter(path, clock)
                answer = _answer(writer, clock, question)
            except Blocked as blocked:
                answer = {"blocked": str(blocked)}
            except WriterStepError as error:
                answer = {"error": error.message}
            send(sys.stdout.buffer, answer)
    finally:
        if writer is not None:
            writer.close()


def _answer(
    writer: ApswWriter, clock: HarnessClock, question: dict[str, Any]
) -> dict[str, Any]:
    if "image" in question:
        return {"image": writer.image()}
    if "holds_transaction" in question:
        return {"holds_transaction": writer.holds_transaction}
    clock.now_ms = question["now_ms"]
    asked = (Statement(sql, tuple(values)) for sql, values in question["run"])
    writer.run(Batch(tuple(asked)))
    return {}


if __name__ == "__main__":
    main(Path(sys.argv[1]))

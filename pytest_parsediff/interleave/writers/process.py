"""A writer in a process of its own, for readers whose library this one cannot share."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import msgspec

from pytest_parsediff.core.errors import WriterStepError
from pytest_parsediff.interleave.clock import HarnessClock
from pytest_parsediff.interleave.schedule import Blocked
from pytest_parsediff.interleave.writers.connection import Batch

_LENGTH_BYTES = 8


class ProcessWriter:
    """Hands each step to a child that writes through apsw, and waits for it."""

    def __init__(self, path: Path, clock: HarnessClock) -> None:
        self._clock = clock
        module = "pytest_parsediff.interleave.writers.process_child"
        self._child = subprocess.Popen(
            [sys.executable, "-m", module, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )

    def run(self, batch: Batch, /) -> None:
        """Execute one step; see ``WriterConnection``."""
        listed = [[one.sql, list(one.values)] for one in batch.statements]
        self._ask({"run": listed, "now_ms": self._clock.now_ms})

    @property
    def holds_transaction(self) -> bool:
        """Whether a transaction is open."""
        return bool(self._ask({"holds_transaction": True})["holds_transaction"])

    @property
    def changes(self) -> int:
        """Nothing: to ask the child takes longer than to look."""
        return 0

    def image(self) -> bytes:
        """Return the committed content of the database."""
        answer = self._ask({"image": True})
        return bytes(answer["image"])

    def close(self) -> None:
        """End the child and wait for it."""
        if self._child.stdin is not None:
            with suppress(BrokenPipeError):
                self._child.stdin.close()
        self._child.wait()
        if self._child.stdout is not None:
            self._child.stdout.close()

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        try:
            send(self._child.stdin, question)
            answer = receive(self._child.stdout)
        except BrokenPipeError:
            answer = None
        if answer is None:
            code = self._child.wait()
            raise WriterStepError(f"the writer process ended with status {code}")
        if "blocked" in answer:
            raise Blocked(answer["blocked"])
        if "error" in answer:
            raise WriterStepError(answer["error"])
        return answer


def send(stream: IO[bytes], message: dict[str, Any]) -> None:
    """Write one framed message: length in 8 bytes, then MessagePack."""
    data = msgspec.msgpack.encode(message)
    stream.write(len(data).to_bytes(_LENGTH_BYTES, "big") + data)
    stream.flush()


def receive(stream: IO[bytes]) -> dict[str, Any] | None:
    """Read one framed message; ``None`` at the end of the stream."""
    header = stream.read(_LENGTH_BYTES)
    if len(header) < _LENGTH_BYTES:
        return None
    data = stream.read(int.from_bytes(header, "big"))
    message: dict[str, Any] = msgspec.msgpack.decode(data)
    return message

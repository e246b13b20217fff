"""A writer that cannot even connect, because somebody else has locked the store."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench_store import FIXTURE

from pytest_parsediff.core.store import build_image
from pytest_parsediff.interleave.clock import HarnessClock
from pytest_parsediff.interleave.schedule import Blocked
from pytest_parsediff.interleave.writers.apsw import ApswWriter
from pytest_parsediff.interleave.writers.connection import Batch, Statement
from pytest_parsediff.interleave.writers.stdlib import StdlibWriter


@pytest.mark.parametrize("kind", [StdlibWriter, ApswWriter])
def test_a_writer_that_is_kept_out_closes_its_connection(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: type[StdlibWriter | ApswWriter],
) -> None:
    """Nobody else could, for there is no writer."""
    path = tmp_path / "store.db"
    path.write_bytes(build_image(FIXTURE, path, journal="delete").main)
    holder = kind(path, HarnessClock())
    holder.run(Batch((Statement("BEGIN EXCLUSIVE"),)))
    closed: list[object] = []
    close = kind.close

    def note(self: StdlibWriter | ApswWriter) -> None:
        closed.append(self)
        close(self)  # type: ignore[arg-type]

    monkeypatch.setattr(kind, "close", note)

    with pytest.raises(Blocked):
        kind(path, HarnessClock())

    assert 1 == len(closed)
    holder.close()

"""Cursors that say what is another thing in each store that is made."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from law_bench import file_rig

from pytest_parsediff.core.event import Checkpoint, Emission, Source
from pytest_parsediff.laws.explore import Explorer

FILES = {"log.jsonl": b'{"id":1,"session":"s"}\n{"id":2,"session":"s"}\n'}
_NUMBERS = itertools.count()


class NamesItsInode:
    """Reads on from an offset in the file that it knows."""

    name = "inodes"

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield the lines behind the cursor; a number stands for that of the inode."""
        _, offset = json.loads(cursor or "[0, 0]")
        data = source.path.read_bytes()[offset:]
        for line in data.split(b"\n")[:-1]:
            yield json.loads(line)
        yield Checkpoint(json.dumps([next(_NUMBERS), offset + len(data)]))


class Hesitates(NamesItsInode):
    """Hands its checkpoint out before the events, every second time."""

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield the same, in one order or the other."""
        *events, last = super().scan(source, cursor)
        is_late = json.loads(last.cursor)[0] % 2 if isinstance(last, Checkpoint) else 0
        yield from [*events, last] if is_late else [last, *events]


def test_what_a_cursor_says_is_the_reader_s_own_affair(tmp_path: Path) -> None:
    """Numbers of inodes depend on what else is on the disk."""
    rig = file_rig(NamesItsInode(), tmp_path, FILES, name="log.jsonl")

    assert not Explorer(rig=rig, laws=()).quiet().difference


def test_where_a_checkpoint_stands_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No plan that kills the reader could be replayed."""
    numbers = iter([0, 0, 0, 1, 1, 1])
    monkeypatch.setattr(f"{__name__}._NUMBERS", numbers)
    rig = file_rig(Hesitates(), tmp_path, FILES, name="log.jsonl")

    assert "checkpoint" in Explorer(rig=rig, laws=()).quiet().difference

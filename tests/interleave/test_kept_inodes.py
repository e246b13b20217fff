"""Numbers of inodes that no file system gives away twice in one plan."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_parsediff.interleave.clock import HarnessClock
from pytest_parsediff.interleave.filebench import FileBench
from pytest_parsediff.interleave.writers.filesteps import parse_file_steps

FILES = {"log.jsonl": b"1\n", "new.jsonl": b"2\n"}
SCRIPTS = {
    "deleted": '[[step]]\ndelete = "log.jsonl"\n[[step]]\ncreate = "log.jsonl"\ntext = "3"\n',
    "replaced": '[[step]]\nreplace = "log.jsonl"\ntext = "3"\n' * 3,
    "renamed over": (
        '[[step]]\nrename = "new.jsonl"\nto = "log.jsonl"\n'
        '[[step]]\nreplace = "log.jsonl"\ntext = "3"\n'
    ),
}


@pytest.mark.skipif(not hasattr(os, "O_PATH"), reason="inodes are not reused there")
@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_a_file_that_takes_a_name_has_an_inode_of_its_own(
    script: str, tmp_path: Path
) -> None:
    """A reader that knows its file by the inode would be right on some machines only."""
    bench = FileBench(
        files=FILES,
        root=tmp_path / "store",
        spare=tmp_path / "spare",
        name="",
        scripts=(tuple(parse_file_steps(script, Path("writer.toml"))),),
        names=("writer",),
    )
    clock = HarnessClock()
    written = bench.make(clock)
    log = bench.root / "log.jsonl"
    inodes = [log.stat().st_ino]
    descriptors = len(os.listdir("/proc/self/fd"))

    for step in written.writers[0]:
        step.run(clock)
        if log.exists():
            inodes.append(log.stat().st_ino)
    written.discard()

    assert len({*inodes}) == len(inodes)
    assert descriptors == len(os.listdir("/proc/self/fd"))

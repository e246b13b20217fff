"""What is seen of a file, and when its bytes are read again."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from io import FileIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_parsediff.diff.codex import consumed_boundary
from pytest_parsediff.live import observe
from pytest_parsediff.live.observe import (
    hash_prefix,
    observe_again,
    observe_database,
    observe_file,
    observe_folder,
    observe_stat,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file with one complete line and a tail."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"n":1}\n{"n"')
    return path


def test_a_file_is_seen_whole(file: Path) -> None:
    """Size, times, inode, hash and boundary are those of the file."""
    seen = observe_file(file, with_boundary=True)
    status = file.stat()
    got = seen.observation
    assert (12, 8) == (got.size, got.consumed)
    assert (status.st_mtime_ns, status.st_ctime_ns) == (got.mtime_ns, got.ctime_ns)
    assert f"{status.st_dev}:{status.st_ino}" == got.inode
    assert hashlib.sha256(file.read_bytes()).hexdigest() == got.content_hash
    assert hashlib.sha256(b'{"n":1}\n').hexdigest() == seen.consumed_hash
    assert got.exists
    assert not got.error


def test_without_a_boundary(file: Path) -> None:
    """Nobody looks for lines in a file that has none."""
    seen = observe_file(file)
    assert (None, "") == (seen.observation.consumed, seen.consumed_hash)


def test_a_missing_file(tmp_path: Path) -> None:
    """It is seen as not there, with the reason."""
    for found in (
        observe_file(tmp_path / "no").observation,
        observe_stat(tmp_path / "no"),
        observe_folder(tmp_path / "no").observation,
        observe_database(tmp_path / "no"),
    ):
        assert (False, "No such file or directory") == (found.exists, found.error)


def test_a_folder_where_a_file_was(tmp_path: Path) -> None:
    """It exists and cannot be read."""
    found = observe_file(tmp_path).observation
    assert found.exists
    assert "directory" in found.error


LINES = st.lists(
    st.sampled_from([b'{"n":1}', b"", b"{", b'"\xc3\xa9"', b"1", b'{"a":"\\ud800"}'])
)


@given(
    lines=LINES, tail=st.sampled_from([b"", b"{", b'{"n":1}']), chunk=st.integers(1, 9)
)
def test_the_boundary_is_that_of_the_whole_file(
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[bytes],
    tail: bytes,
    chunk: int,
) -> None:
    """Reading from the end finds what reading from the beginning finds."""
    content = b"".join(line + b"\n" for line in lines) + tail
    path = tmp_path_factory.getbasetemp() / "boundary.jsonl"
    path.write_bytes(content)
    before, observe._CHUNK = observe._CHUNK, chunk
    try:
        found = observe_file(path, with_boundary=True).observation.consumed
    finally:
        observe._CHUNK = before
    assert consumed_boundary([content]) == found


def test_a_prefix_is_hashed_as_far_as_asked(file: Path) -> None:
    """Not a byte more; and a file that is too short has another hash."""
    with FileIO(file) as opened:
        assert hashlib.sha256(b'{"n"').hexdigest() == hash_prefix(opened, 4)
        assert hashlib.sha256(b"").hexdigest() == hash_prefix(opened, 0)
        whole = hashlib.sha256(file.read_bytes()).hexdigest()
        assert whole == hash_prefix(opened, 12) == hash_prefix(opened, 13)


def test_an_old_file_is_not_read_again(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Equal ``stat`` is enough where the first observation was not of a young file."""
    monkeypatch.setattr(observe, "YOUNG_NS", -(10**18))
    seen = observe_file(file)
    assert not seen.is_young
    mark = replace(seen, observation=replace(seen.observation, content_hash="mark"))
    assert mark == observe_again(file, mark)
    os.utime(file)
    assert (
        seen.observation.content_hash
        == observe_again(file, mark).observation.content_hash
    )


def test_a_young_file_is_read_again(file: Path) -> None:
    """A write within one tick of the clock leaves ``stat`` as it was."""
    seen = observe_file(file)
    assert seen.is_young
    mark = replace(seen, observation=replace(seen.observation, content_hash="mark"))
    assert seen == observe_again(file, mark)


def test_a_file_that_goes_away_is_seen(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it was young or not."""
    young = observe_file(file)
    monkeypatch.setattr(observe, "YOUNG_NS", -(10**18))
    old = observe_file(file)
    file.unlink()
    for seen in (young, old):
        assert not observe_again(file, seen).observation.exists


def test_a_file_that_comes_back_is_read(file: Path) -> None:
    """An observation of a missing file proves nothing."""
    missing = observe_file(file.with_name("b"))
    file.rename(file.with_name("b"))
    assert observe_again(file.with_name("b"), missing).observation.content_hash


def test_a_folder_is_seen_as_one(tmp_path: Path) -> None:
    """Names and bytes of everything below change the hash."""
    root = tmp_path / "root"
    (root / "in").mkdir(parents=True)
    (root / "in" / "a").write_bytes(b"12")
    (root / "b").write_bytes(b"3")
    first = observe_folder(root).observation
    assert first == observe_folder(root).observation
    assert 3 == first.size
    hashes = {first.content_hash}
    (root / "b").rename(root / "c")
    hashes.add(observe_folder(root).observation.content_hash)
    (root / "c").write_bytes(b"4")
    hashes.add(observe_folder(root).observation.content_hash)
    assert 3 == len(hashes)


def test_a_database_moves_with_its_wal(tmp_path: Path) -> None:
    """What was committed may still lie beside it; an empty one is a reader's."""
    db = tmp_path / "a.db"
    db.write_bytes(b"x" * 10)
    first = observe_database(db)
    wal = tmp_path / "a.db-wal"
    wal.touch()
    os.utime(wal, ns=(2**61, 2**61))
    assert first == observe_database(db)
    wal.write_bytes(b"xx")
    assert 12 == observe_database(db).size

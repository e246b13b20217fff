"""What items hand to the one function that may write goldens."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_parsediff.golden.stage import (
    Selected,
    Staged,
    StageFile,
    digest,
    read_stage,
)


def staged(node_id: str = "a", **changes: object) -> Staged:
    """Return a projection of *node_id*."""
    one = Staged(
        node_id=node_id, golden="/x/expected.jsonl", fence=None, content=b"{}\n"
    )
    return msgspec.structs.replace(one, **changes)


def test_digest() -> None:
    """The fence is SHA-256 in hexadecimal."""
    assert hashlib.sha256(b"x").hexdigest() == digest(b"x")


@pytest.mark.parametrize(
    "one",
    [
        staged(),
        staged(content=b""),
        staged(content=bytes(range(256)) * 2),
        staged("a [b] é\n::x", golden="/é [x]/\n.jsonl", fence="ab", blocked="why\n"),
    ],
)
def test_what_is_staged_comes_back(tmp_path: Path, one: Staged) -> None:
    """Any bytes and any text survive."""
    StageFile(tmp_path / "stage").add(one)
    assert ({one.node_id: one}, []) == read_stage([tmp_path / "stage"])


@given(st.binary(), st.text(st.characters(exclude_categories=["Cs"])))
def test_any_content_is_one_line(content: bytes, text: str) -> None:
    """No byte of a projection can end a record."""
    record = msgspec.json.encode(staged(text, content=content, blocked=text))
    assert b"\n" not in record


def test_files_of_several_processes(tmp_path: Path) -> None:
    """All are read; selected items keep their order and are named once."""
    first, second = StageFile(tmp_path / "1"), StageFile(tmp_path / "2")
    first.add(Selected(node_ids=["b", "a"]))
    second.add(Selected(node_ids=["a", "c", "b"]))
    second.add(staged("c"))
    first.add(staged("a"))
    found, selected = read_stage([tmp_path / "1", tmp_path / "2"])
    assert {"a": staged("a"), "c": staged("c")} == found
    assert ["b", "a", "c"] == selected


def test_nothing_staged(tmp_path: Path) -> None:
    """No file, or an empty one, stages nothing."""
    (tmp_path / "empty").touch()
    assert ({}, []) == read_stage([])
    assert ({}, []) == read_stage([tmp_path / "empty"])


def test_the_last_projection_of_an_item_counts(tmp_path: Path) -> None:
    """An item that ran twice is decided on by what it saw last."""
    file = StageFile(tmp_path / "stage")
    file.add(staged(content=b"1"))
    file.add(staged(content=b"2"))
    assert b"2" == read_stage([tmp_path / "stage"])[0]["a"].content


def test_a_torn_record_is_no_record(tmp_path: Path) -> None:
    """A process that died while it wrote has staged all but its last record."""
    path = tmp_path / "stage"
    file = StageFile(path)
    file.add(Selected(node_ids=["a", "b"]))
    file.add(staged("a"))
    whole = path.stat().st_size
    file.add(staged("b"))
    for size in range(whole, path.stat().st_size):
        os.truncate(path, size)
        assert ({"a": staged("a")}, ["a", "b"]) == read_stage([path])
        path.unlink()
        file.add(Selected(node_ids=["a", "b"]))
        file.add(staged("a"))
        file.add(staged("b"))


def test_what_is_staged_is_on_disk(tmp_path: Path) -> None:
    """A record is there for other processes when add returns."""
    path = tmp_path / "stage"
    StageFile(path).add(staged())
    assert path.read_bytes().endswith(b"\n")


def test_a_file_that_is_no_stage_file(tmp_path: Path) -> None:
    """Foreign content is an error, not an empty stage."""
    (tmp_path / "stage").write_bytes(b'{"kind":"other","body":{}}\n')
    with pytest.raises(msgspec.ValidationError, match="Invalid enum value 'other'"):
        read_stage([tmp_path / "stage"])

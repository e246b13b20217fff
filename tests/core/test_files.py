"""Reading whole files."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_parsediff.core.files import read_file


@pytest.mark.parametrize("size", [0, 1, 9, 10, 11, 12, 100])
def test_every_byte_is_read(tmp_path: Path, size: int) -> None:
    """However the expected size and the real one relate."""
    path = tmp_path / "x"
    path.write_bytes(bytes(range(size)))
    assert bytes(range(size)) == read_file(path, 10) == read_file(str(path))


@pytest.mark.parametrize("name", ["missing", "."])
def test_what_cannot_be_read(tmp_path: Path, name: str) -> None:
    """A folder is no empty file."""
    with pytest.raises(OSError, match=r"No such file|directory|denied"):
        read_file(tmp_path / name)

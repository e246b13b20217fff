"""Where archives are made: in memory if there is such a folder, because syncs are slow."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_MEMORY = Path("/dev/shm")


@pytest.fixture
def path() -> Iterator[Path]:
    """Return where the archive is, in a folder of its own."""
    place = _MEMORY if _MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=place) as folder:
        yield Path(folder) / "archive.db"

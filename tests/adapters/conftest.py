"""A source and a context for adapters under test."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_parsediff.core.event import Context, Source


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """Return a source whose file exists and is empty."""
    root = tmp_path / "root"
    root.mkdir()
    (root / "store.db").touch()
    return Source(root / "store.db", root)


@pytest.fixture
def context(tmp_path: Path) -> Context:
    """Return a context with folders of its own."""
    for name in ("state", "home"):
        (tmp_path / name).mkdir()
    return Context(time.monotonic, tmp_path / "state", tmp_path / "home")


@pytest.fixture
def search(tmp_path: Path) -> Iterator[Path]:
    """Return a folder for modules; what is imported from it is forgotten later."""
    folder = tmp_path / "modules"
    folder.mkdir()
    path, modules = sys.path.copy(), set(sys.modules)
    yield folder
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]

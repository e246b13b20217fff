"""The public names, and what a type checker knows of them. Checked by mypy, never run.

Each is held to its type, because one that is gone would be taken for anything. Those of
the interfaces are in check_adapters.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, assert_type

from syrupy.extensions.single_file import SingleFileSnapshotExtension

import pytest_parsediff
from pytest_parsediff import (
    Checkpoint,
    Context,
    Event,
    JSONLExtension,
    Notice,
    ParsediffError,
    ScenarioJSONLExtension,
    Source,
)

assert_type(pytest_parsediff.__all__, list[str])


def values(event: Event, error: ParsediffError) -> None:
    """Fields have types, and events are dictionaries."""
    assert_type(event, dict[str, Any])
    assert_type(Checkpoint("cursor").cursor, str)
    notice = Notice(code="a", message="b", where="c")
    assert_type((notice.code, notice.message, notice.where), tuple[str, str, str])
    source = Source(Path("/r/s"), root=Path("/r"))
    assert_type((source.path, source.root), tuple[Path, Path])
    context = Context(clock=float, state_dir=Path("/s"), tmp=Path("/t"))
    assert_type(context.clock(), float)
    assert_type((context.state_dir, context.tmp), tuple[Path, Path])
    assert_type((error.code, error.hint, error.message), tuple[str, str, str])


def values_cannot_be_changed(source: Source, checkpoint: Checkpoint) -> None:
    """What was handed out stays as it was."""
    source.path = Path("/x")  # type: ignore[misc]
    checkpoint.cursor = "x"  # type: ignore[misc]


def extensions(scenario: ScenarioJSONLExtension, test: JSONLExtension) -> None:
    """They are extensions of syrupy, for `snapshot.use_extension()`."""
    base: list[SingleFileSnapshotExtension] = [scenario, test]
    assert_type(base[0], SingleFileSnapshotExtension)

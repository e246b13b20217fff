"""Scenario folders for conformance runs: shipped ones, generated ones, and the caller's."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from pytest_parsediff.core.errors import NoScenariosError
from pytest_parsediff.core.scenario import (
    Defaults,
    DefaultsReader,
    Scenario,
    look,
    read_scenario,
    walk,
)

_TOML = """\
[[writer]]
script = "writers/writer.sql"
"""


def write_scenario(folder: Path, sql: str, writer: str) -> Scenario:
    """Write a scenario folder and return what it says.

    Args:
        folder: Made if it is not there; its name becomes the id.
        sql: The ``fixture.sql``.
        writer: The script of the one writer.
    """
    (folder / "writers").mkdir(parents=True, exist_ok=True)
    (folder / "fixture.sql").write_text(sql, "utf-8")
    (folder / "writers" / "writer.sql").write_text(writer, "utf-8")
    (folder / "scenario.toml").write_text(_TOML, "utf-8")
    return read_scenario(look(folder), folder.parent, Defaults())


def find_scenarios(
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
) -> Iterator[Scenario]:
    """Yield the scenarios that *paths* are, or hold.

    Raises:
        NoScenariosError: PD110, a path holds none.
        ParsediffError: PD1xx, a scenario cannot be read.
    """
    listed = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    for path in map(Path, listed):
        resolved = path.resolve()
        folders = list(walk(resolved)) if resolved.is_dir() else []
        if not folders:
            raise NoScenariosError(f"no scenario is in {str(path)!r}")
        is_one = folders[0].path == resolved
        root = resolved.parent if is_one else resolved
        reader = DefaultsReader(root, Defaults())
        for folder in folders:
            yield read_scenario(folder, root, reader.for_folder(folder.path.parent))

"""Modification times by glob, and globs that would give none."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path

from pytest_parsediff.core.config import ScenarioConfig
from pytest_parsediff.core.errors import BadValueError, Where
from pytest_parsediff.core.toml import check_table, line_of_key, parse_toml, read_text

_HINT = "Correct the glob; it must match the whole path of a file below the store root."
#: Looking for the nearest of more paths would take seconds.
_MOST_COMPARED = 1000


def refuse_idle_globs(file: Path, globs: Iterable[str], paths: Sequence[str]) -> None:
    """Refuse globs that match none of *paths*, if *file* itself has them.

    Those of the folders above are for all scenarios there, so that they need not match
    in each one.

    Args:
        file: The scenario's ``scenario.toml``, which need not exist.
        globs: Keys of ``mtime`` that match nothing.
        paths: All files of the store, relative to its root, with ``/``.

    Raises:
        BadValueError: PD103, with the nearest path.
    """
    if not file.is_file():
        return
    text = read_text(file)
    own = check_table(parse_toml(file, text), ScenarioConfig, file, text).mtime or {}
    for glob in globs:
        if glob in own:
            message = f"mtime: {glob!r} matches no file; {_nearest(glob, paths)}"
            where = Where(file, line_of_key(text, "mtime", glob))
            raise BadValueError(message, where, _HINT)


def _nearest(glob: str, paths: Sequence[str]) -> str:
    found = difflib.get_close_matches(glob, paths[:_MOST_COMPARED], n=1, cutoff=0)
    return f"the nearest path is {found[0]!r}" if found else "the store has no files"

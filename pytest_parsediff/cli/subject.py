"""From the command line to an adapter and the files that it is given."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

from pytest_parsediff.adapters.limits import Limits
from pytest_parsediff.adapters.resolve import Configured
from pytest_parsediff.core.config import AdapterConfig, DefaultsConfig
from pytest_parsediff.core.errors import OptionError, SourceError, Where
from pytest_parsediff.core.event import Source
from pytest_parsediff.core.rules import Rules
from pytest_parsediff.core.scenario import DEFAULTS_TOML
from pytest_parsediff.core.toml import check_table, parse_toml, read_text, read_toml
from pytest_parsediff.live.settings import LiveSettings
from pytest_parsediff.live.sources import LiveAdapter, find_sources

#: Real stores are larger than scenarios, and nothing of them is held in memory.
_TIMEOUT_S = 3600.0
_PATH = "Give the path of a file or a folder."


@dataclass(frozen=True, slots=True)
class Subject:
    """What a verb works on.

    Attributes:
        adapter: Resolved and compiled.
        sources: One, or one per file of a folder if the adapter says so (``files``).
    """

    adapter: LiveAdapter
    sources: tuple[Source, ...]

    @property
    def rules(self) -> Rules:
        """How events become lines: as in a golden, but in the adapter's order."""
        return replace(self.adapter.rules, ordered=True, sort=())

    @property
    def limits(self) -> Limits:
        """Those of the adapter's table, else an hour and no bound on the output."""
        config = self.adapter.resolved.config
        return Limits(config.timeout_s or _TIMEOUT_S, config.max_output_mb or math.inf)

    @property
    def source(self) -> Source:
        """The only source.

        Raises:
            OptionError: PD116, there are several, or none.
        """
        if len(self.sources) == 1:
            return self.sources[0]
        found = len(self.sources)
        message = f"a cursor belongs to one source, this folder holds {found}"
        raise OptionError(message, None, "Give the path of one file.")


def find_subject(name: str, path: str, config: Path | None) -> Subject:
    """Return the adapter called *name* and what it reads at *path*.

    Args:
        name: Configured, built in, an entry point, or ``module:callable``.
        path: File or folder; ``~`` is the home folder.
        config: ``parsediff.toml`` or ``pyproject.toml``; ``None`` for the first of the
            two in the working directory that there is.

    Raises:
        OptionError: PD116. UnknownAdapterError: PD112. SourceError: PD505.
        ParsediffError: PD101 to PD104, the configuration cannot be used; others of the
            adapter's own.
    """
    if not path:
        raise OptionError(
            "expected the path of a store, got an empty text", None, _PATH
        )
    here = _working_folder()
    configured = _read_config(config or _default_config(here))
    settings = LiveSettings(
        sources=(f"{name}={path}",), configured=configured, folder=here
    )
    try:
        found = find_sources(settings)
    except SourceError as error:  # its hint is for a flag of pytest's
        hint = "Correct the path, or its permissions."
        raise SourceError(error.message, error.where, hint) from error
    (adapter,) = found.adapters.values()
    return Subject(adapter, tuple(ref.source for ref in found.refs))


def _working_folder() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        hint = "Change to a folder that is there."
        raise OptionError("the working directory is gone", None, hint) from error


def _default_config(folder: Path) -> Path | None:
    names = (DEFAULTS_TOML, "pyproject.toml")
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _read_config(path: Path | None) -> Configured:
    if path is None:
        return {}
    path = path.absolute()
    if not path.is_file():
        raise OptionError("--config: there is no such file", Where(path))
    tables = _read_tables(path).adapters or {}
    configured: dict[str, tuple[AdapterConfig, Path]] = {}
    for name, table in tables.items():
        configured[name] = (table, path.parent)
    return configured


def _read_tables(path: Path) -> DefaultsConfig:
    """Return the tables of a ``parsediff.toml``, or of ``[tool.parsediff]``."""
    if path.name != "pyproject.toml":
        return read_toml(path, DefaultsConfig)
    text = read_text(path)
    table = parse_toml(path, text).get("tool", {}).get("parsediff", {})
    return check_table(table, DefaultsConfig, path, text)

"""What configuration files and plugins say about live runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pytest_parsediff.adapters.resolve import Configured
from pytest_parsediff.core.config import (
    AdapterConfig,
    DefaultsConfig,
    StoredConfig,
)
from pytest_parsediff.core.errors import OptionError
from pytest_parsediff.core.scenario import DEFAULTS_TOML
from pytest_parsediff.core.toml import check_table, parse_toml, read_text, read_toml
from pytest_parsediff.diff.declared import expectation_of
from pytest_parsediff.diff.expectation import Expectation, narrow
from pytest_parsediff.diff.sample import parse_sample
from pytest_parsediff.live.settings import LiveSettings
from pytest_parsediff.live_engine import Side
from pytest_parsediff.live_options import LiveOptions
from pytest_parsediff.options import read_settings


@dataclass(frozen=True, slots=True)
class LiveConfig:
    """The tables that concern a live run, from all files together.

    Attributes:
        rootpath: pytest's root folder.
        configured: Adapters by name, each with the folder of its file.
        registered: Adapters that plugins registered, by name.
        tables: ``[stored.<name>]`` by name, each with the folder of its file.
        expectations: What is declared of sessions.
    """

    rootpath: Path
    configured: Configured = field(default_factory=dict)
    registered: Mapping[str, object] = field(default_factory=dict)
    tables: Mapping[str, tuple[StoredConfig, Path]] = field(default_factory=dict)
    expectations: Sequence[Expectation] = ()

    @classmethod
    def read(cls, config: pytest.Config) -> LiveConfig:
        """Read ``[tool.parsediff]`` and every ``parsediff.toml`` that concerns all.

        Those are the ones in the scenario roots and in pytest's root folder; where
        two of them name the same thing, the latter counts.

        Raises:
            ParsediffError: PD101 to PD104, a file cannot be used.
        """
        configured: dict[str, tuple[AdapterConfig, Path]] = {}
        stored: dict[str, tuple[StoredConfig, Path]] = {}
        expectations: list[Expectation] = []
        for path, tables in _files(config):
            configured |= {
                name: (table, path.parent)
                for name, table in (tables.adapters or {}).items()
            }
            stored |= {
                name: (queries, path.parent)
                for name, queries in (tables.stored or {}).items()
            }
            expectations += [
                expectation_of(path, session, table)
                for session, table in (tables.sessions or {}).items()
            ]
        registered: dict[str, object] = {}
        for found in config.hook.pytest_parsediff_adapters(config=config):
            registered |= {**found, **registered}
        return cls(config.rootpath, configured, registered, stored, expectations)

    def settings(self, options: LiveOptions) -> LiveSettings:
        """Return what the engine is told."""
        return LiveSettings(
            sources=tuple(f"{name}={path}" for name, path in options.sources),
            configured=self.configured,
            registered=self.registered,
            folder=self.rootpath,
            sessions=options.sessions,
            limit=options.limit,
            sample=parse_sample(options.sample) if options.sample else None,
            seed=options.seed,
            raced_retries=options.gate.raced_retries,
            show_bodies=options.show_bodies,
        )

    def side(self, options: LiveOptions) -> Side:
        """Return where the stored side is.

        Raises:
            OptionError: PD116, there is no table of that name.
        """
        if options.archive is not None:
            return options.archive
        if options.stored in self.tables:
            return self.tables[options.stored]
        known = ", ".join(sorted(self.tables)) or "none"
        message = f"there is no [stored.{options.stored}]; known are {known}"
        raise OptionError(f"--parsediff-stored: {message}")

    def declared(self, adapter: str, session: str) -> list[Expectation]:
        """Return what files declare of one session."""
        return narrow(self.expectations, adapter, session)


def _files(config: pytest.Config) -> list[tuple[Path, DefaultsConfig]]:
    """Return each file that is there, checked; the ones that count more come later."""
    found = []
    pyproject = config.rootpath / "pyproject.toml"
    if pyproject.is_file():
        text = read_text(pyproject)
        table = parse_toml(pyproject, text).get("tool", {}).get("parsediff")
        if table is not None:
            checked = check_table(table, DefaultsConfig, pyproject, text)
            found.append((pyproject, checked))
    folders = dict.fromkeys([*read_settings(config).roots, config.rootpath])
    for folder in folders:
        path = folder / DEFAULTS_TOML
        if path.is_file():
            found.append((path, read_toml(path, DefaultsConfig)))
    return found

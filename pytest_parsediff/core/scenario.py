"""Find scenarios, and read what each one says.

A folder with ``fixture.sql``, or with ``scenario.toml`` and ``files/``, is a scenario.
Any other folder is a group, down to any depth. Nothing that looks like a scenario is
skipped without a word: it becomes a typed error.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
from msgspec import UNSET

from pytest_parsediff.core.config import (
    AdapterConfig,
    DefaultsConfig,
    ScenarioConfig,
    StoredConfig,
    StressConfig,
)
from pytest_parsediff.core.errors import (
    NestedScenarioError,
    OrphanGoldenError,
    OutsideFolderError,
    ParsediffError,
    ScenarioNameError,
    StoreMissingError,
    TwoStoresError,
    Where,
)
from pytest_parsediff.core.toml import read_toml

FIXTURE = "fixture.sql"
FILES = "files"
SCENARIO_TOML = "scenario.toml"
DEFAULTS_TOML = "parsediff.toml"
GOLDEN = "expected.jsonl"
#: Golden of the verdicts of a parse-diff.
VERDICTS = "expected.verdicts.jsonl"

_NAME = re.compile(r"[A-Za-z0-9_.-]+")
#: Folders of a scenario whose content belongs to it and is never searched.
_OWN_FOLDERS = frozenset({FILES, "writers"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """What one look at a folder shows.

    Attributes:
        path: The folder.
        anchor: File that stands for the scenario in a node id; ``None`` for a group.
        groups: Names of the folders to search, sorted; empty for a scenario.
        has_conftest: Whether pytest must see this folder as a node of its own.
        has_toml: Whether there is a ``scenario.toml``.
        problem: Why the folder cannot be a scenario, when it looks like one.
    """

    path: Path
    anchor: Path | None
    groups: tuple[str, ...] = ()
    has_conftest: bool = False
    has_toml: bool = False
    problem: ParsediffError | None = None


def look(path: Path) -> Folder:
    """Return what *path* is; one directory scan, two where a scenario has folders."""
    files: set[str] = set()
    folders: list[str] = []
    with os.scandir(path) as entries:
        for entry in entries:
            if _is_folder(entry):
                folders.append(entry.name)
            else:
                files.add(entry.name)
    anchor, problem = _anchor(path, files, folders)
    if anchor is None:
        groups = tuple(sorted(name for name in folders if not _is_hidden(name)))
    else:
        groups = ()
        problem = problem or _check_name(path) or _find_nested(path, folders)
    return Folder(
        path=path,
        anchor=anchor,
        groups=groups,
        has_conftest="conftest.py" in files,
        has_toml=SCENARIO_TOML in files,
        problem=problem,
    )


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Return whether *entry* is a folder; a link to a folder around itself is none.

    Walking into such a link would never end.
    """
    try:
        if not entry.is_dir():
            return False
    except OSError:  # a link to itself
        return False
    if not entry.is_symlink():
        return True
    path = Path(entry.path)
    return not path.parent.resolve().is_relative_to(path.resolve())


def _anchor(
    path: Path, files: set[str], folders: list[str]
) -> tuple[Path | None, ParsediffError | None]:
    if FIXTURE in files:
        if FILES not in folders:
            return path / FIXTURE, None
        message = f"expected one store, got both {FIXTURE} and {FILES}/"
        return path / FIXTURE, TwoStoresError(message, Where(path))
    if SCENARIO_TOML in files:
        if FILES in folders:
            return path / SCENARIO_TOML, None
        message = f"expected {FIXTURE} or {FILES}/ beside {SCENARIO_TOML}"
        return path / SCENARIO_TOML, StoreMissingError(message, Where(path))
    goldens = sorted(name for name in files if is_golden_name(name))
    if goldens:
        message = "expected a store beside the golden, got none"
        where = Where(path / goldens[0])
        return path / goldens[0], OrphanGoldenError(message, where)
    return None, None


def is_golden_name(name: str) -> bool:
    """Return whether *name* is that of a golden: ``expected*.jsonl``."""
    return name.startswith("expected") and name.endswith(".jsonl")


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name == "__pycache__"


def _check_name(path: Path) -> ParsediffError | None:
    if _NAME.fullmatch(path.name):
        return None
    message = f"expected a name of letters, digits, '_', '.' and '-', got {path.name!r}"
    return ScenarioNameError(message, Where(path))


def _find_nested(path: Path, folders: list[str]) -> ParsediffError | None:
    for name in sorted(folders):
        if name in _OWN_FOLDERS or _is_hidden(name):
            continue
        for inner, _, files in os.walk(path / name):
            if FIXTURE in files or SCENARIO_TOML in files:
                message = f"{inner} lies inside the scenario {path}"
                return NestedScenarioError(message, Where(inner))
    return None


def walk(root: Path) -> Iterator[Folder]:
    """Yield every scenario and every problem below *root*, sorted by path."""
    folder = look(root)
    if folder.anchor is not None:
        yield folder
    for name in folder.groups:
        yield from walk(root / name)


# --- defaults -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for all scenarios below a folder.

    Attributes:
        config: The merged scenario keys.
        adapters: Configured adapters, each with the folder of its file.
        stored: Queries for stored sessions, each with the folder of its file.
    """

    config: ScenarioConfig = field(default_factory=ScenarioConfig)
    adapters: Mapping[str, tuple[AdapterConfig, Path]] = field(default_factory=dict)
    stored: Mapping[str, tuple[StoredConfig, Path]] = field(default_factory=dict)

    def refined(self, inner: DefaultsConfig, folder: Path) -> Defaults:
        """Return these defaults overlaid with those of a file in *folder*."""
        configured = {
            name: (adapter, folder) for name, adapter in (inner.adapters or {}).items()
        }
        stored = {
            name: (queries, folder) for name, queries in (inner.stored or {}).items()
        }
        return Defaults(
            # what is declared of live sessions says nothing of those in scenarios
            merge(self.config, msgspec.structs.replace(inner, sessions=UNSET)),
            {**self.adapters, **configured},
            {**self.stored, **stored},
        )


def merge(outer: ScenarioConfig, inner: ScenarioConfig) -> ScenarioConfig:
    """Return *outer* with every key that *inner* sets.

    Tables are merged key by key: ``env`` and ``stress``.
    """
    given = {
        name: value
        for name in ScenarioConfig.__struct_fields__
        if (value := getattr(inner, name)) is not UNSET
    }
    if not given:
        return outer
    if inner.env is not UNSET and outer.env is not UNSET:
        given["env"] = {**outer.env, **inner.env}
    if inner.stress is not UNSET and outer.stress is not UNSET:
        given["stress"] = msgspec.structs.replace(
            outer.stress,
            **{
                name: value
                for name in StressConfig.__struct_fields__
                if (value := getattr(inner.stress, name)) is not UNSET
            },
        )
    return msgspec.structs.replace(outer, **given)


class DefaultsReader:
    """Reads each ``parsediff.toml`` once, from the scenario root down."""

    def __init__(self, root: Path, base: Defaults) -> None:
        self._root = root
        self._base = base
        self._known: dict[Path, Defaults] = {}

    def for_folder(self, folder: Path) -> Defaults:
        """Return the defaults of scenarios directly below *folder*.

        Raises:
            ParsediffError: PD101 to PD104, a file cannot be used.
        """
        known = self._known.get(folder)
        if known is None:
            known = self._known[folder] = self._read(folder)
        return known

    def _read(self, folder: Path) -> Defaults:
        inside = folder != self._root and self._root in folder.parents
        outer = self.for_folder(folder.parent) if inside else self._base
        file = folder / DEFAULTS_TOML
        if not file.is_file():
            return outer
        return outer.refined(read_toml(file, DefaultsConfig), folder)


# --- one scenario ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A scenario as it will run.

    Attributes:
        id: Path below the scenario root, with ``/``.
        folder: The scenario's folder.
        anchor: ``fixture.sql``, or ``scenario.toml`` of a file scenario.
        config: Its keys over the defaults of the folders above.
        adapters: Configured adapters, each with the folder of its file.
    """

    id: str
    folder: Path
    anchor: Path
    config: ScenarioConfig
    adapters: Mapping[str, tuple[AdapterConfig, Path]]

    @property
    def name(self) -> str:
        """The last component of the id, which names the test item."""
        return self.folder.name

    @property
    def golden(self) -> Path:
        """Where the golden is, or will be."""
        return self.folder / GOLDEN

    @property
    def is_sql(self) -> bool:
        """Whether the store is built from ``fixture.sql``."""
        return self.anchor.name == FIXTURE

    @property
    def source(self) -> str:
        """Path below the store root that is handed to the adapter; may be empty."""
        if self.config.source is not UNSET:
            return self.config.source
        return "store.db" if self.is_sql else ""

    def with_adapter(self, name: str) -> Scenario:
        """Return this scenario read by another adapter."""
        return replace(self, config=msgspec.structs.replace(self.config, adapter=name))


def read_scenario(folder: Folder, root: Path, defaults: Defaults) -> Scenario:
    """Return the scenario in *folder*.

    Args:
        folder: From :func:`look`.
        root: The scenario root; the id is the path below it.
        defaults: Those of the folders above.

    Raises:
        ParsediffError: The folder's own problem; PD101 to PD104, ``scenario.toml``
            cannot be used; PD111, ``source`` leaves the store root.
    """
    if folder.problem is not None:
        raise folder.problem
    assert folder.anchor is not None, "only scenarios are read"
    config = defaults.config
    if folder.has_toml:
        toml = folder.path / SCENARIO_TOML
        config = merge(config, read_toml(toml, ScenarioConfig))
    scenario = Scenario(
        id=scenario_id(folder.path, root),
        folder=folder.path,
        anchor=folder.anchor,
        config=config,
        adapters=defaults.adapters,
    )
    if config.source is not UNSET:
        check_inside(config.source, "source", folder.path / SCENARIO_TOML)
    return scenario


def scenario_id(folder: Path, root: Path) -> str:
    """Return the id: the path of *folder* below *root*, with ``/``."""
    if folder == root:
        return folder.name
    below = str(folder)[len(str(root)) :]  # relative_to() takes ten times as long
    return below.replace(os.sep, "/").lstrip("/")


def check_inside(path: str, key: str, file: Path) -> None:
    """Refuse a configured path that leaves the folder it is relative to.

    Raises:
        OutsideFolderError: PD111.
    """
    parts = re.split(r"[/\\]", path)
    if (
        ".." in parts
        or "\0" in path
        or Path(path).is_absolute()
        or re.match(r"[A-Za-z]:", path)
    ):
        message = f"{key}: expected a path below the store root, got {path!r}"
        raise OutsideFolderError(message, Where(file))

"""Put a scenario's store on a desk: build or copy, place, date."""

from __future__ import annotations

import os
import shutil
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypeAlias

from msgspec import UNSET

from pytest_parsediff.core.config import Journal, ScenarioConfig
from pytest_parsediff.core.errors import (
    BadValueError,
    JournalConflictError,
    OutsideFolderError,
    StoreFilesError,
    StoreStateError,
    Where,
)
from pytest_parsediff.core.event import Source
from pytest_parsediff.core.files import read_file
from pytest_parsediff.core.mtimes import refuse_idle_globs
from pytest_parsediff.core.proof import Content
from pytest_parsediff.core.scenario import FILES, SCENARIO_TOML, Scenario
from pytest_parsediff.core.states import (
    NEEDS_WAL,
    Writer,
    check_state,
    enter_state,
)
from pytest_parsediff.core.store import BuildLimits, Image, build_image, clone

_CACHE_BYTES = 256 * 2**20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
#: All that a database depends on: the script, the journal mode, the limits.
_ImageKey: TypeAlias = tuple[bytes, Journal | None, BuildLimits]


@dataclass(frozen=True, slots=True)
class Placed:
    """A store that is ready to be read.

    Attributes:
        source: What the adapter is handed.
        contents: What was just written, by path below the store root.
        writer: Process that keeps the store live or locked, if any.
    """

    source: Source
    contents: Mapping[str, Content]
    writer: Writer | None = None

    @property
    def known(self) -> dict[str, bytes]:
        """Digests of these contents, by the same paths."""
        return {name: content.digest for name, content in self.contents.items()}

    def close(self) -> None:
        """End the writer process, if there is one."""
        if self.writer is not None:
            self.writer.kill()


class StorePlacer:
    """Places stores; databases with equal input are built once per process."""

    def __init__(self) -> None:
        self._images: OrderedDict[_ImageKey, Image] = OrderedDict()
        self._held_bytes = 0

    def place(self, scenario: Scenario, root: Path) -> Placed:
        """Put the store of *scenario* below *root*, an empty folder.

        Raises:
            ParsediffError: PD2xx, the store cannot be built; PD103 and PD111, the
                configuration does not fit.
            Unavailable: The state cannot be produced on this machine.
        """
        if scenario.is_sql:
            placed = self._place_database(scenario, root)
        else:
            placed = _place_files(scenario, root)
        if scenario.config.mtime is not UNSET:
            try:
                toml = scenario.folder / SCENARIO_TOML
                _set_mtimes(root, scenario.config.mtime, toml)
            except BaseException:
                placed.close()  # nobody else knows of its writer
                raise
        return placed

    def _place_database(self, scenario: Scenario, root: Path) -> Placed:
        name = scenario.source
        if name.strip("./") == "":
            message = f"source: expected the name of a database file, got {name!r}"
            raise BadValueError(message, Where(scenario.folder / SCENARIO_TOML))
        image = self._image(scenario)
        path = root / name
        source = Source(path, root)
        state = scenario.config.state or "clean-exit"
        if state != "clean-exit":
            check_state(state, image.journal, scenario.anchor)
        try:
            if "/" in name or os.sep in name:
                path.parent.mkdir(parents=True, exist_ok=True)
            if state == "clean-exit":
                clone(image, path)
                return Placed(source, {name: Content(image.main, image.digest)})
            writer = enter_state(state, path, image.main, image.journal)
        except OSError as error:  # a name that is too long, a full disk
            raise StoreFilesError(f"{error.strerror}", Where(path)) from error
        return Placed(source, {}, writer)

    def _image(self, scenario: Scenario) -> Image:
        try:
            script = read_file(scenario.anchor)
        except OSError as error:
            where = Where(scenario.anchor)
            raise StoreFilesError(f"{error.strerror}", where) from error
        config = scenario.config
        limits = _limits(config)
        journal: Journal | None = config.journal or None
        if config.state in NEEDS_WAL and journal is None:
            journal = "wal"
        key = (script, journal, limits)
        image = self._images.get(key)
        if image is None:
            try:
                image = build_image(
                    script, scenario.anchor, journal=journal, limits=limits
                )
            except JournalConflictError as error:
                if config.journal is not UNSET:
                    raise
                message = f'state = {config.state!r} needs journal = "wal", but the script sets another'
                raise StoreStateError(message, Where(scenario.anchor)) from error
            self._remember(key, image)
        else:
            self._images.move_to_end(key)
        return image

    def _remember(self, key: _ImageKey, image: Image) -> None:
        self._images[key] = image
        self._held_bytes += len(image.main)
        while self._held_bytes > _CACHE_BYTES and len(self._images) > 1:
            _, oldest = self._images.popitem(last=False)
            self._held_bytes -= len(oldest.main)


_DEFAULT_LIMITS = BuildLimits()


def _limits(config: ScenarioConfig) -> BuildLimits:
    if config.max_value_mb is UNSET and config.build_timeout_s is UNSET:
        return _DEFAULT_LIMITS
    return BuildLimits(
        max_value_mb=config.max_value_mb or _DEFAULT_LIMITS.max_value_mb,
        timeout_s=config.build_timeout_s or _DEFAULT_LIMITS.timeout_s,
    )


# --- file stores ------------------------------------------------------------------------


def _place_files(scenario: Scenario, root: Path) -> Placed:
    files = scenario.folder / FILES
    for key in ("journal", "state"):
        if getattr(scenario.config, key) is not UNSET:
            message = f"{key}: expected only beside fixture.sql, got a files/ store"
            raise BadValueError(message, Where(scenario.folder / SCENARIO_TOML))
    _copy_tree(files, root, files.resolve())
    path = root / scenario.source if scenario.source else root
    if not path.exists():
        message = f"source: {scenario.source!r} is not below files/"
        raise BadValueError(message, Where(scenario.folder / SCENARIO_TOML))
    return Placed(Source(path, root), {})


def _copy_tree(folder: Path, target: Path, inside: Path) -> None:
    """Copy byte for byte; links stay links when they lead to somewhere *inside*."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        for entry in entries:
            path, copy = Path(entry.path), target / entry.name
            if entry.is_symlink():
                _copy_link(path, copy, inside)
            elif entry.is_dir():
                copy.mkdir()
                _copy_tree(path, copy, inside)
            elif entry.is_file():
                shutil.copyfile(path, copy)
            else:
                raise StoreFilesError("not a file, a folder or a link", Where(path))
    except OSError as error:
        where = Where(error.filename or folder)
        raise StoreFilesError(str(error.strerror), where) from error


def _copy_link(path: Path, copy: Path, inside: Path) -> None:
    leads_to = Path(os.readlink(path))
    resolved = Path(os.path.realpath(path))  # Path.resolve() gives up on a loop
    if leads_to.is_absolute() or not resolved.is_relative_to(inside):
        message = f"the link leads to {leads_to}, outside files/"
        raise OutsideFolderError(message, Where(path))
    copy.symlink_to(leads_to)


def _set_mtimes(root: Path, mtimes: Mapping[str, datetime], toml: Path) -> None:
    """Set modification times; of several globs that match, the last one wins.

    Raises:
        BadValueError: PD103, *toml* has a glob that matches nothing.
    """
    paths = []
    idle = dict.fromkeys(mtimes)
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder) / name
            relative = path.relative_to(root).as_posix()
            paths.append(relative)
            for glob, moment in mtimes.items():
                if glob == "**" or fnmatchcase(relative, glob):
                    idle.pop(glob, None)
                    moment_ns = (moment - _EPOCH) // _MICROSECOND * 1000
                    os.utime(path, ns=(moment_ns, moment_ns), follow_symlinks=False)
    if idle:
        refuse_idle_globs(toml, idle, sorted(paths))

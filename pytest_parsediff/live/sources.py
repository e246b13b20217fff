"""From ``NAME=PATH`` to the files that are handed to adapters."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pytest_parsediff.adapters.resolve import Resolved, resolve
from pytest_parsediff.core.errors import OptionError, SourceError, Where, clip
from pytest_parsediff.core.event import NO_SESSION, Event, Source
from pytest_parsediff.core.proof import is_held
from pytest_parsediff.core.rules import Rules, compile_rules
from pytest_parsediff.diff.comparison import Comparison, compile_comparison
from pytest_parsediff.diff.sameness import SourcePolicy
from pytest_parsediff.live.settings import LiveSettings

_MAGIC = b"SQLite format 3\0"
_JSONL = (".jsonl", ".ndjson")
_TEXTS = (*_JSONL, ".json", ".md", ".txt")
_SUFFIXES = (".db", ".sqlite", ".sqlite3")


class SourceKind(StrEnum):
    """What a source is made of, which says how it can be observed."""

    FILE = "file"
    FOLDER = "folder"
    DATABASE = "database"


@dataclass(frozen=True, slots=True)
class SourceRef:
    """One source: what is handed to an adapter at once.

    Attributes:
        adapter: Its name.
        root: Absolute path, links resolved, of what was given.
        path: The same of the source; below *root* or equal to it.
        name: Path below *root* with ``/``; the root's own name if it is the root.
    """

    adapter: str
    root: Path
    path: Path
    name: str

    @property
    def source(self) -> Source:
        """What the adapter is given."""
        return Source(self.path, self.root)

    @property
    def paths(self) -> dict[str, str]:
        """What stands for absolute paths in canonical lines."""
        folder = self.root if self.root.is_dir() else self.root.parent
        return {str(folder): "<STORE_DIR>", str(self.path): "<ROOT>"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveAdapter:
    """An adapter with everything compiled that is needed to compare its events.

    Attributes:
        name: What people type.
        resolved: The adapter and its table.
        rules: How events become lines.
        comparison: How lines are compared, and which session an event belongs to.
    """

    name: str
    resolved: Resolved
    rules: Rules
    comparison: Comparison

    def session_of(self, event: Event, ref: SourceRef) -> str:
        """Return the id of the session that *event* of *ref* belongs to."""
        if self.is_one_session_per_source:
            return ref.name
        return self.comparison.session_of(event) or NO_SESSION

    @property
    def is_one_session_per_source(self) -> bool:
        """Whether a source is a session, because nothing says otherwise."""
        return not self.comparison.session

    def policy_of(self, kind: SourceKind, ref: SourceRef) -> SourcePolicy:
        """Return what counts as a move of a source."""
        if kind is SourceKind.DATABASE:
            return SourcePolicy.ROW
        if moves := self.resolved.config.moves:
            return SourcePolicy(moves)
        return SourcePolicy.JSONL if ref.path.suffix in _JSONL else SourcePolicy.FILE


def resolve_adapter(name: str, settings: LiveSettings) -> LiveAdapter:
    """Return the adapter called *name*, compiled.

    Raises:
        ParsediffError: As :func:`~pytest_parsediff.adapters.resolve.resolve`.
        CanonicalRuleError: PD414.
    """
    resolved = resolve(
        name,
        configured=settings.configured,
        registered=settings.registered,
        folder=settings.folder,
    )
    rules = compile_rules(resolved.config)
    return LiveAdapter(
        name=name,
        resolved=resolved,
        rules=rules,
        comparison=compile_comparison(
            resolved.config, rules, show_bodies=settings.show_bodies
        ),
    )


@dataclass(frozen=True, slots=True)
class Sources:
    """What a run reads.

    Attributes:
        adapters: By name, in the order in which they were first named.
        refs: Each file once, in the order given, files of a folder by name.
    """

    adapters: dict[str, LiveAdapter]
    refs: tuple[SourceRef, ...]


def find_sources(settings: LiveSettings) -> Sources:
    """Return the adapters and sources that *settings* name.

    Raises:
        OptionError: PD116, a text is not ``NAME=PATH``.
        SourceError: PD505, a path is missing or cannot be read.
        UnknownAdapterError: PD112, with the nearest known name.
    """
    adapters: dict[str, LiveAdapter] = {}
    refs: dict[tuple[str, Path], SourceRef] = {}
    for text in settings.sources:
        name, path = parse_source(text, settings.folder)
        if name not in adapters:
            adapters[name] = resolve_adapter(name, settings)
        for ref in _expand(adapters[name], path):
            refs.setdefault((name, ref.path), ref)
    return Sources(adapters, tuple(refs.values()))


def parse_source(text: str, folder: Path) -> tuple[str, Path]:
    """Return name and absolute path of ``NAME=PATH``; ``~`` is the home folder.

    Raises:
        OptionError: PD116, it is something else.
    """
    name, equals, path = text.partition("=")
    name = name.strip()
    if not (name and equals and path):
        hint = "Write the name of the adapter, an equals sign, and a path."
        raise OptionError(f"expected NAME=PATH, got {clip(text)}", None, hint)
    return name, Path(os.path.realpath(folder / Path(path).expanduser()))


def _expand(adapter: LiveAdapter, root: Path) -> Iterator[SourceRef]:
    """Yield the sources below *root*."""
    _require_readable(root, adapter.name)
    pattern = adapter.resolved.config.files
    if not pattern or not root.is_dir():
        yield SourceRef(adapter.name, root, root, root.name)
        return
    for found in sorted(_files(root, pattern)):
        name = found.relative_to(root).as_posix()
        yield SourceRef(adapter.name, root, Path(os.path.realpath(found)), name)


def _files(root: Path, pattern: str) -> Iterable[Path]:
    return (path for path in root.glob(pattern) if path.is_file())


def _require_readable(path: Path, adapter: str) -> None:
    try:
        is_folder = path.is_dir()
        if is_folder:
            os.scandir(path).close()
        elif not stat.S_ISREG(path.stat().st_mode):
            raise SourceError(f"{adapter!r} cannot read what is no file", Where(path))
        elif not os.access(path, os.R_OK):
            raise SourceError(f"{adapter!r} may not read its source", Where(path))
    except OSError as error:
        message = f"source of {adapter!r} cannot be read: {error.strerror}"
        raise SourceError(message, Where(path)) from error


def kind_of(ref: SourceRef, *, has_evidence: bool) -> SourceKind:
    """Return what *ref* is made of; to be asked before any adapter runs.

    A database is never opened as a file later, because closing one drops the locks of
    whoever has it open in this process; so the one look at its first bytes is now.

    Args:
        ref: The source.
        has_evidence: Whether the adapter tells what belongs to each session.
    """
    if ref.path.is_dir():
        holds = any(_looks_like_one(path) for path in _all_files(ref.path))
        return SourceKind.DATABASE if has_evidence or holds else SourceKind.FOLDER
    if has_evidence or _looks_like_one(ref.path) or _has_magic(ref.path):
        return SourceKind.DATABASE
    return SourceKind.FILE


def _all_files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _looks_like_one(path: Path) -> bool:
    return path.suffix in _SUFFIXES or Path(f"{path}-wal").exists()


def _has_magic(path: Path) -> bool:
    """Return whether *path* begins like a database, or is open in this process.

    What is open here, and is no text by its name, is not opened to find out.
    """
    if path.suffix in _TEXTS:
        return False
    try:
        if is_held([path.stat()]):
            return True
        with path.open("rb", buffering=0) as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False

"""Rows of the inventory: sources, and the sessions of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_parsediff.diff.observation import Observation
from pytest_parsediff.live.cells import decode, encode
from pytest_parsediff.live.rundb import RunDatabase
from pytest_parsediff.live.sources import SourceKind, SourceRef


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """One source of the inventory.

    Attributes:
        no: Its number in this run, 1-based, in the order of the inventory.
        ref: The source.
        kind: What it is made of.
        has_evidence: Whether it tells what belongs to each session.
        data_version: Of its adapter; 0 if that says nothing.
        observed: What ``stat`` said of it when the inventory was taken.
    """

    no: int
    ref: SourceRef
    kind: SourceKind
    has_evidence: bool = False
    data_version: int = 0
    observed: Observation = field(default_factory=Observation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One session of the inventory.

    Attributes:
        adapter: Who parses it.
        session: Its id.
        is_stored: Whether the stored side has it, trashed or not.
        is_found: Whether it was found in a source before anything was compared.
        is_selected: Whether it is examined; else a limit or a sample left it out.
        source: Number of its source in this run; ``None`` if no source is known.
        source_name: Name of that source, else the one that the stored row names.
        other_source: Number of another source that has it too; ``None`` without one.
        revision: Of the stored row when the inventory was taken; 0 without one.
    """

    adapter: str
    session: str
    is_stored: bool = False
    is_found: bool = False
    is_selected: bool = True
    source: int | None = None
    source_name: str = ""
    other_source: int | None = None
    revision: int = 0


def add_sources(rundb: RunDatabase, rows: Iterable[SourceRow]) -> None:
    """Note the sources of the run."""
    with rundb.write():
        rundb.many(
            "INSERT INTO source VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    row.no,
                    row.ref.adapter,
                    str(row.ref.root),
                    str(row.ref.path),
                    row.ref.name,
                    row.kind.value,
                    row.has_evidence,
                    row.data_version,
                    encode(row.observed),
                )
                for row in rows
            ),
        )


def read_sources(rundb: RunDatabase) -> list[SourceRow]:
    """Return all sources by number."""
    return [_source(row) for row in rundb.fetch("SELECT * FROM source ORDER BY no")]


def read_source(rundb: RunDatabase, no: int) -> SourceRow:
    """Return the source with the number *no*."""
    (row,) = rundb.fetch("SELECT * FROM source WHERE no = ?", (no,))
    return _source(row)


def add_entries(rundb: RunDatabase, entries: Iterable[Entry]) -> None:
    """Note the sessions of the run, each once."""
    with rundb.write():
        rundb.many(
            "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    entry.adapter,
                    entry.session,
                    entry.is_stored,
                    entry.is_found,
                    entry.is_selected,
                    entry.source,
                    entry.source_name,
                    entry.other_source,
                    entry.revision,
                )
                for entry in entries
            ),
        )


def read_entries(rundb: RunDatabase, *, is_selected: bool) -> Iterator[Entry]:
    """Yield the sessions that are to be examined, or the others, by adapter and id."""
    rows = rundb.each(
        "SELECT * FROM entry WHERE is_selected = ? ORDER BY adapter, session",
        (is_selected,),
    )
    return map(_entry, rows)


def read_entry(rundb: RunDatabase, adapter: str, session: str) -> Entry | None:
    """Return one session of the inventory, or ``None``."""
    rows = rundb.fetch(
        "SELECT * FROM entry WHERE adapter = ? AND session = ?", (adapter, session)
    )
    return _entry(rows[0]) if rows else None


def _source(row: Sequence[Any]) -> SourceRow:
    no, adapter, root, path, name, kind, has_evidence, version, observed = row
    return SourceRow(
        no=no,
        ref=SourceRef(adapter, Path(root), Path(path), name),
        kind=SourceKind(kind),
        has_evidence=bool(has_evidence),
        data_version=version,
        observed=decode(observed, Observation),
    )


def _entry(row: Sequence[Any]) -> Entry:
    adapter, session, is_stored, is_found, is_selected, *rest = row
    source, name, other_source, revision = rest
    return Entry(
        adapter=adapter,
        session=session,
        is_stored=bool(is_stored),
        is_found=bool(is_found),
        is_selected=bool(is_selected),
        source=source,
        source_name=name,
        other_source=other_source,
        revision=revision,
    )

"""Observe one source before and after a parse, by what it is made of."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from pytest_parsediff.adapters.capabilities import find_evidence
from pytest_parsediff.core.errors import ParsediffError
from pytest_parsediff.diff.observation import Observation
from pytest_parsediff.diff.sameness import SourcePolicy
from pytest_parsediff.live.entries import SourceRow
from pytest_parsediff.live.observe import (
    Seen,
    observe_again,
    observe_database,
    observe_file,
    observe_folder,
)
from pytest_parsediff.live.run import LiveRun
from pytest_parsediff.live.sources import SourceKind


@dataclass(frozen=True, slots=True)
class Watched:
    """A source at one moment.

    Attributes:
        seen: The source as a whole. Of a database with evidence a digest of it all; of
            one without what ``stat`` says, which tells that something moved, and
            nothing about any session.
        digests: Evidence about each session, if there is any.
        file: Of a database what ``stat`` says, evidence or not; else ``None``.
    """

    seen: Seen
    digests: Mapping[str, str]
    file: Observation | None = None


def watch(run: LiveRun, row: SourceRow, before: Seen | None = None) -> Watched:
    """Return what the source is now.

    Args:
        run: The run.
        row: The source.
        before: An earlier observation of it, which may spare reading every byte.
    """
    if row.kind is SourceKind.DATABASE:
        return _watch_database(run, row)
    if row.kind is SourceKind.FOLDER:
        return Watched(observe_folder(row.ref.path), {})
    adapter = run.adapter(row.ref.adapter)
    policy = adapter.policy_of(row.kind, row.ref)
    with_boundary = policy in (SourcePolicy.JSONL, SourcePolicy.CODEX)
    if before is None:
        return Watched(observe_file(row.ref.path, with_boundary=with_boundary), {})
    again = observe_again(row.ref.path, before, with_boundary=with_boundary)
    return Watched(again, {})


def _watch_database(run: LiveRun, row: SourceRow) -> Watched:
    """Return the evidence; a query that fails is none, unless the file is gone."""
    there = observe_database(row.ref.path)
    if there.error or not row.has_evidence:
        return Watched(Seen(there), {}, there)
    adapter = run.adapter(row.ref.adapter)
    try:
        with run.context() as context:
            digests = find_evidence(
                adapter.resolved, row.ref.source, context, run.limits(adapter)
            )
    except ParsediffError:
        return Watched(Seen(there), {}, there)
    if digests is None:
        return Watched(Seen(there), {}, there)
    seen = Seen(Observation(row_digest=_digest_of_all(digests)))
    return Watched(seen, digests, there)


def _digest_of_all(digests: Mapping[str, str]) -> str:
    """Return one digest that differs when any session does, or comes or goes."""
    whole = hashlib.sha256()
    for session, text in sorted(digests.items()):
        for part in (session, text):
            data = part.encode("utf-8", "surrogatepass")
            whole.update(b"%d:" % len(data) + data)
    return whole.hexdigest()

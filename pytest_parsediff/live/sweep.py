"""What no item covers, and how much of everything was examined."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pytest_parsediff.diff.classify import SessionFacts, classify
from pytest_parsediff.diff.records import ParsedSession
from pytest_parsediff.diff.verdict import Verdict
from pytest_parsediff.live.cells import decode
from pytest_parsediff.live.entries import read_entries
from pytest_parsediff.live.judge import Judge
from pytest_parsediff.live.sources import parse_source


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much a run looked at.

    Attributes:
        sources: Sources that were found.
        sources_parsed: Those of them that were parsed.
        stored: Stored sessions of the run's adapters, trashed ones included.
        found: Sessions that the sources had when the inventory was taken.
        selected: Sessions that were to be examined.
    """

    sources: int
    sources_parsed: int
    stored: int
    found: int
    selected: int


def sweep(judge: Judge) -> list[Verdict]:
    """Return the verdicts of what no item judged, by adapter and id.

    Sources that failed before any session of them was known are ``parse_error``, or
    ``raced``. Sessions emitted though the inventory did not know them are
    ``new_on_disk``, or ``parse_error`` if the adapter says so. What a limit, a sample or a list of ids left out, and stored
    sessions of adapters that this run does not concern, are ``skipped``.

    To be called once, when all items have been judged.

    Args:
        judge: Of the process that sweeps.

    Raises:
        RunDatabaseError: PD522.
        ParsediffError: The stored side cannot be read.
    """
    found = [
        *_failed_sources(judge),
        *_new_sessions(judge),
        *_left_out(judge),
        *_other_adapters(judge),
    ]
    return sorted(found, key=lambda one: (one.adapter, one.session, one.source))


def _failed_sources(judge: Judge) -> Iterator[Verdict]:
    rows = judge.run.rundb.fetch(
        "SELECT DISTINCT source FROM parse WHERE is_done"
        " AND source NOT IN (SELECT source FROM entry WHERE source IS NOT NULL)"
        " AND source NOT IN (SELECT source FROM parse JOIN parsed ON parse = parse.no)"
        " ORDER BY source"
    )
    for (source,) in rows:
        verdict = judge.judge_source(source)
        if verdict.message:
            yield verdict


def _new_sessions(judge: Judge) -> Iterator[Verdict]:
    rows = judge.run.rundb.fetch(
        "SELECT adapter, session, source.name, content, max(parsed.no) FROM parsed"
        " JOIN parse ON parse.no = parse JOIN source USING (adapter)"
        " LEFT JOIN entry USING (adapter, session)"
        " WHERE is_done AND source.no = parse.source AND entry.session IS NULL"
        " GROUP BY adapter, session"
    )
    for adapter, session, source, content, _ in rows:
        parsed = decode(content, ParsedSession)
        yield classify(
            SessionFacts(adapter=adapter, session=session, source=source, parsed=parsed)
        )


def _left_out(judge: Judge) -> Iterator[Verdict]:
    for entry in read_entries(judge.run.rundb, is_selected=False):
        stored = judge.stored.get(entry.adapter, entry.session)
        yield classify(
            SessionFacts(
                adapter=entry.adapter,
                session=entry.session,
                source=entry.source_name,
                stored=stored,
                is_not_sampled=True,
            )
        )


def _other_adapters(judge: Judge) -> Iterator[Verdict]:
    own = _adapters(judge)
    with judge.stored.snapshot():
        for stored in judge.stored.sessions():
            if stored.adapter not in own:
                yield classify(
                    SessionFacts(
                        adapter=stored.adapter,
                        session=stored.session,
                        source=stored.source,
                        stored=stored,
                        is_other_adapter=True,
                    )
                )


def _adapters(judge: Judge) -> set[str]:
    settings = judge.run.settings
    return {parse_source(text, settings.folder)[0] for text in settings.sources}


def coverage(judge: Judge) -> Coverage:
    """Return how much of everything the run looked at."""
    fetch = judge.run.rundb.fetch
    (counts,) = fetch(
        "SELECT (SELECT count(*) FROM source),"
        " (SELECT count(DISTINCT source) FROM parse WHERE is_done),"
        " total(is_stored), total(is_found), total(is_selected) FROM entry"
    )
    sources, parsed, stored, found, selected = map(int, counts)
    return Coverage(
        sources=sources,
        sources_parsed=parsed,
        stored=stored,
        found=found,
        selected=selected,
    )

"""From what was seen of a source to what that says about one session of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pytest_parsediff.core.event import NO_SESSION
from pytest_parsediff.diff.evidence import Evidence, weigh
from pytest_parsediff.diff.observation import Observation
from pytest_parsediff.diff.records import StoredSession
from pytest_parsediff.diff.sameness import is_readable
from pytest_parsediff.live.entries import SourceRow
from pytest_parsediff.live.results import Moment, Parse, read_digest, read_parse
from pytest_parsediff.live.run import LiveRun
from pytest_parsediff.live.sources import SourceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """Three observations of this run.

    Attributes:
        first: When the run began, or before the first parse.
        before: Before the parse that is judged.
        after: After it.
    """

    first: Observation
    before: Observation
    after: Observation


def weigh_session(  # noqa: PLR0913 - what is weighed, and how
    run: LiveRun,
    row: SourceRow,
    parse: Parse,
    session: str,
    stored: StoredSession | None,
    *,
    side_has_observations: bool,
) -> Evidence:
    """Return what the observations say about *session*.

    An error of the whole source is weighed by the whole source, as B says of the two.

    Args:
        run: The run.
        row: The session's source.
        parse: The parse that is judged.
        session: Its id; empty for the source as a whole.
        stored: As it is stored; ``None`` if it is not.
        side_has_observations: Whether the stored side notes what sources were.
    """
    noted = stored.observation if stored is not None else None
    has_failed = bool(parse.result.error_code)
    if row.kind is SourceKind.DATABASE and not has_failed:
        seen = _rows_seen(run, row, parse, session, noted)
    else:
        seen = _source_seen(run, row, parse)
    policy = run.adapter(row.ref.adapter).policy_of(row.kind, row.ref)
    if is_readable(seen.first, policy) and not is_readable(seen.after, policy):
        seen = replace(seen, before=seen.first)  # it went away, whenever that was
    return weigh(
        noted,
        seen.before,
        seen.after,
        policy=policy,
        side_has_observations=side_has_observations,
        is_alone=_is_alone(run, row, parse),
        reference=seen.first,
    )


def _source_seen(run: LiveRun, row: SourceRow, parse: Parse) -> _Seen:
    """Return the observations of the source as a whole.

    What ``stat`` said when the run began counts only if it differs: it has no hash, so
    it can prove that the source moved, and not that it stood still. Of a database it
    tells only that there was one.
    """
    before = _first_parse(run, parse).result.before.observation
    listed = row.observed
    if row.kind is SourceKind.FILE:
        bare = replace(before, content_hash=None, consumed=None)
        has_moved = not listed.error and listed != bare
    else:
        has_moved = not listed.error and bool(before.error)
    return _Seen(
        first=listed if has_moved else before,
        before=parse.result.before.observation,
        after=parse.result.after,
    )


def _rows_seen(
    run: LiveRun,
    row: SourceRow,
    parse: Parse,
    session: str,
    noted: Observation | None,
) -> _Seen:
    """Return the evidence about one session of a database.

    The best is what the adapter read in the very snapshot that it parsed: where that
    is what the archive was parsed from, nothing else matters.
    """
    rundb = run.rundb

    def look(moment: Moment, owner: int, whole: Observation) -> Observation:
        if whole.error or whole.row_digest is None:
            return whole
        digest = read_digest(rundb, owner, moment, session)
        return Observation(exists=digest is not None, row_digest=digest)

    result = parse.result
    before = look(Moment.BEFORE, parse.no, result.before.observation)
    after = look(Moment.AFTER, parse.no, result.after)
    whole = _first_parse(run, parse).result.before.observation
    first = look(Moment.LISTED, row.no, whole)
    inside = read_digest(rundb, parse.no, Moment.INSIDE, session)
    if inside is not None:
        after = Observation(row_digest=inside)
        if noted is not None and noted.row_digest == inside:
            return _Seen(first=after, before=after, after=after)
    return _Seen(first=first, before=before, after=after)


def _first_parse(run: LiveRun, parse: Parse) -> Parse:
    first = read_parse(run.rundb, parse.source, 0)
    return parse if first is None else first


#: Two are enough to know, and this is asked once per session.
_TWO_OF = "SELECT 1 FROM {} AND session <> ? LIMIT 2"


def _is_alone(run: LiveRun, row: SourceRow, parse: Parse) -> bool:
    """Return whether a source has at most one session, now, and as it is stored.

    Stored ones count: a parser that lost all sessions but one must not make a shared
    file look like that of one session.
    """
    questions = (
        ("parsed WHERE parse = ?", parse.no),
        ("entry WHERE is_stored AND source = ?", row.no),
        ("entry WHERE is_found AND source = ?", row.no),
    )
    return all(
        len(run.rundb.fetch(_TWO_OF.format(which), (number, NO_SESSION))) < 2
        for which, number in questions
    )

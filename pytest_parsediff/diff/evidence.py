"""Who moved: what three observations of a source say about one session.

A real difference is *raced* only with evidence that the source moved. Everything here
fails closed: what nobody saw, and what cannot tell one session from another, is no
evidence, and a difference without evidence is the parser's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from pytest_parsediff.core.problem import strip_control
from pytest_parsediff.diff.observation import Observation
from pytest_parsediff.diff.sameness import (
    Sameness,
    SourcePolicy,
    compare_in_run,
    compare_with_stored,
    has_watermark,
    is_other,
    is_readable,
)
from pytest_parsediff.diff.verdict import Reason

__all__ = ["Evidence", "Outcome", "SourcePolicy", "weigh"]

_DIGEST_CHARACTERS = 12


class Outcome(StrEnum):
    """What the evidence says."""

    UNTOUCHED = "untouched"
    MOVED = "moved"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the observations say, and the observations as text.

    Attributes:
        outcome: Untouched, moved, or no evidence either way.
        reason: Why it counts as moved; for untouched ``CONTENT_EQUAL`` when digests
            prove it, else ``None``; without evidence ``NO_EVIDENCE``.
        lines: One per observation: stored, first, before, after.
        has_moved_in_attempt: Whether the source moved between *before* and *after*,
            whatever was stored, also where that is no evidence about one session
            alone. It decides about errors of the parse.
    """

    outcome: Outcome
    reason: Reason | None = None
    lines: tuple[str, ...] = ()
    has_moved_in_attempt: bool = False


def weigh(  # noqa: PLR0913 - three observations, and what they are observations of
    stored: Observation | None,
    before: Observation,
    after: Observation,
    *,
    policy: SourcePolicy,
    side_has_observations: bool,
    is_alone: bool,
    reference: Observation | None = None,
) -> Evidence:
    """Return what the observations of one session's source say.

    Args:
        stored: What the source was when the stored row was parsed.
        before: What it was before the parse.
        after: What it was when the verdict was due.
        policy: What counts as a move.
        side_has_observations: Whether the stored side notes observations; where it
            does not, as a golden, a missing *stored* says nothing.
        is_alone: Whether the session is the only one of its source. Without meaning
            for rows, which are evidence about one session by nature.
        reference: *before* of the first attempt, when this is another one: what
            moved since then moved in this run, and no archive is behind.

    Returns:
        The first that applies: gone during the run; stored, before and after the
        same; an archive behind the source; an archive that noted nothing; moved in
        this run; nothing known.
    """
    first = before if reference is None else reference
    reason = _judge(
        stored,
        (first, before, after),
        policy,
        side_has_observations=side_has_observations,
    )
    is_shared = not is_alone and policy is not SourcePolicy.ROW
    if is_shared and reason not in (Reason.UNREADABLE, Reason.CONTENT_EQUAL):
        reason = Reason.NO_EVIDENCE  # whose bytes moved, nobody can tell
    in_attempt = compare_in_run(before, after, policy)
    return Evidence(
        outcome=_outcome_of(reason),
        reason=reason,
        lines=_show(stored, reference, before, after),
        has_moved_in_attempt=in_attempt is Sameness.DIFFERENT,
    )


def _outcome_of(reason: Reason | None) -> Outcome:
    match reason:
        case None | Reason.CONTENT_EQUAL:
            return Outcome.UNTOUCHED
        case Reason.NO_EVIDENCE:
            return Outcome.NONE
        case _:
            return Outcome.MOVED


def _judge(
    stored: Observation | None,
    run: tuple[Observation, Observation, Observation],
    policy: SourcePolicy,
    *,
    side_has_observations: bool,
) -> Reason | None:
    """Return why the source counts as moved, untouched or unknown."""
    first, before, after = run
    if not is_readable(after, policy):
        was_readable = is_readable(first, policy) or is_readable(before, policy)
        return Reason.UNREADABLE if was_readable else Reason.NO_EVIDENCE
    steps = [compare_in_run(one, other, policy) for one, other in pairwise(run)]
    has_moved = Sameness.DIFFERENT in steps
    if stored is not None and has_watermark(stored, policy):
        since_stored = compare_with_stored(stored, before, policy)
        if since_stored.is_same and steps[-1].is_same:
            is_proved = since_stored is Sameness.PROVED and not is_other(before, after)
            return Reason.CONTENT_EQUAL if is_proved else None
        if is_readable(first, policy):
            behind = compare_with_stored(stored, first, policy)
            if behind is Sameness.DIFFERENT:
                return Reason.NEWER_THAN_ARCHIVE
        has_moved = has_moved or since_stored is Sameness.DIFFERENT
    elif side_has_observations and has_watermark(after, policy):
        return Reason.NO_STORED_WATERMARK
    return Reason.MOVED_DURING_RUN if has_moved else Reason.NO_EVIDENCE


def _show(
    stored: Observation | None,
    reference: Observation | None,
    before: Observation,
    after: Observation,
) -> tuple[str, ...]:
    """Return one line per observation."""
    seen = [("stored", stored), ("before", before), ("after", after)]
    if reference is not None and reference != before:
        seen.insert(1, ("first", reference))
    return tuple(f"{name}: {_describe(one)}" for name, one in seen)


def _describe(seen: Observation | None) -> str:
    """Return everything that was seen, on one line."""
    if seen is None:
        return "nothing noted"
    if seen.error:
        return f"not readable: {strip_control(' '.join(seen.error.split()))}"
    if not seen.exists:
        return "not there"
    values = {
        "size": seen.size,
        "mtime_ns": seen.mtime_ns,
        "ctime_ns": seen.ctime_ns,
        "inode": seen.inode,
        "sha256": _shorten(seen.content_hash),
        "consumed": seen.consumed,
        "rows": _shorten(seen.row_digest),
    }
    known = [f"{name}={value}" for name, value in values.items() if value is not None]
    return " ".join(known) or "nothing noted"


def _shorten(digest: str | None) -> str | None:
    return None if digest is None else digest[:_DIGEST_CHARACTERS]

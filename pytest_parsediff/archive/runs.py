"""What a recording leaves behind about itself: runs, entities, and what is left to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class RunState(StrEnum):
    """How far a recording got.

    ``preflight``: sources are being parsed. ``committing``: all were parsed, content is
    about to be written. ``ok``: content was written; ``ok_with_skipped``: not all of
    it. These two are written in the transaction of the content itself. ``checked``:
    everything was parsed, and nothing was to be written. ``failed``: something could
    not be parsed. ``aborted``: it ended before its end.
    """

    PREFLIGHT = "preflight"
    COMMITTING = "committing"
    OK = "ok"
    OK_WITH_SKIPPED = "ok_with_skipped"
    CHECKED = "checked"
    FAILED = "failed"
    ABORTED = "aborted"


class Kind(StrEnum):
    """What an entity is."""

    SOURCE = "source"
    SESSION = "session"


class Stage(StrEnum):
    """What was done last with an entity."""

    PARSE = "parse"
    WRITE = "write"


class Status(StrEnum):
    """What became of an entity.

    ``pending``: to be parsed. ``claimed``: parsed, to be written. ``ok``: parsed, and
    written if it is a session. ``unchanged``: stored as it was parsed. The four
    ``skipped``: not written, because what is stored is fresher, because the source was
    written meanwhile, because the parser asks for another pass, because the parser
    vetoes the session. ``not_emitted``: stored, and no longer parsed; left as it is.
    ``failed``: could not be parsed. ``aborted``: the run ended before.
    """

    PENDING = "pending"
    CLAIMED = "claimed"
    OK = "ok"
    UNCHANGED = "unchanged"
    SKIPPED_STALE = "skipped_stale"
    SKIPPED_MOVED = "skipped_moved"
    SKIPPED_RETRY = "skipped_retry"
    SKIPPED_EXCLUDED = "skipped_excluded"
    NOT_EMITTED = "not_emitted"
    FAILED = "failed"
    ABORTED = "aborted"


#: Entities that are not done yet; none is left when a run is over.
OPEN = frozenset({Status.PENDING, Status.CLAIMED})
#: Entities that another recording may bring further.
RETRIED = frozenset(
    {
        Status.FAILED,
        Status.ABORTED,
        Status.SKIPPED_STALE,
        Status.SKIPPED_MOVED,
        Status.SKIPPED_RETRY,
    }
)
#: States of runs that are not over.
RUNNING = (RunState.PREFLIGHT, RunState.COMMITTING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One source or session of a run.

    Attributes:
        adapter: Of the source.
        kind: Source or session.
        name: Of the source, or id of the session.
        source: Where a session was found; empty for a source.
        stage: What was done last.
        status: What became of it.
        action: What was done with a session; see :class:`fencing.Action`.
        code: Error code; may be empty.
        message: One line; may be empty.
    """

    adapter: str
    kind: Kind
    name: str
    source: str = ""
    stage: Stage
    status: Status
    action: str = ""
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One recording.

    Attributes:
        run_id: Never used again.
        parent_run_id: The run that is retried.
        mode: ``full`` or ``append``.
        state: How far it got.
        code: Error code; empty unless failed or aborted.
        message: One line.
        scope: Session ids; ``None`` for all.
        fence: Revision of the archive before anything was parsed.
        counts: Number of sessions per status, and per ``source_`` and status.
    """

    run_id: int
    parent_run_id: int | None
    mode: str
    state: RunState
    code: str
    message: str
    scope: frozenset[str] | None
    fence: int
    counts: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """What a run left to be done.

    Attributes:
        run_id: The run that is retried.
        sources: Adapter and name of the sources to parse again, sorted.
        scope: Ids of the sessions to record; ``None`` for all of these sources.
    """

    run_id: int
    sources: tuple[tuple[str, str], ...]
    scope: frozenset[str] | None = None


def select_retry(run: Run, entities: Iterable[Entity]) -> Retry:
    """Return what is left of *run*; a function of its ledger and of nothing else.

    A source that was not parsed is retried as a whole, in the scope of the run. Where
    all were parsed only the sessions that are left are retried.
    """
    sources: set[tuple[str, str]] = set()
    sessions: set[str] = set()
    is_whole = False
    for entity in entities:
        if entity.status not in RETRIED:
            continue
        if entity.kind is Kind.SOURCE:
            sources.add((entity.adapter, entity.name))
            is_whole = True
        else:
            sessions.add(entity.name)
            if entity.source:  # else nobody found the session
                sources.add((entity.adapter, entity.source))
    return Retry(
        run_id=run.run_id,
        sources=tuple(sorted(sources)),
        scope=run.scope if is_whole else frozenset(sessions),
    )

"""When a write lands between the stored row and the verdict, and what is right then.

``stored`` is the row's observation, ``first`` the inventory's, ``before`` and ``after``
are taken around the parse. W is a write of the source, D one of the stored row.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from diff_observed import (
    GONE,
    REAL,
    SECOND_NS,
    facts,
    observe,
    parsed_session,
    rows,
    stored_session,
    weigh_file,
)

from pytest_parsediff.diff.classify import classify
from pytest_parsediff.diff.evidence import SourcePolicy
from pytest_parsediff.diff.gate import GateSettings, count_verdicts, decide
from pytest_parsediff.diff.observation import Observation
from pytest_parsediff.diff.verdict import Phase, Reason, VerdictClass

A = observe(b'{"n":1}\n')
B = observe(b'{"n":1}\n{"n":2}\n', mtime_ns=2000 * SECOND_NS)
A_TOUCHED = replace(A, mtime_ns=2000 * SECOND_NS, ctime_ns=2000 * SECOND_NS)
A_TORN = observe(b'{"n":1}\n{"n":', mtime_ns=2000 * SECOND_NS)
SAME_SIZE_OLDER = observe(b'{"n":9}\n', mtime_ns=1)
SHORTER = observe(b"{}\n", mtime_ns=2000 * SECOND_NS)

JSONL, CODEX, ROW = SourcePolicy.JSONL, SourcePolicy.CODEX, SourcePolicy.ROW


@dataclass(frozen=True, kw_only=True)
class Window:
    """A write, what was observed around it, and the right verdict.

    Attributes:
        happened: What was written when, relative to the observations.
        stored: Observation of the stored row.
        before: Before the parse.
        after: At the verdict.
        cls: The right class.
        reason: The right reason.
        first: In the inventory, where that is not the same as *before*.
        differs: Whether parsed and stored records differ.
        is_rewritten: Whether the stored row has another revision at the verdict.
        error: Of the parse.
        is_emitted: Whether the session came out of the parse.
        policy: Kind of the source.
        is_alone: Whether the file holds this session only.
        passes: Whether a run of this and a sound session passes the default gate.
    """

    happened: str
    stored: Observation
    before: Observation
    after: Observation
    cls: VerdictClass
    reason: Reason | None = None
    first: Observation | None = None
    differs: bool = True
    is_rewritten: bool = False
    error: str = ""
    is_emitted: bool = True
    policy: SourcePolicy = SourcePolicy.FILE
    is_alone: bool = True
    passes: bool = False


WINDOWS = [
    Window(
        happened="W before the run, archive stale",
        stored=A,
        before=B,
        after=B,
        cls=VerdictClass.RACED,
        reason=Reason.NEWER_THAN_ARCHIVE,
    ),
    Window(
        happened="W and D before the run, parser unchanged",
        stored=B,
        before=B,
        after=B,
        cls=VerdictClass.IDENTICAL,
        differs=False,
        passes=True,
    ),
    Window(
        happened="W and D before the run, parser changed",
        stored=B,
        before=B,
        after=B,
        cls=VerdictClass.CHANGED,
        reason=Reason.CONTENT_EQUAL,
    ),
    Window(
        happened="W between inventory and parse",
        stored=A,
        first=A,
        before=B,
        after=B,
        cls=VerdictClass.RACED,
        reason=Reason.MOVED_DURING_RUN,
        passes=True,
    ),
    Window(
        happened="W during the parse, torn read",
        stored=A,
        before=A,
        after=B,
        cls=VerdictClass.RACED,
        reason=Reason.MOVED_DURING_RUN,
        passes=True,
    ),
    Window(
        happened="W during the parse, which saw the old bytes",
        stored=A,
        before=A,
        after=B,
        cls=VerdictClass.IDENTICAL,
        differs=False,
        passes=True,
    ),
    Window(
        happened="W and D between parse and verdict",
        stored=A,
        before=A,
        after=B,
        is_rewritten=True,
        cls=VerdictClass.RACED,
        reason=Reason.MOVED_DURING_RUN,
        passes=True,
    ),
    Window(
        happened="W and D between parse and verdict, rows read from one snapshot",
        stored=A,
        before=A,
        after=B,
        is_rewritten=True,
        cls=VerdictClass.IDENTICAL,
        differs=False,
        passes=True,
    ),
    Window(
        happened="D only",
        stored=A,
        before=A,
        after=A,
        is_rewritten=True,
        cls=VerdictClass.RACED,
        reason=Reason.ARCHIVE_ROW_REWRITTEN,
        passes=True,
    ),
    Window(
        happened="W after the verdict",
        stored=A,
        before=A,
        after=A,
        cls=VerdictClass.CHANGED,
        reason=Reason.CONTENT_EQUAL,
    ),
    Window(
        happened="W with an older time and the same size, during the parse",
        stored=A,
        before=A,
        after=SAME_SIZE_OLDER,
        cls=VerdictClass.RACED,
        reason=Reason.MOVED_DURING_RUN,
        passes=True,
    ),
    Window(
        happened="W with an older time and the same size, before the run",
        stored=A,
        before=SAME_SIZE_OLDER,
        after=SAME_SIZE_OLDER,
        cls=VerdictClass.RACED,
        reason=Reason.NEWER_THAN_ARCHIVE,
    ),
    Window(
        happened="touch before the run, parser changed",
        stored=A,
        before=A_TOUCHED,
        after=A_TOUCHED,
        cls=VerdictClass.CHANGED,
        reason=Reason.CONTENT_EQUAL,
    ),
    Window(
        happened="touch during the parse, parser changed",
        stored=A,
        before=A,
        after=A_TOUCHED,
        cls=VerdictClass.CHANGED,
        reason=Reason.CONTENT_EQUAL,
    ),
    Window(
        happened="file deleted between parse and verdict",
        stored=A,
        before=A,
        after=GONE,
        cls=VerdictClass.RACED,
        reason=Reason.UNREADABLE,
        passes=True,
    ),
    Window(
        happened="file deleted under the parse",
        stored=A,
        before=A,
        after=GONE,
        error="no such file",
        cls=VerdictClass.RACED,
        reason=Reason.UNREADABLE,
        passes=True,
    ),
    Window(
        happened="half-written JSON at the parse",
        stored=A,
        before=A_TORN,
        after=B,
        error="bad line 2",
        cls=VerdictClass.RACED,
        reason=Reason.MOVED_DURING_RUN,
        passes=True,
    ),
    Window(
        happened="half-written JSON at the parse, which stays so",
        stored=A,
        before=A_TORN,
        after=A_TORN,
        error="bad line 2",
        cls=VerdictClass.PARSE_ERROR,
    ),
    Window(
        happened="file rewritten during the parse, an id vanishes",
        stored=A,
        before=A,
        after=SHORTER,
        is_emitted=False,
        cls=VerdictClass.RACED,
        reason=Reason.MOVED_DURING_RUN,
        passes=True,
    ),
    Window(
        happened="file untouched, an id vanishes",
        stored=A,
        before=A,
        after=A,
        is_emitted=False,
        cls=VerdictClass.CHANGED,
        reason=Reason.CONTENT_EQUAL,
    ),
    Window(
        happened="write of the Codex title index, parser changed",
        stored=replace(A, mtime_ns=9000 * SECOND_NS),
        before=A,
        after=A,
        policy=CODEX,
        cls=VerdictClass.CHANGED,
        reason=Reason.CONTENT_EQUAL,
    ),
    Window(
        happened="write of another session in a container, with row evidence",
        stored=rows("a"),
        before=rows("a"),
        after=rows("a"),
        policy=ROW,
        is_alone=False,
        cls=VerdictClass.CHANGED,
        reason=Reason.CONTENT_EQUAL,
    ),
    Window(
        happened="write of this session in a container, with row evidence",
        stored=rows("a"),
        before=rows("a"),
        after=rows("b"),
        policy=ROW,
        is_alone=False,
        cls=VerdictClass.RACED,
        reason=Reason.MOVED_DURING_RUN,
        passes=True,
    ),
    Window(
        happened="write of a container without evidence about its sessions",
        stored=Observation(),
        before=Observation(),
        after=Observation(),
        policy=ROW,
        is_alone=False,
        cls=VerdictClass.CHANGED,
        reason=Reason.NO_EVIDENCE,
    ),
    Window(
        happened="write of a file of several sessions",
        stored=A,
        before=A,
        after=B,
        is_alone=False,
        cls=VerdictClass.CHANGED,
        reason=Reason.NO_EVIDENCE,
    ),
    *(
        Window(
            happened=f"partial tail appended, parser changed, {policy}",
            stored=A,
            before=A,
            after=A_TORN,
            policy=policy,
            cls=VerdictClass.CHANGED,
        )
        for policy in (JSONL, CODEX)
    ),
]


@pytest.mark.parametrize("window", WINDOWS, ids=lambda window: window.happened)
def test_write_window(window: Window) -> None:
    """Each write window has the right class and reason, and passes the gate or not."""
    evidence = weigh_file(
        window.stored,
        window.before,
        window.after,
        window.policy,
        reference=window.first,
        is_alone=window.is_alone,
    )

    verdict = classify(
        facts(
            replace(stored_session(), observation=window.stored),
            parsed_session() if window.is_emitted and not window.error else None,
            fields=(REAL,) if window.differs else (),
            evidence=evidence,
            is_stored_rewritten=window.is_rewritten,
            is_swept=not window.error,
            source_error=window.error,
        )
    )

    assert (window.cls, window.reason) == (verdict.cls, verdict.reason)
    sound = classify(facts(stored_session(), parsed_session()))
    result = decide(count_verdicts([verdict, sound]), GateSettings())
    assert window.passes is result.passed


@pytest.mark.parametrize(
    ("error", "is_emitted", "phase"),
    [
        ("bad line", True, Phase.PARSE),
        ("", True, Phase.COMPARE),
        ("", False, Phase.PRESENCE),
    ],
)
def test_a_race_tells_where_it_was_seen(
    error: str, is_emitted: bool, phase: Phase
) -> None:
    """Errors of the parse and drops are guarded as differences are."""
    verdict = classify(
        facts(
            stored_session(),
            parsed_session() if is_emitted else None,
            fields=(REAL,),
            evidence=weigh_file(A, A, B),
            is_swept=True,
            source_error=error,
        )
    )

    assert (VerdictClass.RACED, phase) == (verdict.cls, verdict.phase)

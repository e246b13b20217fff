"""Fields of a session that is one event: what is equal, real, or informational."""

from __future__ import annotations

from typing import Any

import pytest
from diff_sessions import AGENT, compact, compare, compile_table, fields

COMPARISON = compile_table(AGENT)
NOTHING = object()


def session(**more: Any) -> list[dict[str, Any]]:
    """Return the one event of a session; ``NOTHING`` leaves a member out."""
    event = {"session": "s1", "kind": "session", "id": "s1", **more}
    return [{name: one for name, one in event.items() if one is not NOTHING}]


def changed(
    name: str, old: object, new: object, *, is_incremental: bool = False
) -> list[tuple[str, str, str]]:
    """Return what differs when the member *name* does."""
    return compact(
        compare(
            session(**{name: old}),
            session(**{name: new}),
            COMPARISON,
            is_incremental=is_incremental,
        )
    )


def test_identical_sessions() -> None:
    """Equal sessions have no difference.

    Pins: CompareSessionFields/identical.
    """
    assert [] == changed("message_count", 3, 3)


@pytest.mark.parametrize("name", ["message_count", "user_message_count"])
def test_counts_are_compared_and_shown_exactly(name: str) -> None:
    """A count that is one off is a difference, with both numbers.

    Pins: CompareSessionFields/message_count, user_message_count.
    """
    assert [(f"/{name}", "12", "13")] == changed(name, 12, 13)
    assert [(f"/{name}", "0", "absent")] == changed(name, 0, NOTHING)
    assert [(f"/{name}", "12", '"12"')] == changed(name, 12, "12")
    assert [] == changed(name, 12, 12.0)


@pytest.mark.parametrize("name", ["first_message", "title", "parent_session_id"])
@pytest.mark.parametrize("is_incremental", [True, False])
def test_null_empty_and_absent_are_equal_where_declared(
    name: str, *, is_incremental: bool
) -> None:
    """Both ways, whatever the row's marker says.

    Pins: CompareSessionFields/first_message nil and empty, session_name nil and empty,
    parent_session_id nil and empty.
    """
    blank = [None, "", NOTHING]
    found = [
        changed(name, old, new, is_incremental=is_incremental)
        for old in blank
        for new in blank
    ]
    assert [[]] * 9 == found


def test_null_empty_and_absent_differ_elsewhere() -> None:
    """Nothing is forgiven that is not declared."""
    assert [("/cwd", "null", '""')] == changed("cwd", None, "")
    assert [("/cwd", "null", "absent")] == changed("cwd", None, NOTHING)
    assert [("/cwd", '""', "absent")] == changed("cwd", "", NOTHING)


def test_a_first_message_that_drifts() -> None:
    """The text itself is not shown; a missing one is told from an empty one.

    Pins: CompareSessionFields/first_message drift, first_message null vs value.
    """
    old, new = "add a test", "add two tests"
    field = "/first_message"
    assert [(field, "text of 10 characters", "text of 13 characters")] == changed(
        "first_message", old, new
    )
    assert [(field, "null", "text of 10 characters")] == changed(
        "first_message", None, old
    )
    assert [(field, "text of 10 characters", "absent")] == changed(
        "first_message", old, NOTHING
    )


INFORMATIONAL = {
    "title": ("Add a test", "Add tests"),
    "cwd": ("/home/a", "/home/b"),
    "git_branch": ("main", "topic"),
    "agent_label": ("a", "b"),
    "entrypoint": ("cli", "ide"),
    "session_kind": ("main", "side"),
    "relationship_type": ("fork", "resume"),
    "source_session_id": ("s8", "s9"),
    "source_version": ("1.0", "1.1"),
    "transcript_fidelity": ("full", "lossy"),
    "parent_session_id": ("s8", "s9"),
    "malformed_lines": (0, 2),
    "is_truncated": (False, True),
}


@pytest.mark.parametrize("name", INFORMATIONAL)
def test_the_marker_of_the_row_makes_a_field_informational(name: str) -> None:
    """It is the row's marker that counts; a row that was written whole is strict.

    Pins: CompareSessionFields/session_name, cwd, git_branch, agent_label, entrypoint,
    session_kind, relationship_type, source_session_id, source_version,
    transcript_fidelity, parent_session_id, malformed_lines, is_truncated; each for
    incremental and for full-replace.
    """
    old, new = INFORMATIONAL[name]
    strict = changed(name, old, new)
    assert [f"/{name}"] == [field for field, _, _ in strict]
    (marked,) = changed(name, old, new, is_incremental=True)
    assert (f"/{name}?", *strict[0][1:]) == marked
    assert [] == changed(name, old, old)


@pytest.mark.parametrize(
    ("old", "new", "is_incremental", "expected"),
    [
        pytest.param(None, "done", True, ["/status?"], id="null to value, incremental"),
        pytest.param("", "done", True, ["/status?"], id="empty to value, incremental"),
        pytest.param(None, "done", False, ["/status"], id="null to value, full"),
        pytest.param("done", None, True, ["/status"], id="value to null"),
        pytest.param("done", NOTHING, True, ["/status"], id="value to absent"),
        pytest.param("done", "failed", True, ["/status"], id="value drift"),
        pytest.param(None, None, True, [], id="both null"),
        pytest.param(None, "", True, [], id="null to empty"),
    ],
)
def test_a_status_that_only_a_full_parse_knows(
    old: object, new: object, expected: list[str], *, is_incremental: bool
) -> None:
    """Only where nothing was stored, and only in a marked row, is it informational.

    Pins: CompareSessionFields/termination; InformationalTerminationDetail.
    """
    found = changed("status", old, new, is_incremental=is_incremental)
    assert expected == [field for field, _, _ in found]


def test_nothing_is_not_filled_by_nothing() -> None:
    """Null that became an empty text is no value that came later."""
    comparison = compile_table(filled_later=["/status"])
    old, new = session(status=None), session(status="")
    assert ["/status"] == fields(compare(old, new, comparison, is_incremental=True))


def test_one_lost_status_makes_the_field_real() -> None:
    """Among many that were filled later, one that lost its value still counts."""
    old = [*session(status=None), {"kind": "session", "id": "s2", "status": "done"}]
    new = [*session(status="done"), {"kind": "session", "id": "s2", "status": None}]
    for first, second in ((old, new), (old[::-1], new[::-1])):
        found = compare(first, second, COMPARISON, is_incremental=True)
        assert ["/status"] == fields(found)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(100, 120, [("/total", "100", "120")], id="value drift"),
        pytest.param(0, NOTHING, [("/total", "0", "absent")], id="coverage lost"),
        pytest.param(NOTHING, 0, [("/total", "absent", "0")], id="coverage won"),
        pytest.param(NOTHING, NOTHING, [], id="absent on both sides"),
    ],
)
@pytest.mark.parametrize("is_incremental", [True, False])
def test_totals_are_a_number_or_nothing(
    old: object, new: object, expected: list[Any], *, is_incremental: bool
) -> None:
    """No number is not the number 0, and neither is ever informational.

    Pins: CompareSessionFields/total tokens value, coverage flag flip, absent both,
    peak drift.
    """
    assert expected == changed("total", old, new, is_incremental=is_incremental)


@pytest.mark.parametrize("name", ["started_at", "ended_at"])
def test_times_are_compared_as_they_are_written(name: str) -> None:
    """One instant in two zones is a difference, and a real one in any row.

    Pins: CompareSessionFields/started_at, ended_at.
    """
    old, new = "2026-01-01T10:00:00Z", "2026-01-01T11:00:00+01:00"
    expected = [(f"/{name}", f'"{old}"', f'"{new}"')]
    assert expected == changed(name, old, new, is_incremental=True)


def test_a_field_that_is_not_compared() -> None:
    """An ignored place is passed over, on one side as on both.

    Pins: CompareSessionFields/project ignored.
    """
    assert [] == changed("project", "a", "b")
    assert [] == changed("project", NOTHING, "b")


def test_long_titles_are_cut() -> None:
    """80 characters are shown, and how many there are.

    Pins: CompareSessionFieldsTruncatesLongValues.
    """
    old = "Title " * 30
    (found,) = compare(session(title=old), session(title="Other"), COMPARISON)
    assert f'"{old}'[:80] + "…" == found.stored
    assert '"Other"' == found.parsed
    assert found.detail.endswith("; 182 and 7 characters")
    (found,) = compare(session(title=f"{old}a"), session(title=f"{old}b"), COMPARISON)
    assert found.stored.startswith("…")
    assert found.stored.endswith('a"')
    assert found.parsed.endswith('b"')
    assert 81 >= max(len(found.stored), len(found.parsed))

"""What each class means for an item, with and without a declaration."""

from __future__ import annotations

import pytest

from pytest_parsediff.diff.budget import Budget
from pytest_parsediff.diff.expectation import Expectation, ExpectedKind
from pytest_parsediff.diff.gatesettings import GateSettings
from pytest_parsediff.diff.verdict import FieldDiff, Reason, Verdict, VerdictClass
from pytest_parsediff.live.ruling import rule

V = VerdictClass


DEFAULT = GateSettings()
TITLE = (FieldDiff(field="title", stored='"a"', parsed='"b"'),)


def verdict(
    cls: V, reason: Reason | None = None, fields: tuple[FieldDiff, ...] = ()
) -> Verdict:
    """Return a verdict on one session."""
    return Verdict(adapter="a", session="s1", cls=cls, reason=reason, fields=fields)


@pytest.mark.parametrize(
    ("cls", "reason", "category"),
    [
        (V.IDENTICAL, None, "passed"),
        (V.RACED, Reason.MOVED_DURING_RUN, "raced"),
        (V.RACED, Reason.NEWER_THAN_ARCHIVE, "stale"),
        (V.RACED, Reason.NO_STORED_WATERMARK, "stale"),
        (V.INCREMENTAL_SKEW, None, "skew"),
        (V.PENDING_RESYNC, Reason.OLDER_DATA_VERSION, "pending"),
        (V.TRANSIENT_NEEDS_RETRY, None, "retry"),
        (V.NEW_ON_DISK, None, "skipped"),
        (V.SKIPPED, Reason.TRASHED, "skipped"),
    ],
)
def test_what_passes(cls: V, reason: Reason | None, category: str) -> None:
    """Each class that is no failure has a category of its own."""
    ruling = rule(verdict(cls, reason), DEFAULT)

    assert ruling.error is None
    assert category == ruling.category
    assert bool(ruling.skip) == (category == "skipped")


@pytest.mark.parametrize(
    ("cls", "code"),
    [
        (V.CHANGED, "PD509"),
        (V.PARSE_ERROR, "PD515"),
        (V.EXCLUDED_BY_PARSER, "PD514"),
    ],
)
def test_what_fails(cls: V, code: str) -> None:
    """The error says which of the three it is."""
    ruling = rule(verdict(cls), DEFAULT)

    assert ruling.error is not None
    assert code == ruling.error.code


@pytest.mark.parametrize("cls", [V.RACED, V.INCREMENTAL_SKEW, V.NEW_ON_DISK])
def test_any_class_can_be_made_to_fail(cls: V) -> None:
    """PD510 for the classes that do not fail by themselves."""
    ruling = rule(verdict(cls), GateSettings(fail_on=frozenset({cls})))

    assert ruling.error is not None
    assert "PD510" == ruling.error.code


def test_changed_and_unparsed_sessions_can_pass() -> None:
    """With other classes to fail on they are counted as what they are."""
    none = GateSettings(fail_on=frozenset())

    assert "changed" == rule(verdict(V.CHANGED), none).category
    assert "unparsed" == rule(verdict(V.PARSE_ERROR), none).category


def test_vetoed_sessions_pass_within_a_budget() -> None:
    """How many there are is the gate's business then."""
    ruling = rule(
        verdict(V.EXCLUDED_BY_PARSER), GateSettings(max_excluded=Budget.of(1))
    )

    assert (None, "excluded") == (ruling.error, ruling.category)


def test_a_change_says_fields_and_reason() -> None:
    """The first line is enough to know what happened."""
    ruling = rule(verdict(V.CHANGED, Reason.CONTENT_EQUAL, TITLE), DEFAULT)

    expected = "PD509: a session 's1' changed (content_equal): title"
    assert ruling.error is not None
    assert expected == ruling.error.summary


def test_a_source_without_sessions_is_named() -> None:
    """An error of a source nothing is stored of has no session to name."""
    found = Verdict(adapter="a", session="", source="x.jsonl", cls=V.PARSE_ERROR)

    error = rule(found, DEFAULT).error

    assert error is not None
    assert "PD515: a source 'x.jsonl' cannot be parsed" == error.summary


CHANGE = Expectation(
    sessions=("s1",), kind=ExpectedKind.CHANGED, fields=("title",), reason="v2"
)
RACE = Expectation(sessions=("s1",), kind=ExpectedKind.RACED)


def test_a_declared_change_is_expected() -> None:
    """It carries the reason that was given."""
    ruling = rule(verdict(V.CHANGED, None, TITLE), DEFAULT, [CHANGE])

    assert (None, "v2", "changed") == (ruling.error, ruling.expected, ruling.declared)


def test_a_declared_race_passes_though_races_fail() -> None:
    """The declaration is about this session, the policy about all others."""
    strict = GateSettings(fail_on=frozenset({V.RACED}))
    ruling = rule(verdict(V.RACED, Reason.MOVED_DURING_RUN), strict, [RACE])

    assert (None, "raced", "raced") == (ruling.error, ruling.category, ruling.declared)


@pytest.mark.parametrize("declared", [CHANGE, RACE])
@pytest.mark.parametrize("cls", [V.IDENTICAL, V.PENDING_RESYNC, V.SKIPPED])
def test_a_declaration_that_does_not_come_true_fails(
    cls: V, declared: Expectation
) -> None:
    """PD511, also for classes that would pass or be skipped."""
    error = rule(verdict(cls), DEFAULT, [declared]).error

    assert error is not None
    assert "PD511" == error.code

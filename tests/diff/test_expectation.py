"""Declarations are strict both ways."""

from __future__ import annotations

from dataclasses import replace

import pytest
from diff_observed import INFORMATIONAL, REAL

from pytest_parsediff.core.errors import BadValueError, ParsediffError
from pytest_parsediff.diff.expectation import (
    Expectation,
    ExpectedKind,
    Unmet,
    check,
    narrow,
)
from pytest_parsediff.diff.verdict import Reason, Verdict, VerdictClass

CHANGED = Verdict(
    adapter="usage", session="a", cls=VerdictClass.CHANGED, fields=(REAL,)
)
IDENTICAL = Verdict(
    adapter="usage",
    session="a",
    cls=VerdictClass.IDENTICAL,
    fields=(INFORMATIONAL,),
)
RACED = Verdict(
    adapter="usage",
    session="a",
    cls=VerdictClass.RACED,
    reason=Reason.MOVED_DURING_RUN,
    fields=(REAL,),
)
STALE = replace(RACED, reason=Reason.NEWER_THAN_ARCHIVE)


def changed(*fields: str, sessions: tuple[str, ...] = ("a",)) -> Expectation:
    """Return the declaration that sessions change in these fields."""
    return Expectation(
        sessions=sessions,
        kind=ExpectedKind.CHANGED,
        fields=fields,
        origin="test_x.py:3",
    )


def raced(*sessions: str, adapter: str = "") -> Expectation:
    """Return the declaration that sessions are raced."""
    return Expectation(
        sessions=sessions or ("a",), kind=ExpectedKind.RACED, adapter=adapter
    )


def texts(unmet: list[Unmet]) -> list[str]:
    """Return the code and the message of each."""
    return [one.error.headline for one in unmet]


def test_a_declared_change_that_comes_true() -> None:
    """Every named session changed in exactly the named fields."""
    other = replace(CHANGED, session="b")

    assert [] == check([CHANGED, other], [changed("model", sessions=("a", "b"))])


def test_informational_differences_are_not_part_of_a_declared_change() -> None:
    """Only real fields are declared."""
    verdict = replace(CHANGED, fields=(REAL, INFORMATIONAL))

    assert [] == check([verdict], [changed("model")])
    (unmet,) = check([verdict], [changed("model", "title")])
    assert unmet.error.message.endswith("did not change: title")


@pytest.mark.parametrize(
    ("verdict", "expectation", "problem"),
    [
        (CHANGED, changed("model", "usage"), "did not change: usage"),
        (CHANGED, changed("usage"), "did not change: usage; changed too: model"),
        (
            replace(CHANGED, fields=(REAL, replace(REAL, field="usage"))),
            changed("model"),
            "changed too: usage",
        ),
        (IDENTICAL, changed("model"), "it is identical"),
        (RACED, changed("model"), "it is raced (moved_during_run)"),
        (CHANGED, raced(), "it is changed"),
        (IDENTICAL, raced(), "it is identical"),
        (STALE, raced(), "the archive is behind (newer_than_archive)"),
    ],
)
def test_a_declaration_that_does_not_come_true(
    verdict: Verdict, expectation: Expectation, problem: str
) -> None:
    """Another class, other fields, more fields: the declaration fails and says why."""
    (unmet,) = check([verdict], [expectation])

    assert "PD511" == unmet.error.code
    assert expectation is unmet.expectation
    assert unmet.error.message.endswith(
        f"session 'a' was declared {expectation.kind}: {problem}"
    )


def test_a_declaration_names_its_place() -> None:
    """The message begins with where it was declared."""
    (unmet,) = check([IDENTICAL], [changed("model")])

    assert unmet.error.message.startswith("test_x.py:3: session 'a'")


def test_an_undeclared_change_stays_a_failure() -> None:
    """A declaration about one session says nothing about another one."""
    other = replace(CHANGED, session="b")

    (unmet,) = check([CHANGED, other], [changed("model")])

    assert "PD509: session 'b' of adapter 'usage' changed: model" == (
        unmet.error.headline
    )
    assert None is unmet.expectation


def test_an_undeclared_race_fails_only_where_races_must_be_declared() -> None:
    """In a live run anybody may write; in a scenario only the scenario does."""
    assert [] == check([RACED], [])

    (unmet,) = check([RACED], [], must_declare_raced=True)

    assert "PD510: session 'a' of adapter 'usage' is raced: moved_during_run" == (
        unmet.error.headline
    )
    assert "raced" in unmet.error.hint
    assert [] == check([RACED], [raced()], must_declare_raced=True)


@pytest.mark.parametrize(
    "cls", sorted({*VerdictClass} - {VerdictClass.CHANGED, VerdictClass.RACED})
)
def test_other_classes_need_no_declaration(cls: VerdictClass) -> None:
    """What they mean for a run, the gate decides."""
    verdict = replace(IDENTICAL, cls=cls)

    assert [] == check([verdict], [], must_declare_raced=True)


def test_a_declaration_of_an_unknown_session_fails() -> None:
    """A session that was renamed or deleted takes no declaration along."""
    unmet = check([CHANGED], [changed("model"), raced("gone", "gone", "a2")])

    assert [
        "PD511: session 'gone' was declared raced: no such session was stored or found",
        "PD511: session 'a2' was declared raced: no such session was stored or found",
    ] == texts(unmet)


def test_a_declaration_for_one_adapter() -> None:
    """The session of the same id of another adapter is another one."""
    mine, other = RACED, replace(CHANGED, adapter="other")

    unmet = check([mine, other], [raced("a", adapter="usage")])

    assert ["PD509"] == [one.error.code for one in unmet]
    unmet = check([mine], [raced("a", adapter="nobody")])
    assert ["PD511"] == [one.error.code for one in unmet]


def test_a_declaration_for_any_adapter_holds_for_each() -> None:
    """Both sessions of that id must be what was declared."""
    unmet = check([RACED, replace(CHANGED, adapter="other")], [raced()])

    assert ["PD511"] == [one.error.code for one in unmet]


def test_two_declarations_of_one_session_must_both_come_true() -> None:
    """One that contradicts the other fails."""
    unmet = check([CHANGED], [changed("model"), raced()])

    assert ["it is changed"] == [one.error.message.rpartition(": ")[2] for one in unmet]


def test_order_of_what_is_unmet() -> None:
    """Verdicts in their order first, then unknown sessions."""
    verdicts = [replace(CHANGED, session="z"), IDENTICAL]

    unmet = check(verdicts, [raced("a", "x")])

    assert ["z", "a", "x"] == [one.session for one in unmet]


def test_what_concerns_one_item() -> None:
    """An item that is one session is held only against what names it."""
    both = raced("a", "b")
    expectations = [both, raced("b"), raced("a", adapter="other")]

    assert [raced("a")] == narrow(expectations, "usage", "a")
    assert [] == check([RACED], narrow(expectations, "usage", "a"))
    assert [] == narrow(expectations, "usage", "c")


@pytest.mark.parametrize(
    ("sessions", "kind", "fields", "message"),
    [
        ((), "raced", (), "PD103: here: expected at least one session id"),
        (("a",), "changed", (), "PD103: here: expected the fields that change"),
        (("a",), "raced", ("x",), "PD103: here: expected no fields for a race, got x"),
    ],
)
def test_a_declaration_that_means_nothing(
    sessions: tuple[str, ...], kind: str, fields: tuple[str, ...], message: str
) -> None:
    """It is refused where it is made."""
    with pytest.raises(BadValueError, match=message):
        Expectation(
            sessions=sessions, kind=ExpectedKind(kind), fields=fields, origin="here"
        )


def test_errors_are_typed() -> None:
    """What is unmet can be raised as it is."""
    (unmet,) = check([CHANGED], [])

    with pytest.raises(ParsediffError, match="PD509"):
        raise unmet.error

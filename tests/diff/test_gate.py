"""Whether a run passes: classes that fail it, budgets, and runs of nothing."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from diff_observed import INFORMATIONAL, REAL

from pytest_parsediff.core.errors import OptionError
from pytest_parsediff.diff.budget import Budget, parse_budget
from pytest_parsediff.diff.gate import (
    GateSettings,
    Totals,
    count_verdicts,
    decide,
    read_settings,
)
from pytest_parsediff.diff.verdict import FieldDiff, Reason, Verdict, VerdictClass

IDENTICAL, CHANGED, RACED = (
    VerdictClass.IDENTICAL,
    VerdictClass.CHANGED,
    VerdictClass.RACED,
)
SKEW, PENDING = VerdictClass.INCREMENTAL_SKEW, VerdictClass.PENDING_RESYNC
NEW, SKIPPED = VerdictClass.NEW_ON_DISK, VerdictClass.SKIPPED
EXCLUDED = VerdictClass.EXCLUDED_BY_PARSER
RETRY, ERROR = VerdictClass.TRANSIENT_NEEDS_RETRY, VerdictClass.PARSE_ERROR


def verdict(
    cls: VerdictClass,
    reason: Reason | None = None,
    fields: tuple[FieldDiff, ...] = (),
    session: str = "a",
) -> Verdict:
    """Return the verdict of some session."""
    return Verdict(
        adapter="usage", session=session, cls=cls, reason=reason, fields=fields
    )


def some(count: int, cls: VerdictClass, reason: Reason | None = None) -> list[Verdict]:
    """Return *count* verdicts of one class."""
    return [verdict(cls, reason)] * count


def stale(count: int) -> list[Verdict]:
    """Return sessions whose archive is behind."""
    return some(count, RACED, Reason.NEWER_THAN_ARCHIVE)


def codes(
    verdicts: Iterable[Verdict], settings: GateSettings | None = None
) -> list[str]:
    """Return the code of each cause to fail."""
    result = decide(count_verdicts(verdicts), settings or GateSettings())
    assert result.passed is (not result.causes)
    return [cause.code for cause in result.causes]


def given(**texts: str) -> GateSettings:
    """Return settings as people write them."""
    return read_settings(texts)


# --- classes that fail ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("cls", "expected"),
    [
        (IDENTICAL, []),
        (CHANGED, ["PD509"]),
        (ERROR, ["PD515"]),
        (RACED, []),
        (SKEW, []),
        (PENDING, []),
        (NEW, []),
        (SKIPPED, []),
        (EXCLUDED, ["PD514"]),
        (RETRY, []),
    ],
)
def test_what_fails_a_run_by_default(cls: VerdictClass, expected: list[str]) -> None:
    """One session of a class, beside enough that are identical."""
    assert expected == codes([*some(9, IDENTICAL), verdict(cls)])


def test_informational_differences_never_fail() -> None:
    """They are counted and nothing else."""
    verdicts = [verdict(IDENTICAL, fields=(INFORMATIONAL,))]

    assert [] == codes(verdicts)
    assert 1 == count_verdicts([*verdicts, *some(2, IDENTICAL)]).informational_only


@pytest.mark.parametrize("cls", sorted(set(VerdictClass) - {IDENTICAL}))
def test_any_class_can_fail_a_run(cls: VerdictClass) -> None:
    """A class that is named fails with every undeclared session."""
    settings = given(fail_on=str(cls), max_excluded="none")

    assert 1 == len(codes([*some(9, IDENTICAL), verdict(cls)], settings))


def test_nothing_can_fail_a_run() -> None:
    """``none`` leaves the budgets."""
    verdicts = [*some(3, CHANGED), *some(2, ERROR)]

    assert [] == codes(verdicts, given(fail_on="none"))


def test_a_cause_says_what_and_what_next() -> None:
    """Each has a code, a text with the count, and a hint."""
    verdicts = [*some(9, IDENTICAL), *some(2, CHANGED), verdict(ERROR)]

    changed, error = decide(count_verdicts(verdicts), GateSettings()).causes

    assert ("PD509", "2 sessions changed") == (changed.code, changed.text)
    assert ("PD515", "1 session parse_error") == (error.code, error.text)
    assert changed.hint.endswith(".")


def test_what_was_declared_and_came_true_does_not_fail() -> None:
    """Declared changes and races count against nothing."""
    verdicts = [
        verdict(CHANGED, session="declared"),
        verdict(RACED, Reason.MOVED_DURING_RUN, session="declared"),
        verdict(IDENTICAL),
    ]
    totals = count_verdicts(verdicts, lambda one: one.session == "declared")
    settings = given(max_raced="0", fail_on="changed,raced")

    assert decide(totals, settings).passed
    assert not decide(count_verdicts(verdicts), settings).passed


# --- budgets --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raced", "budget", "expected"),
    [
        (100, "none", []),
        (0, "0", []),
        (1, "0", ["PD513"]),
        (3, "3", []),
        (4, "3", ["PD513"]),
        (5, "5%", []),
        (6, "5%", ["PD513"]),
        (2, "2.5%", []),
        (3, "2.5%", ["PD513"]),
        (100, "100%", []),
    ],
)
def test_budget_of_races(raced: int, budget: str, expected: list[str]) -> None:
    """A count, or a share of the 100 examined; at the limit is within."""
    verdicts = [*some(raced, RACED), *some(max(0, 100 - raced), IDENTICAL)]

    assert expected == [
        code for code in codes(verdicts, given(max_raced=budget)) if code != "PD512"
    ]


def test_an_archive_that_is_behind_fails_by_default() -> None:
    """It is counted apart from races: recording again is the remedy."""
    verdicts = [*some(9, IDENTICAL), *stale(1)]

    (cause,) = decide(count_verdicts(verdicts), GateSettings()).causes

    assert "PD513" == cause.code
    assert "1 session newer than the archive, of 10; max_stale is 0" == cause.text
    assert "--parsediff-record" in cause.hint
    assert [] == codes(verdicts, given(max_stale="10%", max_raced="0"))


@pytest.mark.parametrize(
    ("reason", "is_stale"),
    [
        (Reason.NEWER_THAN_ARCHIVE, True),
        (Reason.NO_STORED_WATERMARK, True),
        (Reason.MOVED_DURING_RUN, False),
        (Reason.UNREADABLE, False),
        (Reason.ARCHIVE_ROW_REWRITTEN, False),
    ],
)
def test_which_races_are_an_archive_that_is_behind(
    reason: Reason, is_stale: bool
) -> None:
    """Each raced session counts against one of two budgets."""
    totals = count_verdicts([verdict(RACED, reason)])

    assert (1, 0) == (
        (totals.stale, totals.raced) if is_stale else (totals.raced, totals.stale)
    )


def test_vetoes_of_the_parser_are_a_share_of_what_is_in_scope() -> None:
    """A parser that drops sessions on purpose is noticed."""
    verdicts = [*some(8, IDENTICAL), *some(2, EXCLUDED), *some(90, NEW)]

    assert [] == codes(verdicts, given(max_excluded="20%"))
    assert ["PD514"] == codes(verdicts, given(max_excluded="19%"))
    assert ["PD514"] == codes(verdicts)


def test_most_sessions_may_not_be_put_off() -> None:
    """A parser that asks for another pass everywhere verifies nothing."""
    assert [] == codes([*some(5, IDENTICAL), *some(5, RETRY)])
    assert ["PD513"] == codes([*some(5, IDENTICAL), *some(6, RETRY)])
    assert [] == codes(
        [*some(5, IDENTICAL), *some(6, RETRY)], given(max_needs_retry="none")
    )


def test_scope_leaves_out_what_somebody_left_out() -> None:
    """Trashed, not sampled, another adapter's: no lack of coverage. Missing ones are."""
    chosen = [Reason.TRASHED, Reason.NOT_SAMPLED, Reason.OTHER_ADAPTER]
    lacking = [Reason.SOURCE_MISSING, Reason.NOT_DISCOVERED]
    verdicts = [
        verdict(IDENTICAL),
        verdict(NEW),
        *(verdict(SKIPPED, reason) for reason in chosen + lacking),
    ]

    assert 3 == count_verdicts(verdicts).in_scope
    assert {} == count_verdicts(some(1, SKIPPED)).skipped


# --- runs of nothing ------------------------------------------------------------------


@pytest.mark.parametrize(
    "verdicts",
    [
        pytest.param([], id="no session"),
        pytest.param(some(3, SKIPPED, Reason.NOT_DISCOVERED), id="all skipped"),
        pytest.param(some(3, NEW), id="all new"),
        pytest.param(some(3, PENDING), id="all pending"),
        pytest.param(some(3, RACED, Reason.MOVED_DURING_RUN), id="all raced"),
        pytest.param(some(3, SKEW), id="all skewed"),
        pytest.param(
            [verdict(PENDING), verdict(SKEW), verdict(RACED), verdict(NEW)],
            id="a mixture",
        ),
    ],
)
def test_a_run_that_verified_nothing_fails(verdicts: list[Verdict]) -> None:
    """It is an error and no pass, unless somebody says that it may."""
    assert ["PD512"] == codes(verdicts)
    assert [] == codes(verdicts, given(min_examined="0"))


@pytest.mark.parametrize(
    ("cls", "code"), [(EXCLUDED, "PD514"), (RETRY, "PD513"), (ERROR, "PD515")]
)
def test_a_run_of_nothing_else_fails_twice(cls: VerdictClass, code: str) -> None:
    """Over budget, and nothing verified."""
    assert [code, "PD512"] == codes(some(3, cls))


@pytest.mark.parametrize("cls", [PENDING, RACED, SKEW])
def test_one_session_that_was_verified_is_enough(cls: VerdictClass) -> None:
    """A part that could not be verified passes: 4 of 5."""
    assert [] == codes([*some(4, cls), verdict(IDENTICAL)])


def test_races_that_were_declared_are_verified() -> None:
    """A scenario whose only session shall be raced has proved that."""
    totals = count_verdicts(some(1, RACED), lambda _: True)

    assert decide(totals, GateSettings()).passed
    assert 3 == (totals + count_verdicts(some(2, IDENTICAL))).verified


@pytest.mark.parametrize(
    ("verdicts", "text", "hint"),
    [
        ([], "no session was stored or found", "Check archive"),
        (some(1, SKEW), "nothing was verified; 1 session: 1 incremental_skew", "Check"),
        (
            [*some(2, PENDING), verdict(NEW)],
            "nothing was verified; 3 sessions: 2 pending_resync, 1 new_on_disk",
            "Record the archive again",
        ),
        (
            some(2, RACED),
            "nothing was verified; 2 sessions: 2 raced",
            "Run again when nobody writes",
        ),
        (
            [*some(2, RACED), verdict(SKEW)],
            "nothing was verified; 3 sessions: 2 raced, 1 incremental_skew",
            "Check",
        ),
    ],
)
def test_a_run_of_nothing_says_why(
    verdicts: list[Verdict], text: str, hint: str
) -> None:
    """The classes are listed, and the hint fits them."""
    (cause,) = decide(count_verdicts(verdicts), GateSettings()).causes

    assert text == cause.text
    assert cause.hint.startswith(hint)


@pytest.mark.parametrize(
    ("verdicts", "hint"),
    [
        ([*stale(1), verdict(PENDING)], "Record the archive again"),
        ([*stale(2), verdict(SKEW)], "Check"),
        ([verdict(PENDING), verdict(RACED)], "Check"),
    ],
)
def test_recording_again_helps_only_where_nothing_else_is_in_the_way(
    verdicts: list[Verdict], hint: str
) -> None:
    """The last cause is that nothing was verified."""
    cause = decide(count_verdicts(verdicts), GateSettings()).causes[-1]

    assert "PD512" == cause.code
    assert cause.hint.startswith(hint)


def test_all_stale_is_nothing_verified_too() -> None:
    """With a remedy: record again."""
    stale_cause, vacuous = decide(count_verdicts(stale(2)), GateSettings()).causes

    assert ("PD513", "PD512") == (stale_cause.code, vacuous.code)
    assert vacuous.hint.startswith("Record the archive again")


@pytest.mark.parametrize(
    ("least", "expected"),
    [("10", []), ("11", ["PD513"]), ("50%", []), ("51%", ["PD513"])],
)
def test_fewest_examined(least: str, expected: list[str]) -> None:
    """A count, or a share of the 20 sessions in scope."""
    verdicts = [
        *some(10, IDENTICAL),
        *some(10, SKIPPED, Reason.SOURCE_MISSING),
        *some(80, SKIPPED, Reason.NOT_SAMPLED),
    ]

    assert expected == codes(verdicts, given(min_examined=least))


def test_too_few_examined_says_how_many() -> None:
    """The setting is named."""
    (cause,) = decide(
        count_verdicts(some(2, IDENTICAL)), given(min_examined="3")
    ).causes

    assert "2 sessions examined, of 2; min_examined is 3" == cause.text


# --- totals ---------------------------------------------------------------------------


def test_totals_of_parts_can_be_added() -> None:
    """Counting two halves is counting the whole."""
    verdicts = [
        *(verdict(cls, fields=(REAL, INFORMATIONAL)) for cls in VerdictClass),
        *stale(2),
        verdict(SKIPPED, Reason.TRASHED),
        verdict(CHANGED, fields=(REAL,), session="declared"),
    ]

    def is_declared(one: Verdict) -> bool:
        return one.session == "declared"

    whole = count_verdicts(verdicts, is_declared)
    halves = [verdicts[:7], verdicts[7:]]
    added = sum((count_verdicts(half, is_declared) for half in halves), Totals())

    assert whole == added
    assert len(verdicts) == whole.sessions
    assert (8, 3) == (whole.examined, whole.verified)


def test_histogram_of_fields() -> None:
    """Changed sessions per real field, most first, then by name; others not at all."""
    b, a = FieldDiff(field="b", stored="1", parsed="2"), REAL
    verdicts = [
        verdict(CHANGED, fields=(b, b, INFORMATIONAL)),
        verdict(CHANGED, fields=(a, FieldDiff(field="c", stored="", parsed="1"))),
        verdict(CHANGED, fields=(b,)),
        verdict(RACED, fields=(a,)),
        verdict(SKEW, fields=(a,)),
        verdict(PENDING, fields=(a,)),
    ]

    assert [("b", 2), ("c", 1), ("model", 1)] == count_verdicts(verdicts).histogram


# --- settings -------------------------------------------------------------------------


def test_defaults() -> None:
    """Changes, errors, stale archives and vetoes fail; races do not."""
    settings = GateSettings()

    assert settings == read_settings({})
    assert {CHANGED, ERROR} == settings.fail_on
    assert None is settings.max_raced
    assert ["0", "0", "50%", "1"] == [
        str(settings.max_stale),
        str(settings.max_excluded),
        str(settings.max_needs_retry),
        str(settings.min_examined),
    ]
    assert 2 == settings.raced_retries


def test_settings_as_text() -> None:
    """Spaces, commas, hyphens and capitals are as people type them."""
    settings = given(
        fail_on=" changed,Parse-Error raced",
        max_raced=" 2.5 %",
        max_stale="None",
        max_excluded="3",
        min_examined="80%",
        raced_retries=" 0 ",
    )

    assert {CHANGED, ERROR, RACED} == settings.fail_on
    assert ("2.5%", None, "3", "80%", 0) == (
        str(settings.max_raced),
        settings.max_stale,
        str(settings.max_excluded),
        str(settings.min_examined),
        settings.raced_retries,
    )


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("fail_on", "chnaged", "got 'chnaged'; the nearest is 'changed'"),
        ("fail_on", "zzz", r"expected one of changed, .* parse_error, got 'zzz'\n"),
        ("fail_on", "identical", "got 'identical'"),
        ("fail_on", "none,changed", "got 'none'"),
        ("max_raced", "", "max_raced: expected a whole number, or 0% to 100%, got ''"),
        ("max_raced", "-1", "got '-1'"),
        ("max_raced", "1.5", "got '1.5'"),
        ("max_raced", "101%", "got '101%'"),
        ("max_raced", "1e3", "got '1e3'"),
        ("max_raced", "٣", "got '٣'"),
        ("max_raced", "1234567890", "got '1234567890'"),
        ("min_examined", "none", "min_examined: expected .* got 'none'"),
        ("raced_retries", "1001", "expected a number from 0 to 1000, got '1001'"),
        ("raced_retries", "9" * 5000, "raced_retries: expected"),
        ("raced_retries", "0000000009999", "raced_retries: expected"),
        ("raced_retries", "two", "got 'two'"),
        ("raced_retries", "²", "got '²'"),
        ("max_rced", "1", "unknown setting of the gate 'max_rced'"),
    ],
    ids=lambda value: str(value)[:15],
)
def test_settings_that_mean_nothing(name: str, text: str, message: str) -> None:
    """The setting is named, and what was expected."""
    with pytest.raises(OptionError, match=message) as caught:
        read_settings({name: text})

    assert "PD116" == caught.value.code


def test_most_retries() -> None:
    """The largest number that is taken."""
    assert 1000 == given(raced_retries="1000").raced_retries


@pytest.mark.parametrize("text", ["0", "7", "0%", "5%", "2.5%", "100%"])
def test_a_budget_reads_as_it_is_written(text: str) -> None:
    """Its text is the shortest that means it."""
    assert text == str(parse_budget(text, "x"))


def test_a_share_of_nothing_is_nothing() -> None:
    """No division, no surprise."""
    assert parse_budget("5%", "x").covers(0, 0)
    assert Budget.of(0).is_reached(0, 0)

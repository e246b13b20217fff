"""What holds for any observations."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import assume, example, given
from hypothesis import strategies as st

from pytest_parsediff.diff.evidence import Evidence, Outcome, SourcePolicy, weigh
from pytest_parsediff.diff.observation import Observation
from pytest_parsediff.diff.verdict import Reason

# few values, so that equal ones are as likely as different ones
SMALL = st.none() | st.integers(0, 3)
TEXTS = st.none() | st.sampled_from(["a", "b"])
OBSERVATIONS = st.builds(
    Observation,
    exists=st.booleans(),
    size=SMALL,
    mtime_ns=SMALL,
    ctime_ns=SMALL,
    inode=TEXTS,
    content_hash=TEXTS,
    consumed=SMALL,
    row_digest=TEXTS,
    error=st.sampled_from(["", "", "", "denied"]),
)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Everything that is weighed, but the three observations."""

    policy: SourcePolicy = SourcePolicy.FILE
    side_has_observations: bool = True
    is_alone: bool = True
    reference: Observation | None = None

    def weigh(
        self, stored: Observation | None, before: Observation, after: Observation
    ) -> Evidence:
        """Weigh three observations."""
        return weigh(
            stored,
            before,
            after,
            policy=self.policy,
            side_has_observations=self.side_has_observations,
            is_alone=self.is_alone,
            reference=self.reference,
        )


SETTINGS = st.builds(
    Setting,
    policy=st.sampled_from(SourcePolicy),
    side_has_observations=st.booleans(),
    is_alone=st.booleans(),
    reference=st.none() | OBSERVATIONS,
)


@given(OBSERVATIONS, SETTINGS)
@example(Observation(size=1), Setting())
def test_what_is_the_same_three_times_never_moved(
    seen: Observation, setting: Setting
) -> None:
    """Stored, before and after the same: no move, if nothing else was seen first."""
    evidence = replace(setting, reference=None).weigh(seen, seen, seen)

    assert evidence.outcome is not Outcome.MOVED
    assert not evidence.has_moved_in_attempt


@given(OBSERVATIONS, SETTINGS)
def test_proof_needs_no_first_attempt(seen: Observation, setting: Setting) -> None:
    """What is proved untouched stays so, whatever an earlier attempt saw."""
    plain = replace(setting, reference=None).weigh(seen, seen, seen)

    if plain.reason is Reason.CONTENT_EQUAL:
        assert setting.weigh(seen, seen, seen).reason is Reason.CONTENT_EQUAL


@given(st.none() | OBSERVATIONS, OBSERVATIONS, OBSERVATIONS, SETTINGS)
def test_other_bytes_are_never_untouched(
    stored: Observation | None,
    before: Observation,
    after: Observation,
    setting: Setting,
) -> None:
    """A file whose hash changed between before and after is not untouched."""
    before = replace(before, content_hash="a")
    after = replace(after, content_hash="b")

    evidence = replace(setting, policy=SourcePolicy.FILE).weigh(stored, before, after)

    assert evidence.outcome is not Outcome.UNTOUCHED


@given(st.none() | OBSERVATIONS, OBSERVATIONS, OBSERVATIONS, SETTINGS)
def test_another_stat_without_hash_is_never_untouched(
    stored: Observation | None,
    before: Observation,
    after: Observation,
    setting: Setting,
) -> None:
    """Where nobody hashed again, a new time is a move of a file."""
    before = replace(before, mtime_ns=1)
    after = replace(after, mtime_ns=2, content_hash=None)

    evidence = replace(setting, policy=SourcePolicy.FILE).weigh(stored, before, after)

    assert evidence.outcome is not Outcome.UNTOUCHED


@given(st.none() | OBSERVATIONS, OBSERVATIONS, OBSERVATIONS, SETTINGS)
def test_outcome_and_reason_agree(
    stored: Observation | None,
    before: Observation,
    after: Observation,
    setting: Setting,
) -> None:
    """A move has a reason to be one; no evidence says so; only digests prove."""
    evidence = setting.weigh(stored, before, after)

    moves: set[Reason | None] = {
        Reason.UNREADABLE,
        Reason.NEWER_THAN_ARCHIVE,
        Reason.NO_STORED_WATERMARK,
        Reason.MOVED_DURING_RUN,
    }
    allowed: dict[Outcome, set[Reason | None]] = {
        Outcome.MOVED: moves,
        Outcome.NONE: {Reason.NO_EVIDENCE},
        Outcome.UNTOUCHED: {Reason.CONTENT_EQUAL, None},
    }
    assert evidence.reason in allowed[evidence.outcome]


@given(OBSERVATIONS, OBSERVATIONS, OBSERVATIONS, SETTINGS)
def test_a_shared_file_is_never_raced_by_its_bytes(
    stored: Observation,
    before: Observation,
    after: Observation,
    setting: Setting,
) -> None:
    """Of several sessions in one file none is raced, unless the file is gone."""
    assume(setting.policy is not SourcePolicy.ROW)

    evidence = replace(setting, is_alone=False).weigh(stored, before, after)

    assert evidence.outcome is not Outcome.MOVED or (
        evidence.reason is Reason.UNREADABLE
    )


@given(OBSERVATIONS, OBSERVATIONS, OBSERVATIONS, SETTINGS)
def test_a_hash_that_differs_says_nothing_about_a_transcript(
    stored: Observation,
    before: Observation,
    after: Observation,
    setting: Setting,
) -> None:
    """Codex: three different hashes are as good as none, in either direction."""
    setting = replace(setting, policy=SourcePolicy.CODEX, reference=None)

    with_hashes = setting.weigh(
        replace(stored, content_hash="1"),
        replace(before, content_hash="2"),
        replace(after, content_hash="3"),
    )
    without = setting.weigh(
        replace(stored, content_hash=None),
        replace(before, content_hash=None),
        replace(after, content_hash=None),
    )

    assert with_hashes.outcome is without.outcome
    assert with_hashes.reason is without.reason
    assert with_hashes.has_moved_in_attempt is without.has_moved_in_attempt


@given(OBSERVATIONS, OBSERVATIONS, OBSERVATIONS, SETTINGS, st.integers(0, 9))
def test_times_say_nothing_about_a_transcript(
    stored: Observation,
    before: Observation,
    after: Observation,
    setting: Setting,
    mtime_ns: int,
) -> None:
    """Codex: any stored or live time may be that of the title index."""
    setting = replace(setting, policy=SourcePolicy.CODEX)
    retimed = replace(stored, mtime_ns=mtime_ns)

    plain = setting.weigh(stored, before, after)

    assert setting.weigh(retimed, before, after).outcome is plain.outcome
    touched = replace(after, mtime_ns=mtime_ns, ctime_ns=mtime_ns)
    assert setting.weigh(stored, before, touched).outcome is plain.outcome

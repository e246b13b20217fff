"""Which sessions a run looks at: the newest, a seeded sample, a share of each stratum."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_parsediff.core.errors import OptionError
from pytest_parsediff.diff.budget import Budget
from pytest_parsediff.diff.sample import (
    AGE_CLASSES_NS,
    SIZE_CLASSES,
    Candidate,
    SampleSpec,
    Stratum,
    choose,
    parse_sample,
)

DAY_NS = 24 * 60 * 60 * 10**9


def named(*names: str, adapter: str = "usage") -> list[Candidate]:
    """Return candidates that differ by name only."""
    return [Candidate(adapter, name) for name in names]


def numbered(count: int, adapter: str = "usage", size: int = 0) -> list[Candidate]:
    """Return candidates with numbers for names, each a second newer than the last."""
    return [
        Candidate(adapter, f"{adapter}{number}", number * 10**9, size)
        for number in range(count)
    ]


def names_of(candidates: tuple[Candidate, ...]) -> list[str]:
    """Return the names, in order."""
    return [one.name for one in candidates]


# --- limit ----------------------------------------------------------------------------


def test_the_limit_takes_the_newest() -> None:
    """What is cut is told too, newest first as well."""
    choice = choose(numbered(4), limit=2)

    assert ["usage3", "usage2"] == names_of(choice.chosen)
    assert ["usage1", "usage0"] == names_of(choice.cut)


def test_ties_are_broken_by_name() -> None:
    """Equally new ones come by name, then by adapter; unknown times are the oldest."""
    candidates = [
        Candidate("b", "m", 5),
        Candidate("a", "m", 5),
        Candidate("z", "a", 5),
        Candidate("a", "old", None),
        Candidate("a", "new", 6),
    ]

    choice = choose(candidates, limit=4)

    assert ["new", "a", "m", "m"] == names_of(choice.chosen)
    assert ["a", "z", "a", "b"] == [one.adapter for one in choice.chosen]
    assert ["old"] == names_of(choice.cut)


@pytest.mark.parametrize("limit", [0, 4, 5])
def test_a_limit_that_cuts_nothing(limit: int) -> None:
    """No limit, or one that is not reached."""
    choice = choose(numbered(4), limit=limit)

    assert (4, 0) == (len(choice.chosen), len(choice.cut))


def test_nothing_to_choose_from() -> None:
    """No candidates, no choice, no error."""
    choice = choose([], limit=3, sample=parse_sample("10%:stratified,age"))

    assert ((), ()) == (choice.chosen, choice.cut)


# --- sample ---------------------------------------------------------------------------


def test_a_sample_is_the_same_everywhere() -> None:
    """The same seed draws the same sessions on every Python and machine."""
    choice = choose(numbered(100), sample=parse_sample("7"), seed=1)

    assert ["usage99", "usage96", "usage70"] == names_of(choice.chosen)[:3]
    assert 93 == len(choice.cut)


def test_another_seed_draws_another_sample() -> None:
    """Numbers and words are seeds."""
    samples = {
        choose(numbered(100), sample=parse_sample("7"), seed=seed).chosen
        for seed in (0, 1, "1", "nightly", -1)
    }

    assert 5 == len(samples)


@given(st.randoms(use_true_random=False), st.integers(0, 30))
def test_order_of_the_candidates_does_not_matter(
    shuffler: random.Random, count: int
) -> None:
    """A sample is one of a set."""
    candidates = numbered(20) + numbered(10, "codex", 10**6)
    spec = SampleSpec(Budget.of(count), (Stratum.ADAPTER, Stratum.SIZE))
    expected = choose(candidates, sample=spec, seed=3)

    shuffler.shuffle(candidates)

    assert expected == choose(candidates, sample=spec, seed=3)
    assert count == len(expected.chosen)


def test_a_sample_of_a_growing_store_keeps_most_of_its_sessions() -> None:
    """One more session takes at most one place."""
    before = choose(numbered(100), sample=parse_sample("20"), seed=5).chosen
    after = choose(numbered(101), sample=parse_sample("20"), seed=5).chosen

    assert len(set(before) & set(after)) >= 19


@pytest.mark.parametrize(
    ("text", "expected"),
    [("5", 5), ("10%", 10), ("0.5%", 1), ("2.5%", 3), ("100%", 100), ("500", 100)],
)
def test_size_of_a_sample(text: str, expected: int) -> None:
    """A share is rounded up, and never more than there are."""
    choice = choose(numbered(100), sample=parse_sample(text))

    assert expected == len(choice.chosen)


def test_a_share_of_many() -> None:
    """All are all, whatever their number."""
    choice = choose(numbered(250), sample=parse_sample("100%"))

    assert 250 == len(choice.chosen)
    assert 25 == len(choose(numbered(250), sample=parse_sample("10%")).chosen)


def test_a_sample_without_a_seed_is_that_of_seed_0() -> None:
    """It is the same in every run too."""
    spec = parse_sample("5")

    assert choose(numbered(50), sample=spec, seed=0) == choose(
        numbered(50), sample=spec
    )


def test_a_sample_is_drawn_from_what_the_limit_leaves() -> None:
    """Newest first, then by chance."""
    choice = choose(numbered(100), limit=10, sample=parse_sample("50%"))

    assert 5 == len(choice.chosen)
    assert {f"usage{number}" for number in range(90, 100)} > set(
        names_of(choice.chosen)
    )
    assert 95 == len(choice.cut)


def test_every_session_is_as_likely() -> None:
    """Over many seeds each session is drawn about as often."""
    drawn: Counter[str] = Counter()
    for seed in range(400):
        choice = choose(numbered(10), sample=parse_sample("3"), seed=seed)
        drawn.update(names_of(choice.chosen))

    assert 10 == len(drawn)
    assert all(80 < count < 160 for count in drawn.values())


# --- strata ---------------------------------------------------------------------------


def drawn_by(candidates: list[Candidate], text: str) -> Counter[str]:
    """Return how many of each adapter a sample takes."""
    choice = choose(candidates, sample=parse_sample(text), seed=1)
    return Counter(one.adapter for one in choice.chosen)


def test_a_share_of_each_adapter() -> None:
    """A rare adapter is not lost among many sessions of another one."""
    candidates = numbered(90, "common") + numbered(9, "some") + numbered(1, "rare")

    assert {"common": 9, "some": 1, "rare": 1} != drawn_by(candidates, "10%")
    assert {"common": 8, "some": 1, "rare": 1} == drawn_by(candidates, "10%:adapter")
    assert {"common": 90, "some": 9, "rare": 1} == drawn_by(candidates, "100%:adapter")


def test_fewer_than_strata() -> None:
    """The largest strata come first, by name among equals."""
    candidates = numbered(2, "a") + numbered(5, "b") + numbered(5, "c")

    assert {"b": 1} == drawn_by(candidates, "1:adapter")
    assert {"b": 1, "c": 1} == drawn_by(candidates, "2:adapter")
    assert {"a": 1, "b": 2, "c": 1} == drawn_by(candidates, "4:adapter")


@given(
    st.dictionaries(st.sampled_from("abcde"), st.integers(1, 12), min_size=1),
    st.integers(1, 70),
)
def test_shares_are_fair(sizes: dict[str, int], wanted: int) -> None:
    """As many as asked, never more than there are, one of each while they last."""
    candidates = [one for name, size in sizes.items() for one in numbered(size, name)]

    drawn = drawn_by(candidates, f"{wanted}:adapter")

    total = sum(sizes.values())
    assert min(wanted, total) == sum(drawn.values())
    assert all(count <= sizes[name] for name, count in drawn.items())
    if wanted >= len(sizes):
        assert set(sizes) == set(drawn)
        assert all(
            count < 2 + sizes[name] * wanted / total for name, count in drawn.items()
        )


@pytest.mark.parametrize(
    "sizes",
    [
        (0, SIZE_CLASSES[0] - 1),
        (SIZE_CLASSES[0], SIZE_CLASSES[1] - 1),
        (SIZE_CLASSES[1], SIZE_CLASSES[2] - 1),
        (SIZE_CLASSES[2], SIZE_CLASSES[3] - 1),
        (SIZE_CLASSES[3], 10**12),
        (None, None),
    ],
)
def test_classes_of_size(sizes: tuple[int | None, int | None]) -> None:
    """Ends of one class are of one stratum, and everything else of others."""
    edges: list[int | None] = [None, 0, *SIZE_CLASSES]
    others = [
        Candidate("usage", f"o{edge}", size=edge) for edge in edges if edge not in sizes
    ]
    same = [
        Candidate("usage", f"s{place}", size=size) for place, size in enumerate(sizes)
    ]

    choice = choose(same + others, sample=parse_sample("6:size"))

    assert len(others) + 1 == len(choice.chosen)


def test_classes_of_age() -> None:
    """Ages are held against the newest candidate, so the day of the run is no matter."""
    now_ns = 10**18
    ages = [0, *(end - 1 for end in AGE_CLASSES_NS), *AGE_CLASSES_NS]
    candidates = [Candidate("usage", str(age), now_ns - age) for age in ages]

    chosen = choose(candidates, sample=parse_sample("5:age")).chosen
    later = [Candidate(one.adapter, one.name, one.mtime_ns) for one in candidates]

    classes = Counter(
        sum((now_ns - (one.mtime_ns or 0)) >= end for end in AGE_CLASSES_NS)
        for one in chosen
    )
    assert {0: 1, 1: 1, 2: 1, 3: 1, 4: 1} == classes
    assert chosen == choose(later, sample=parse_sample("5:age")).chosen


def test_ends_of_the_classes() -> None:
    """4 and 64 KiB, 1 and 16 MiB; a day, a week, 30 days and a year of 365."""
    assert (4096, 65536, 1048576, 16777216) == SIZE_CLASSES
    days = [end / 10**9 / 3600 / 24 for end in AGE_CLASSES_NS]
    assert [1, 7, 30, 365] == days


@pytest.mark.parametrize("text", ["2:size", "2:age"])
def test_what_is_not_known_has_a_place(text: str) -> None:
    """No size is a class of its own, and no time is the oldest."""
    known = Candidate("usage", "known", 10**18, 0)
    others = [Candidate("usage", f"k{number}", 10**18, 0) for number in range(50)]
    unknown = Candidate("usage", "unknown", None, None)

    choice = choose([known, *others, unknown], sample=parse_sample(text))

    assert unknown in choice.chosen


def test_candidates_without_any_time() -> None:
    """They are all as old, and as old as one of the epoch."""
    unknown = [Candidate("usage", "a"), Candidate("usage", "c")]

    choice = choose([Candidate("usage", "b", 0), *unknown])

    assert ["a", "b", "c"] == names_of(choice.chosen)


def test_several_strata_at_once() -> None:
    """Stratified is by adapter and size."""
    small, large = numbered(50, "a", 1), numbered(50, "b", 10**9)
    mixed = [*small, *large, Candidate("a", "large", 0, 10**9)]

    choice = choose(mixed, sample=parse_sample("3:stratified"))

    assert {("a", 1), ("b", 10**9), ("a", 10**9)} == {
        (one.adapter, one.size) for one in choice.chosen
    }


# --- texts ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "by"),
    [
        ("20", ()),
        ("20:adapter", (Stratum.ADAPTER,)),
        ("20 : Size , age", (Stratum.SIZE, Stratum.AGE)),
        ("20:stratified", (Stratum.ADAPTER, Stratum.SIZE)),
        ("20:size,stratified", (Stratum.SIZE, Stratum.ADAPTER)),
    ],
)
def test_by_what_a_sample_is_spread(text: str, by: tuple[Stratum, ...]) -> None:
    """Strata stand after a colon, between commas, each counts once."""
    assert SampleSpec(Budget.of(20), by) == parse_sample(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "sample: expected a whole number"),
        ("0", "sample: expected at least one session, got '0'"),
        ("0%", "expected at least one session"),
        ("x", "expected a whole number, or 0% to 100%, got 'x'"),
        ("5:", "expected one of adapter, size, age, stratified after ':', got ''"),
        ("5:adaptor", "got 'adaptor'; the nearest is 'adapter'"),
    ],
)
def test_samples_that_mean_nothing(text: str, message: str) -> None:
    """The text is refused with what was expected."""
    with pytest.raises(OptionError, match=message) as caught:
        parse_sample(text)

    assert "PD116" == caught.value.code

"""The unified diff of a mismatch."""

from __future__ import annotations

import pytest
from golden_lines import ID, diff_of, event, events, shown

from pytest_parsediff.golden.explain import explain
from pytest_parsediff.golden.render import render


def test_the_difference_of_long_lines_is_in_sight() -> None:
    """Lines of thousands of characters are cut around what differs, in line."""
    filler = "lorem ipsum " * 200
    expected = [event(0, a=filler, b="old", c=filler)]
    actual = [event(0, a=filler, b="new", c=filler)]

    texts = shown(expected, actual)
    removed, added = diff_of(texts)[1:]

    assert '"b":"old"' in removed
    assert '"b":"new"' in added
    assert removed.index("old") == added.index("new")
    assert ("-…", "+…") == (removed[:2], added[:2])
    assert all(len(text) <= 160 for text in texts)


def test_the_diff_has_hunks_with_context() -> None:
    """Two differences far apart are two hunks with two equal lines around each."""
    expected = events(20, n=1)
    actual = [event(n, n=1 + (n in (3, 15))) for n in range(20)]
    actual.insert(10, event(50, n=1))

    diff = diff_of(shown(expected, actual))

    headers = [text for text in diff if text.startswith("@@")]
    assert ["@@ -2,5 +2,5 @@", "@@ -9,4 +9,5 @@", "@@ -14,5 +15,5 @@"] == headers
    assert [" ", " ", "-", "+", " ", " "] == [text[0] for text in diff[1:7]]


def test_differences_close_together_share_a_hunk() -> None:
    """Hunks whose context would touch are one."""
    expected = events(12, n=1)
    actual = [event(n, n=1 + (n in (3, 8))) for n in range(12)]

    headers = [text for text in diff_of(shown(expected, actual)) if text[0] == "@"]

    assert ["@@ -2,10 +2,10 @@"] == headers


@pytest.mark.parametrize("side", ["expected", "actual"])
def test_the_diff_of_nothing_starts_at_line_zero(side: str) -> None:
    """A side without lines has the range that diff gives it."""
    pair = ([], events(2)) if side == "expected" else (events(2), [])

    header = diff_of(shown(*pair))[0]

    assert ("@@ -0,0 +1,2 @@" if side == "expected" else "@@ -1,2 +0,0 @@") == header


def test_the_diff_is_bounded_and_counts_the_rest() -> None:
    """Forty lines with headers are shown, pairs stay whole, the rest is counted."""
    diff = diff_of(shown(events(1_000, n=1), events(1_000, n=2)))

    assert ["@", *["-", "+"] * 19, "…"] == [text[0] for text in diff]
    assert "… 1962 more differing lines" == diff[-1]


def test_one_line_that_is_left_out_is_singular() -> None:
    """The note speaks of one line when there is one."""
    diff = diff_of(shown(events(40), []))

    assert "… 1 more differing line" == diff[-1]


def test_a_hunk_that_does_not_fit_is_left_out() -> None:
    """No hunk is begun that could show nothing but context."""
    expected = events(40, n=1)
    actual = [event(n, n=1 + (n in (3, 20, 30))) for n in range(40)]
    found = explain(expected, actual, key=ID)

    texts = [line.text for line in render(found, diff=11)]

    assert "… 4 more differing lines" == texts[-1]
    assert 1 == sum(text.startswith("@@") for text in texts)


def test_a_long_gap_shows_both_sides_in_turns() -> None:
    """When everything is another event, the short diff has some of either side."""
    expected, actual = events(30), [event(n) for n in range(100, 130)]

    diff = diff_of(shown(expected, actual))

    assert "@" + "-" * 10 + "+" * 10 + "-" * 10 + "+" * 9 + "…" == "".join(
        text[0] for text in diff
    )


def test_without_order_moves_do_not_show() -> None:
    """The diff keeps the golden's order and shows only what changed."""
    expected = events(4, n=1)
    actual = [event(3, n=1), event(1, n=2), event(2, n=1), event(0, n=1), event(9)]

    texts = shown(expected, actual, ordered=False)

    assert "2 events differ: 1 changed, 1 extra" == texts[0]
    assert sorted(["-", "+", "+", " ", " ", " ", "@"]) == sorted(
        text[0] for text in diff_of(texts)
    )


def test_another_spelling_is_a_note_and_a_diff() -> None:
    """Equal values in other bytes show both spellings when nothing else differs."""
    texts = shown([b'{"n":1.0}', b"{}"], [b'{"n":1}', b"{}"], key=())

    assert [
        "no event differs",
        "1 event has the same value in other bytes",
        "--- expected",
        "+++ actual",
        "@@ -1,2 +1,2 @@",
        '-{"n":1.0}',
        '+{"n":1}',
        " {}",
    ] == texts


def test_spelling_does_not_hide_a_difference() -> None:
    """Beside a real difference another spelling is context."""
    expected = [b'{"n":1.0}', b'{"n":2.0}', *events(1)]
    texts = shown(expected, [b'{"n":1}', b'{"n":2}'], key=())

    assert "2 events have the same value in other bytes" == texts[1]
    assert ["@", " ", " ", "-"] == [text[0] for text in diff_of(texts)]

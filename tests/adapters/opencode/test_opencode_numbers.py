"""Tokens, times, cells and addresses: the small pure functions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_parsediff.adapters.opencode.cells import (
    INT64_MAX,
    INT64_MIN,
    Codec,
    RequiredCells,
)
from pytest_parsediff.adapters.opencode.times import LAST_MS, microseconds
from pytest_parsediff.adapters.opencode.tokens import (
    Tokens,
    context_used,
    difference,
    since,
    step_deltas,
)
from pytest_parsediff.adapters.opencode.uri import input_uri, part_uri, row_uri
from pytest_parsediff.core.errors import RowError, Where

UTF8 = Codec("utf-8")
int64 = st.integers(INT64_MIN, INT64_MAX)
counts = st.lists(st.integers(0, INT64_MAX), max_size=8)


def ignore(_counter: str) -> None:
    """Take note of nothing."""


def test_steps_are_differences_of_the_raw_snapshots() -> None:
    """A step that falls is zero, and the next one is compared with the fallen one."""
    snapshots = [Tokens(input=count) for count in (100, 250, 410, 400, 405)]

    deltas = [delta.input for delta in step_deltas(snapshots, ignore)]

    assert [100, 150, 160, 0, 5] == deltas


@given(counts)
def test_steps_of_rising_counters_add_up(raw: list[int]) -> None:
    """When a counter never falls, the steps add up to its last value."""
    rising = sorted(raw)
    deltas = step_deltas([Tokens(output=count) for count in rising], ignore)

    assert (rising[-1] if rising else 0) == sum(delta.output for delta in deltas)


@given(st.lists(int64, max_size=8))
def test_steps_stay_in_range(raw: list[int]) -> None:
    """Every step is between zero and the greatest 64-bit integer."""
    deltas = step_deltas([Tokens(reasoning=count) for count in raw], ignore)

    assert len(raw) == len(deltas)
    assert all(0 <= delta.reasoning <= INT64_MAX for delta in deltas)


def test_first_step_below_zero_is_zero() -> None:
    """The first step is floored like every other one."""
    assert [0] == [d.input for d in step_deltas([Tokens(input=-5)], ignore)]


@pytest.mark.parametrize(
    ("minuend", "subtrahend", "expected"),
    [
        (5, 3, (2, False)),
        (3, 5, (0, False)),
        (INT64_MAX, -1, (INT64_MAX, True)),
        (INT64_MIN, 1, (0, True)),
        (0, INT64_MIN, (0, True)),
        (-1, INT64_MIN, (INT64_MAX, False)),
    ],
)
def test_difference(minuend: int, subtrahend: int, expected: tuple[int, bool]) -> None:
    """Overflow gives the greatest integer for a positive minuend, else zero."""
    assert expected == difference(minuend, subtrahend)


def test_every_counter_is_subtracted_and_clamping_is_told() -> None:
    """Each of the six counters is subtracted from its own predecessor."""
    told: list[str] = []
    current = Tokens(
        total=60, input=50, output=40, reasoning=30, cache_read=20, cache_write=10
    )
    previous = Tokens(
        total=1, input=2, output=3, reasoning=4, cache_read=5, cache_write=INT64_MIN
    )

    used = since(current, previous, told.append)

    expected = Tokens(
        total=59,
        input=48,
        output=37,
        reasoning=26,
        cache_read=15,
        cache_write=INT64_MAX,
    )
    assert expected == used
    assert ["cache_write"] == told


def test_context_is_four_counters() -> None:
    """Reasoning and the provider's total do not count as context."""
    tokens = Tokens(
        total=10**6,
        input=1,
        output=20,
        reasoning=10**5,
        cache_read=300,
        cache_write=4000,
    )

    assert 4321 == context_used(tokens, ignore)


@given(int64, int64, int64, int64)
def test_context_stays_in_range(i: int, o: int, read: int, write: int) -> None:
    """The context is a 64-bit integer, exact unless clamping was told."""
    told: list[str] = []
    tokens = Tokens(input=i, output=o, cache_read=read, cache_write=write)

    used = context_used(tokens, told.append)

    assert INT64_MIN <= used <= INT64_MAX
    assert told or i + o + read + write == used


@pytest.mark.parametrize(
    ("ms", "expected"),
    [
        (-1, (0, False)),
        (0, (0, False)),
        (1, (1000, False)),
        (LAST_MS, (9223372036854775000, False)),
        (LAST_MS + 1, (INT64_MAX, True)),
        (INT64_MAX, (INT64_MAX, True)),
    ],
)
def test_microseconds(ms: int, expected: tuple[int, bool]) -> None:
    """Milliseconds become microseconds between zero and the 64-bit limit."""
    assert expected == microseconds(ms)


@pytest.mark.parametrize(
    ("value", "text", "integer"),
    [
        (None, "", 0),
        (12, "12", 12),
        (b"12", "12", 12),
        (b" +12 ", " +12 ", 12),
        (b"", "", 0),
        (b" \t", " \t", 0),
        (b"x", "x", None),
        (b"1_0", "1_0", None),
        (b"\xd9\xa1", "\u0661", None),
        (2000.0, "2000", 2000),
        (2e6, "2000000.0", None),
        (1.5, "1.5", None),
        (b"9223372036854775808", "9223372036854775808", None),
        (b"9" * 5000, "9" * 5000, None),
        (b"a\xff\xe2\x82b", "a\ufffd\ufffd\ufffdb", None),
        (b"a\0b", "a\0b", None),
    ],
)
def test_cells_are_read_as_text(value: object, text: str, integer: int | None) -> None:
    """A cell is text first and a number only if the text is a plain integer."""
    assert text == UTF8.text(value)
    assert integer == UTF8.integer(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, True), (b"", True), (0.5, True), (b"1e3", True), (b"x", False)],
)
def test_real_cells(value: object, *, expected: bool) -> None:
    """A cell reads as a real number when it is empty or spells one."""
    assert expected is UTF8.is_real(value)


def test_real_cells_have_no_digit_separators() -> None:
    """Python's own digit separators are not numbers of a store."""
    assert UTF8.is_real(b"1_0") is False


@given(st.binary())
def test_invalid_bytes_can_be_given_back(stored: bytes) -> None:
    """The raw form of a cell still holds every byte of it."""
    assert stored == UTF8.raw(stored).encode("utf-8", "surrogateescape")


def test_keys_are_the_stored_bytes() -> None:
    """An identifier goes back to SQLite as it came, or as its text."""
    assert b"\xff" == UTF8.key(b"\xff")
    assert b"7" == UTF8.key(7)
    assert "7".encode("utf-16-le") == Codec("utf-16-le").key(7)


def test_utf16_cells() -> None:
    """In a UTF-16 store text is decoded as such, half a character as U+FFFD."""
    codec = Codec("utf-16-le")

    assert "\u00e9" == codec.text("\u00e9".encode("utf-16-le"))
    assert "\ufffd" == codec.text(b"\x00\xd8")


@pytest.mark.parametrize("value", [None, b"", b" ", b"x", 1.5])
def test_required_integers(value: object) -> None:
    """A required number that is NULL, blank or no integer is a typed error."""
    cells = RequiredCells(UTF8, Where("store.db"), "part")

    with pytest.raises(
        RowError, match=r"PD423: store\.db: part/prt_1: expected n, got"
    ):
        cells.integer("n", value, b"prt_1")


@pytest.mark.parametrize("value", [None, b"", b" "])
def test_required_identifiers(value: object) -> None:
    """A required identifier that is NULL or blank is a typed error."""
    cells = RequiredCells(UTF8, Where("store.db"), "part")

    with pytest.raises(RowError, match="part/prt_1: expected session_id, got"):
        cells.identifier("session_id", value, b"prt_1")


def test_addresses_are_escaped_like_forms() -> None:
    """A space becomes a plus, reserved characters become escapes."""
    assert "opencode-sqlite://?part_id=a+b%26%3D~-_.&field=text" == part_uri(
        "a b&=~-_.", "text"
    )
    assert "opencode-sqlite://?input_id=%C3%A9&field=prompt.files.0" == input_uri(
        "\u00e9", "prompt.files.0"
    )
    assert "opencode-sqlite://?id=e%2F1&table=session_message" == row_uri(
        "session_message", "e/1"
    )

"""Replay tokens: short, safe against typing errors, the same on every Python."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_parsediff.core.errors import BadTokenError, ForeignTokenError
from pytest_parsediff.interleave.plan import Gap, Placed, Plan
from pytest_parsediff.interleave.token import decode, encode, fingerprint, made_for

NUMBERS = st.integers(0, 2**40)
GAPS = st.builds(Gap, st.integers(0, 50), NUMBERS)
PLACED = st.builds(Placed, st.integers(0, 9), NUMBERS, NUMBERS, GAPS)
PLANS = st.builds(
    Plan, st.lists(PLACED, max_size=20).map(tuple), st.none() | NUMBERS, NUMBERS
)
TYPICAL = Plan(
    (
        Placed(0, 3, 0, Gap(0, 2)),
        Placed(1, 0, 1, Gap(0, 2)),
        Placed(0, 4, 0, Gap(1, 0)),
    ),
    crash=None,
    polls=2,
)


@given(PLANS, st.integers(0, 0xFFFF))
@example(Plan(()), 0)
def test_a_token_gives_its_plan_back(plan: Plan, scenario: int) -> None:
    """Decoding undoes encoding, for plans of any shape."""
    token = encode(plan, scenario)

    assert plan == decode(token, scenario)
    assert scenario == made_for(token)


def test_a_token_is_what_it_was_in_every_release() -> None:
    """The bytes are pinned: tokens stand in bug reports."""
    assert "pd1:aaffsqqcaabqsbqeciaqiaq" == encode(TYPICAL, 0x000A)


def test_a_shrunk_plan_makes_a_token_of_under_thirty_characters() -> None:
    """Three steps can be pasted into one line of a chat."""
    assert len(encode(TYPICAL, 0xABCD)) < 30


@given(PLANS, st.data())
def test_one_wrong_character_is_noticed(plan: Plan, data: st.DataObject) -> None:
    """A token with a character changed never gives another plan, but by bad luck."""
    token = encode(plan, 7)
    place = data.draw(st.integers(4, len(token) - 1))
    wrong = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
    damaged = token[:place] + wrong + token[place + 1 :]
    if damaged == token:
        return
    try:
        found = decode(damaged, 7)
    except (BadTokenError, ForeignTokenError):
        return
    assert plan == found, "1 in 65536 would be bad luck; hypothesis is derandomized"


@pytest.mark.parametrize(
    "text",
    ["", "pd1:", "pd2:aafoo", "pd1:!!!!", "pd1:a", "pd1:aaaaaaaa", "aafoocac"],
)
def test_what_is_no_token_is_refused(text: str) -> None:
    """Whatever is given instead of a token is a PD612."""
    with pytest.raises(BadTokenError, match="PD612"):
        decode(text)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"\x01\x00\x05", id="steps that are not there"),
        pytest.param(b"\x01\x00\x01\x00\x00", id="ends inside a step"),
        pytest.param(b"\x01\x00\x00\x00", id="bytes after the end"),
        pytest.param(b"\x01\x00\x01\x00\x01\x00\x00\x00", id="index below zero"),
        pytest.param(b"\xff" * 12, id="a number out of range"),
    ],
)
def test_a_body_that_means_nothing_is_refused(body: bytes) -> None:
    """A right checksum does not make a plan."""
    import base64
    import hashlib

    checksum = hashlib.blake2b(body, digest_size=2, person=b"parsediff-sum").digest()
    text = base64.b32encode(b"\0\0" + checksum + body).decode().rstrip("=").lower()

    with pytest.raises(BadTokenError, match="PD612"):
        decode(f"pd1:{text}")


def test_a_token_of_another_scenario_is_refused() -> None:
    """It would run, and would show something else."""
    with pytest.raises(ForeignTokenError, match="PD613"):
        decode(encode(TYPICAL, 1), 2)


def test_a_token_may_be_typed_in_capitals_with_blanks_around() -> None:
    """What people paste is taken."""
    assert TYPICAL == decode(f"  {encode(TYPICAL, 1).upper()}\n", 1)


def test_fingerprints_keep_their_parts_apart() -> None:
    """Moving a byte from one part to the next gives another scenario."""
    assert fingerprint(b"ab", b"c") != fingerprint(b"a", b"bc")
    assert 0 <= fingerprint(b"x") <= 0xFFFF

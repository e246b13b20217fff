"""Replay tokens: one plan as a short text that any version of Python reads alike.

The layout is ``pd1:`` and the lower-case base32 (RFC 4648 section 6, unpadded) of

    fingerprint  2 bytes   of the scenario the plan was made for
    checksum     2 bytes   of everything that follows
    polls, crash + 1 or 0, number of steps, then per step: 16 x writer + flags, and for
    each flag that is set a number: (1) index minus what is next in that writer, (2)
    milliseconds, (4) polls since the step before, (8) gap minus the gap before in the
    same poll

All numbers after the checksum are unsigned LEB128; differences are zigzag-coded, because
a plan that nobody ran may hold any order.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator

from pytest_parsediff.core.errors import BadTokenError, ForeignTokenError
from pytest_parsediff.interleave.plan import Gap, Placed, Plan

PREFIX = "pd1:"
#: No plan that anybody makes comes near; a damaged token must not fill the memory.
_MAX_STEPS = 1_000_000
_MAX_NUMBER_BYTES = 9


def fingerprint(*parts: bytes) -> int:
    """Return 16 bits that tell one scenario's plans from another's.

    Args:
        parts: Everything that gives a plan its meaning: id, store, writer scripts.
    """
    digest = hashlib.blake2b(digest_size=2, person=b"parsediff-scen")
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return int.from_bytes(digest.digest(), "big")


def encode(plan: Plan, scenario: int) -> str:
    """Return the token of *plan* for the scenario with that fingerprint."""
    body = bytes(_bytes_of(plan))
    payload = scenario.to_bytes(2, "big") + _checksum(body) + body
    text = base64.b32encode(payload).decode("ascii")
    return PREFIX + text.rstrip("=").lower()


def decode(token: str, scenario: int | None = None) -> Plan:
    """Return the plan that *token* stands for.

    Args:
        token: As printed; case and surrounding blanks do not matter.
        scenario: Fingerprint of the scenario it is to be replayed on; ``None`` takes
            a token of any scenario.

    Raises:
        BadTokenError: PD612, it is no token, or was damaged on the way.
        ForeignTokenError: PD613, it was made for another scenario, or for another
            state of this one.
    """
    text = token.strip().lower()
    if not text.startswith(PREFIX):
        raise BadTokenError(
            f"expected a token that starts with {PREFIX}, got {token!r}"
        )
    code = text.removeprefix(PREFIX).upper()
    try:
        payload = base64.b32decode(code + "=" * (-len(code) % 8))
    except binascii.Error as error:
        raise BadTokenError(f"{token!r} is no token: {error}") from error
    made_for, checksum, body = payload[:2], payload[2:4], payload[4:]
    if len(payload) < 4 or checksum != _checksum(body):
        raise BadTokenError(f"{token!r} was damaged: its checksum does not fit")
    if scenario is not None and int.from_bytes(made_for, "big") != scenario:
        message = f"{token!r} belongs to another scenario, or to an earlier state of it"
        raise ForeignTokenError(message)
    return _plan_of(body, token)


def made_for(token: str) -> int:
    """Return the fingerprint in *token*; see :func:`decode` for what it raises."""
    decode(token)
    code = token.strip().lower().removeprefix(PREFIX).upper()
    payload = base64.b32decode(code + "=" * (-len(code) % 8))
    return int.from_bytes(payload[:2], "big")


def _checksum(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=2, person=b"parsediff-sum").digest()


def _bytes_of(plan: Plan) -> Iterator[int]:
    yield from _unsigned(plan.polls)
    yield from _unsigned(0 if plan.crash is None else plan.crash + 1)
    yield from _unsigned(len(plan.steps))
    gap = Gap(0, 0)
    following: dict[int, int] = {}
    for placed in plan.steps:
        base = gap.nth if placed.at.poll == gap.poll else 0
        numbers = (
            _zigzag(placed.index - following.get(placed.writer, 0)),
            placed.dt_ms,
            _zigzag(placed.at.poll - gap.poll),
            _zigzag(placed.at.nth - base),
        )
        flags = sum(1 << place for place, number in enumerate(numbers) if number)
        for number in (16 * placed.writer + flags, *filter(None, numbers)):
            yield from _unsigned(number)
        following[placed.writer] = placed.index + 1
        gap = placed.at


def _plan_of(body: bytes, token: str) -> Plan:
    numbers = _Numbers(body, token)
    polls, crash, count = numbers.unsigned(), numbers.unsigned(), numbers.unsigned()
    if count > min(_MAX_STEPS, len(body)):
        raise BadTokenError(f"{token!r} claims {count} steps")
    steps = []
    gap = Gap(0, 0)
    following: dict[int, int] = {}
    for _ in range(count):
        writer, flags = divmod(numbers.unsigned(), 16)
        skipped, dt_ms, polls_on, gaps_on = (
            numbers.unsigned() if flags >> place & 1 else 0 for place in range(4)
        )
        index = following.get(writer, 0) + _unzigzag(skipped)
        poll = gap.poll + _unzigzag(polls_on)
        nth = _unzigzag(gaps_on) + (gap.nth if poll == gap.poll else 0)
        if min(index, poll, nth) < 0:
            raise BadTokenError(f"{token!r} names a step or gap below zero")
        gap = Gap(poll, nth)
        steps.append(Placed(writer, index, dt_ms, gap))
        following[writer] = index + 1
    if not numbers.is_at_end:
        raise BadTokenError(f"{token!r} has bytes after its last step")
    return Plan(tuple(steps), crash - 1 if crash else None, polls)


def _unsigned(number: int) -> Iterator[int]:
    while number > 0x7F:
        yield number & 0x7F | 0x80
        number >>= 7
    yield number


def _zigzag(number: int) -> int:
    return 2 * number if number >= 0 else -2 * number - 1


def _unzigzag(number: int) -> int:
    return number >> 1 if number % 2 == 0 else -(number >> 1) - 1


class _Numbers:
    """Reads numbers off a body."""

    def __init__(self, body: bytes, token: str) -> None:
        self._body = body
        self._token = token
        self._place = 0

    @property
    def is_at_end(self) -> bool:
        return self._place == len(self._body)

    def unsigned(self) -> int:
        number = 0
        for shift in range(_MAX_NUMBER_BYTES):
            if self._place == len(self._body):
                raise BadTokenError(f"{self._token!r} ends in the middle of a step")
            byte = self._body[self._place]
            self._place += 1
            number |= (byte & 0x7F) << (7 * shift)
            if byte <= 0x7F:
                return number
        raise BadTokenError(f"{self._token!r} holds a number out of range")

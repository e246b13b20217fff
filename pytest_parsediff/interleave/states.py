"""Every committed state of a run, and what a full parse of each one gives.

The harness made every state, so it knows them all. A state is named by the steps that
led to it and the moments they happened at, because equal steps at equal moments give
equal stores; its parse is made once, from a copy that nobody writes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NewType

from pytest_parsediff.core.errors import ParsediffError
from pytest_parsediff.core.event import Context, Source
from pytest_parsediff.interleave.bench import empty_folder
from pytest_parsediff.interleave.plan import Placed
from pytest_parsediff.interleave.subject import Line, Subject, by_session

StateKey = NewType("StateKey", bytes)

#: The state before any step.
START = StateKey(b"start")
_CACHED_PARSES = 4_096
#: Below the adapter's state folder: a full parse remembers nothing.
_PARSE = "parse"


class Trail:
    """The steps from the first state to the one that a store is in."""

    __slots__ = ("_digest", "_is_empty")

    def __init__(self) -> None:
        self._digest = hashlib.blake2b(digest_size=16)
        self._is_empty = True

    def add(self, placed: Placed, now_ms: int) -> None:
        """Go on by a step."""
        self._is_empty = False
        self._digest.update(b"%d %d %d;" % (placed.writer, placed.index, now_ms))

    @property
    def end(self) -> StateKey:
        """The state that it leads to."""
        return START if self._is_empty else StateKey(self._digest.digest())


@dataclass(frozen=True, slots=True)
class Parsed:
    """A full parse of one state.

    Attributes:
        sessions: Lines per session, in the adapter's order.
        error: Why there is none; ``None`` when there is one.
    """

    sessions: dict[str, tuple[Line, ...]]
    error: ParsediffError | None = None


@dataclass(slots=True)
class States:
    """Contents and parses of states, of all plans of one scenario.

    Attributes:
        subject: What parses.
        place: Puts a content where it can be parsed.
        context: For adapters that are opened.
        parses: How many parses were made.
    """

    subject: Subject
    place: Callable[[bytes], Source]
    context: Context
    parses: int = 0
    _contents: dict[StateKey, bytes] = field(default_factory=dict, init=False)
    _parsed: dict[StateKey, Parsed] = field(default_factory=dict, init=False)
    _by_content: dict[bytes, Parsed] = field(default_factory=dict, init=False)

    def knows(self, state: StateKey) -> bool:
        """Return whether the content of *state* need not be captured."""
        return state in self._parsed or state in self._contents

    def add(self, state: StateKey, content: bytes) -> None:
        """Remember the content of *state* until the end of the plan."""
        self._contents[state] = content

    def forget_contents(self) -> None:
        """Forget what was captured; called after each plan, so memory stays flat."""
        self._contents.clear()
        if len(self._parsed) > _CACHED_PARSES:
            self._parsed.clear()
            self._by_content.clear()

    def parse(self, state: StateKey) -> Parsed:
        """Return the full parse of *state*, which was added or parsed before."""
        parsed = self._parsed.get(state)
        if parsed is None:
            content = self._contents[state]
            digest = hashlib.sha256(content).digest()
            parsed = self._by_content.get(digest)
            if parsed is None:
                parsed = self._by_content[digest] = self._parse(content)
            self._parsed[state] = parsed
        return parsed

    def _parse(self, content: bytes) -> Parsed:
        self.parses += 1
        source = self.place(content)
        given = self.context
        state_dir = given.state_dir / _PARSE
        empty_folder(str(state_dir))
        context = Context(given.clock, state_dir, given.tmp)
        try:
            return Parsed(by_session(self.subject.parse(source, context)))
        except ParsediffError as error:
            return Parsed({}, error)

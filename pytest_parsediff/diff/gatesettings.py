"""What a run may have of what, and how people write it down."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from pytest_parsediff.core.errors import OptionError
from pytest_parsediff.core.problem import clip
from pytest_parsediff.diff.budget import Budget, parse_budget
from pytest_parsediff.diff.verdict import VerdictClass

_NONE = Budget.of(0)
_ONE = Budget.of(1)
_HALF = Budget(Fraction(50), is_percent=True)

_NOT_A_FAILURE = VerdictClass.IDENTICAL
_NOTHING = "none"
_MOST_RETRIES = 1000
_RETRIES = re.compile("[0-9]{1,4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSettings:
    """What fails a run. ``None`` is any number.

    Attributes:
        fail_on: Classes of which every undeclared session fails.
        max_raced: Races that nobody declared; a share is one of the examined.
        max_stale: Sessions whose archive is behind; a share is one of the examined.
        max_excluded: Sessions that the parser vetoes; a share is one of the sessions
            in scope.
        max_needs_retry: Sessions for which the parser asks for another pass; a share
            is one of the sessions in scope.
        min_examined: Sessions held against what is stored; a share is one of the
            sessions in scope. With 0 a run may verify nothing.
        raced_retries: How often a raced source is parsed again.
    """

    fail_on: frozenset[VerdictClass] = frozenset(
        {VerdictClass.CHANGED, VerdictClass.PARSE_ERROR}
    )
    max_raced: Budget | None = None
    max_stale: Budget | None = _NONE
    max_excluded: Budget | None = _NONE
    max_needs_retry: Budget | None = _HALF
    min_examined: Budget = _ONE
    raced_retries: int = 2


def read_settings(texts: Mapping[str, str]) -> GateSettings:
    """Return the settings that flags or ini values name; absent ones have defaults.

    Args:
        texts: Name of an attribute of :class:`GateSettings` to its text.
            ``fail_on``: classes between commas or spaces, or ``none``. ``max_…``:
            ``N``, ``N%`` or ``none``. ``min_examined``: ``N`` or ``N%``.
            ``raced_retries``: ``N``.

    Raises:
        OptionError: PD116, a text that means nothing, or an unknown name.
    """
    values: dict[str, object] = {}
    for name, text in texts.items():
        match name:
            case "fail_on":
                values[name] = parse_fail_on(text)
            case "max_raced" | "max_stale" | "max_excluded" | "max_needs_retry":
                is_any = text.strip().lower() == _NOTHING
                values[name] = None if is_any else parse_budget(text, name)
            case "min_examined":
                values[name] = parse_budget(text, name)
            case "raced_retries":
                values[name] = parse_retries(text)
            case _:
                raise OptionError(f"unknown setting of the gate {clip(name)}")
    return GateSettings(**values)  # type: ignore[arg-type]  # each by its own parser


def parse_fail_on(text: str) -> frozenset[VerdictClass]:
    """Return the classes that *text* names, ``parse-error`` as well as ``parse_error``.

    Raises:
        OptionError: PD116, an unknown class, with the nearest known one; or
            ``identical``; or ``none`` beside a class.
    """
    words = text.replace(",", " ").lower().replace("-", "_").split()
    if words == [_NOTHING]:
        return frozenset()
    return frozenset(map(_parse_class, words))


def _parse_class(word: str) -> VerdictClass:
    known = [str(cls) for cls in VerdictClass if cls is not _NOT_A_FAILURE]
    if word in known:
        return VerdictClass(word)
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    guess = f"; the nearest is {near[0]!r}" if near else ""
    raise OptionError(
        f"fail_on: expected one of {', '.join(known)}, got {clip(word)}{guess}"
    )


def parse_retries(text: str) -> int:
    """Return how often a raced source is parsed again.

    Raises:
        OptionError: PD116, no whole number from 0 to 1000.
    """
    word = text.strip()
    if _RETRIES.fullmatch(word) and int(word) <= _MOST_RETRIES:
        return int(word)
    raise OptionError(
        f"raced_retries: expected a number from 0 to {_MOST_RETRIES}, got {clip(text)}"
    )

"""What came of one test item of a live run, in values that cross processes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from pytest_parsediff.core.problem import strip_control
from pytest_parsediff.diff.verdict import Verdict, VerdictClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One verdict and what it meant for the item that asked for it.

    Attributes:
        node_id: The item.
        verdict: What was found; every text in it is safe to print.
        outcome: pytest's word: ``passed``, ``failed`` or ``skipped``.
        category: What pytest counts it as: the outcome, or a word of our own.
        declared: What was declared about the session: ``raced``, ``changed``, or
            empty.
        error: Code of the error that fails the item; empty when it does not fail.
        cause: First line of that error; empty when it does not fail.
    """

    node_id: str
    verdict: Verdict
    outcome: str = "passed"
    category: str = "passed"
    declared: str = ""
    error: str = ""
    cause: str = ""

    @property
    def is_listed(self) -> bool:
        """Whether a report lists it; identical sessions are only counted."""
        if self.verdict.cls is not VerdictClass.IDENTICAL:
            return True
        return bool(self.verdict.fields or self.error)

    def to_plain(self) -> dict[str, Any]:
        """Return plain JSON values; :func:`from_plain` takes them back."""
        plain: dict[str, Any] = _safe(msgspec.to_builtins(self))
        return plain


def from_plain(plain: dict[str, Any]) -> Finding:
    """Return the finding that :meth:`Finding.to_plain` made *plain* of."""
    return msgspec.convert(plain, Finding)


def _safe(value: Any) -> Any:
    """Return *value* with no character that a terminal obeys, nor a lone surrogate."""
    if isinstance(value, str):
        return strip_control(value)
    if isinstance(value, dict):
        return {key: _safe(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_safe(inner) for inner in value]
    return value

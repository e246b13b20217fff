"""What a stored side must know of an adapter to make records from what people wrote."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_parsediff.core.rules import Rules
from pytest_parsediff.diff.comparison import Comparison


@dataclass(frozen=True, slots=True)
class KnownAdapter:
    """How events of one adapter become records.

    Attributes:
        rules: From events to canonical lines.
        comparison: From lines to records.
        data_version: Of the adapter now; holds where a stored session does not say.
    """

    rules: Rules
    comparison: Comparison
    data_version: int = 0

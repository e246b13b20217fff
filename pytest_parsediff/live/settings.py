"""What a live run is told to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pytest_parsediff.adapters.resolve import Configured
from pytest_parsediff.diff.sample import SampleSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSettings:
    """Everything that a live run depends on, besides the stored side.

    The stored side is an open handle, so it is an argument of its own: each process
    opens one.

    Attributes:
        sources: ``NAME=PATH`` each, in the order given.
        configured: Tables of adapters and the folders of their files, by name.
        registered: Adapters that plugins registered, by name.
        folder: Where ``module:callable`` is looked for, and what relative paths of
            *sources* are relative to.
        sessions: Ids to examine; empty for all.
        limit: Most sessions to examine, newest first; 0 for all.
        sample: How many of them, and by what they are spread; ``None`` for all.
        seed: Of the sample.
        raced_retries: How often a raced source is parsed again.
        show_bodies: Whether diffs may show texts of people and models.
        timeout_s: Longest time for one scan, in seconds; ``None`` for the adapter's.
        wait_s: How long a process waits for another one that parses a source and
            shows no sign of life, in seconds.
    """

    sources: tuple[str, ...]
    configured: Configured = field(default_factory=dict)
    registered: Mapping[str, object] = field(default_factory=dict)
    folder: Path = field(default_factory=Path.cwd)
    sessions: tuple[str, ...] = ()
    limit: int = 0
    sample: SampleSpec | None = None
    seed: int | str = 0
    raced_retries: int = 2
    show_bodies: bool = False
    timeout_s: float | None = None
    wait_s: float = 120.0

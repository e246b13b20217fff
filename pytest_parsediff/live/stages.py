"""The moments of a live run between which somebody else may write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class StageName(StrEnum):
    """What has just been done; the order is that of one source in one run."""

    INVENTORIED = "inventoried"
    OBSERVED = "observed"
    EMITTED = "emitted"
    PARSED = "parsed"
    OBSERVED_AFTER = "observed_after"
    STORED_READ = "stored_read"
    COMPARED = "compared"
    JUDGED = "judged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One moment.

    Attributes:
        name: What has just been done.
        adapter: Of the source or session; empty for ``inventoried``.
        source: Name of the source; empty where there is none.
        session: Its id; empty before a session is judged.
        count: How many events the source has emitted, for ``emitted``.
        attempt: 0 for the first parse of the source, 1 for its first retry.
    """

    name: StageName
    adapter: str = ""
    source: str = ""
    session: str = ""
    count: int = 0
    attempt: int = 0


#: Called after each stage, in the process that does the work. Whoever wants to write
#: between two events gets one call per event: the adapter is not read ahead then.
OnStage: TypeAlias = Callable[[Stage], None]

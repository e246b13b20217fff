"""Builds the events of one session: all fields, in their declared order.

Source:
    https://github.com/netdata/ai-viewer, package ``internal/canonical``
"""

from __future__ import annotations

from typing import Any, final

from pytest_parsediff.adapters.opencode.cells import unreadable
from pytest_parsediff.adapters.opencode.times import microseconds
from pytest_parsediff.core.errors import RowError
from pytest_parsediff.core.event import Event, Notice

_SESSION = {"SessionNativeID": ""}
_TOKENS = dict.fromkeys(
    ("TokensIn", "TokensOut", "TokensCacheRead", "TokensCacheWrite"), 0
)
_PROVIDER = {"Provider": "", "ProviderAlias": ""}


def _texts(*names: str) -> dict[str, Any]:
    return dict.fromkeys(names, "")


def _numbers(*names: str) -> dict[str, Any]:
    return dict.fromkeys(names, 0)


#: Per kind the fields after the base fields, in order, with their zero values.
FIELDS: dict[str, dict[str, Any]] = {
    "session_started": {
        **_texts("NativeID", "RootNativeID", "ParentNativeID", "ParentOpKey"),
        **_texts("Kind", "AgentName", "Model", "Cwd", "CallPath"),
        **_PROVIDER,
        "Extras": None,
    },
    "session_finalized": {
        **_texts("NativeID", "Status", "ErrorClass", "ErrorMessage"),
        "EndTs": 0,
    },
    "turn_started": {**_SESSION, "Seq": 0},
    "turn_finalized": {
        **_SESSION,
        "Seq": 0,
        **_texts("Status", "ErrorClass"),
        "EndTs": 0,
        **_TOKENS,
        "CostUSD": 0.0,
        "Extras": None,
    },
    "op_started": {
        **_SESSION,
        **_numbers("TurnSeq", "Seq"),
        "ParentOpSeq": -1,
        **_texts("Kind", "Name", "ToolNamespace", "Model"),
        **_PROVIDER,
        **_texts("ReasoningKind", "ChildSessionNativeID"),
        "Extras": None,
    },
    "op_finalized": {
        **_SESSION,
        **_numbers("TurnSeq", "Seq"),
        **_texts("Status", "ErrorClass", "ErrorMessage"),
        "EndTs": 0,
        **_TOKENS,
        "CostUSD": 0.0,
        **_numbers("BytesIn", "BytesOut", "CharsIn", "CharsOut", "CtxUsed", "CtxMax"),
    },
    "payload_ref": {
        **_SESSION,
        **_numbers("TurnSeq", "OpSeq"),
        **_texts("PayloadKind", "Format", "Compression", "LocationURI"),
        "OriginalBytes": -1,
        "StoredBytes": 0,
        "SHA256": "",
    },
    "log_entry": {
        **_SESSION,
        **_numbers("TurnSeq", "OpSeq"),
        "Severity": "",
        "Source": "opencode",
        "Message": "",
        "Extras": None,
    },
}


def extras(**values: Any) -> dict[str, Any] | None:
    """Return the non-empty *values* sorted by name, or ``None`` if there are none."""
    return {name: values[name] for name in sorted(values) if values[name]} or None


@final
class Emitter:
    """Collects the events of one session tree, and what was noticed meanwhile.

    Attributes:
        events: In order; the position is the event's ``SourceSeq``.
        notices: In order, each one once.
    """

    __slots__ = ("_notices", "_session_id", "_source_id", "events")

    def __init__(self, source_id: str, session_id: str) -> None:
        self._source_id = source_id
        self._session_id = session_id
        self._notices: dict[Notice, None] = {}
        self.events: list[Event] = []

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What was noticed so far."""
        return tuple(self._notices)

    def notice(self, code: str, message: str, where: str) -> None:
        """Remember something that is not an event."""
        self._notices[Notice(code, message, where)] = None

    def error(self, error: RowError) -> None:
        """Remember a row that cannot be read, as an error of the session."""
        self._notices[unreadable(error, self._session_id)] = None

    def time(self, ms: int, where: str) -> int:
        """Return *ms* since the epoch as µs; a clamped time is noticed."""
        us, clamped = microseconds(ms)
        if clamped:
            self.notice("clamped-time", f"{ms} ms is beyond 64-bit microseconds", where)
        return us

    def emit(self, kind: str, ts_us: int, **fields: Any) -> None:
        """Append one event; fields not given keep their zero value."""
        declared = FIELDS[kind]
        payload: dict[str, Any] = {
            "SourceID": self._source_id,
            "SourceSeq": len(self.events),
            "Ts": ts_us,
            **declared,
        }
        first = next(iter(declared))  # NativeID or SessionNativeID
        payload[first] = self._session_id
        payload.update(fields)
        self.events.append({"kind": kind, "payload": payload})

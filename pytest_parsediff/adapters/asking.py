"""Ask an adapter in this process what it can do besides a scan.

Its answers are contained as a scan is: it may raise, exit, hang, or never stop.
"""

from __future__ import annotations

from collections.abc import (
    AsyncIterable,
    Callable,
    Generator,
    Iterable,
    Iterator,
    Mapping,
)
from contextlib import closing
from typing import TypeVar, cast

from pytest_parsediff.adapters.contain import _Scan, name_of
from pytest_parsediff.adapters.deadline import Deadline, TimeUp
from pytest_parsediff.adapters.limits import Limits
from pytest_parsediff.adapters.protocol import (
    Capabilities,
    HasEvidence,
    ListsSessions,
)
from pytest_parsediff.adapters.python import capable
from pytest_parsediff.adapters.traces import forget_frames
from pytest_parsediff.core.errors import AdapterLoadError, OutputTooLargeError, clip
from pytest_parsediff.core.event import SessionInfo, Source

AnswerT = TypeVar("AnswerT")

#: What one session takes beside its texts, in bytes; roughly.
_ENTRY_BYTES = 100
_SESSIONS_HINT = "Yield SessionInfo objects, or ids as text."
_EVIDENCE_HINT = "Return a dictionary of session id to digest, both text."
_VERSION_HINT = "Set data_version to a whole number from 0 on."


def describe(adapter: object, limits: Limits) -> Capabilities:
    """Return what *adapter* can do.

    Raises:
        AdapterLoadError: PD410, its ``data_version`` is no whole number from 0 on.
        ParsediffError: As :func:`ask_sessions`; an attribute may be anybody's code.
    """

    def look() -> Capabilities:
        able = capable(adapter)
        return Capabilities(
            callable(getattr(able, "sessions", None)),
            callable(getattr(able, "evidence", None)),
            _checked_version(getattr(able, "data_version", None), name_of(adapter)),
        )

    return _contained(adapter, limits, look)


def ask_sessions(adapter: object, source: Source, limits: Limits) -> list[SessionInfo]:
    """Return what ``sessions`` of *adapter* lists, each session once.

    Of two entries for one session the newer one stays.

    Args:
        adapter: One that has ``sessions``.
        source: The store.
        limits: Those of a scan. In this process only the main thread is interrupted.

    Raises:
        AdapterError: PD401, it raised. AdapterTimeoutError: PD402.
        OutputTooLargeError: PD407. AdapterExitError: PD409, it called for exit.
        AdapterLoadError: PD410, it returned something else.
        ParsediffError: Raised by the adapter itself, unchanged.
    """
    able, name = cast("ListsSessions", capable(adapter)), name_of(adapter)

    def ask() -> list[SessionInfo]:
        with closing(_each(able.sessions(source), name)) as items:
            return merge(_bounded(items, limits, name))

    return _contained(adapter, limits, ask)


def ask_evidence(adapter: object, source: Source, limits: Limits) -> dict[str, str]:
    """Return what ``evidence`` of *adapter* returns.

    Args:
        adapter: One that has ``evidence``.
        source: The store.
        limits: As for :func:`ask_sessions`.

    Raises:
        ParsediffError: As :func:`ask_sessions`.
    """
    able, name = cast("HasEvidence", capable(adapter)), name_of(adapter)

    def ask() -> dict[str, str]:
        found: object = able.evidence(source)
        if not isinstance(found, Mapping):
            raise _wrong(name, "evidence must return a mapping", found, _EVIDENCE_HINT)
        left, digests = limits.max_bytes, dict(found)
        for session, digest in digests.items():
            if not (isinstance(session, str) and isinstance(digest, str) and digest):
                pair = {session: digest}
                raise _wrong(name, "evidence must be text", pair, _EVIDENCE_HINT)
            left -= _ENTRY_BYTES + len(session) + len(digest)
        if left < 0:
            raise _too_large(name, limits)
        return digests

    return _contained(adapter, limits, ask)


def merge(infos: Iterable[SessionInfo]) -> list[SessionInfo]:
    """Return *infos* with each session once, in the order of the first ones.

    Of several entries the newest one stays; one without a time is the oldest.
    """
    found: dict[str, SessionInfo] = {}
    for info in infos:
        known = found.setdefault(info.session, info)
        if (info.updated_ns or 0) > (known.updated_ns or 0):
            found[info.session] = info
    return list(found.values())


# --- checking -------------------------------------------------------------------------


def _each(result: object, name: str) -> Generator[SessionInfo, None, None]:
    """Yield what ``sessions`` of adapter *name* returned, checked."""
    if isinstance(result, AsyncIterable) or not isinstance(result, Iterable):
        message = "sessions must return something to iterate over"
        raise _wrong(name, message, result, _SESSIONS_HINT)
    if isinstance(result, (str, bytes)):
        raise _wrong(name, "sessions must return a list", result, _SESSIONS_HINT)
    try:
        for item in result:
            yield _checked_info(item, name)
    finally:
        close = getattr(result, "close", None)
        if callable(close):
            close()


def _checked_info(item: object, name: str) -> SessionInfo:
    match item:
        case str() if item:
            return SessionInfo(item)
        case SessionInfo(session=str(session)) if session:
            if _is_count(item.updated_ns) and _is_count(item.size):
                return item
    raise _wrong(name, "sessions yielded something else", item, _SESSIONS_HINT)


def _is_count(value: object) -> bool:
    """Return whether *value* is unknown or a whole number."""
    return value is None or (isinstance(value, int) and not isinstance(value, bool))


def _checked_version(value: object, name: str) -> int:
    if value is None:
        return 0
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise _wrong(name, "data_version must be a whole number", value, _VERSION_HINT)


def _bounded(
    items: Iterable[SessionInfo], limits: Limits, name: str
) -> Iterator[SessionInfo]:
    """Yield *items* until they are too many."""
    left = limits.max_bytes
    for item in items:
        left -= _ENTRY_BYTES + len(item.session)
        if left < 0:
            raise _too_large(name, limits)
        yield item


def _wrong(name: str, what: str, found: object, hint: str) -> AdapterLoadError:
    return AdapterLoadError(f"adapter {name!r}: {what}, got {clip(found)}", hint=hint)


def _too_large(name: str, limits: Limits) -> OutputTooLargeError:
    limit = f"max_output_mb={limits.max_output_mb:g}"
    return OutputTooLargeError(f"adapter {name!r} returned more than {limit}")


def _contained(adapter: object, limits: Limits, ask: Callable[[], AnswerT]) -> AnswerT:
    """Call *ask* within its time, and translate what it raises."""
    with Deadline(limits.timeout_s) as deadline:
        scan = _Scan(name_of(adapter), deadline, limits)
        try:
            return _in_time(deadline, ask)
        except BaseException as error:
            translated = scan.translate(error)
            forget_frames(error)
            if translated is error:
                raise
            raise translated from error


def _in_time(deadline: Deadline, ask: Callable[[], AnswerT]) -> AnswerT:
    answer = deadline.run(ask)
    if deadline.expired:
        raise TimeUp
    return answer

"""What an adapter is given and what it hands out.

The words are those of the documentation: an *event* is any JSON object, a
*checkpoint* is a cursor behind everything emitted so far, a *notice* tells about
something that was seen and is not an event, *evidence* is a digest of what a session
was parsed from. None of these types knows how a store is read or how events are
compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

#: Code of the notice that something of a session cannot be read, while the scan goes on.
#: It is an error all the same: a scenario fails by it, and so does the session's verdict.
SESSION_ERROR = "session-error"

#: Session of events, and of such notices, where nothing says which one it is.
NO_SESSION = "(source)"

#: One JSON object. Keys are strings; values are what :func:`json.loads` returns.
#: Key order matters only to the ``declared`` encoder.
Event: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A cursor: every event before it has been handed out.

    Attributes:
        cursor: Opaque text that the same adapter understands later.
    """

    cursor: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something an adapter noticed and that is not an event.

    Attributes:
        code: Short stable id chosen by the adapter, for example ``bad-cell``.
        message: One line for people.
        where: Place inside the store, for example ``part/prt_1``; may be empty.
    """

    code: str
    message: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Digest of everything that belongs to one session.

    Equal digests prove that the session was the same; different ones, that it was
    not. A digest holds for the very snapshot that the session was parsed from, so an
    adapter emits it only if it read both in one transaction.

    Attributes:
        session: Id of the session, as in its events.
        digest: Opaque text, compared for equality only.
    """

    session: str
    digest: str


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """One session of a source, as far as that is known without parsing it.

    Attributes:
        session: Its id, as in its events.
        updated_ns: When it changed last, nanoseconds since the epoch; ``None`` if
            unknown. Sessions are sampled by it, newest first; it is no evidence.
        size: About how many bytes it takes; ``None`` if unknown.
    """

    session: str
    updated_ns: int | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """What an adapter reads.

    Attributes:
        path: Absolute path of the database file, or of the file or folder of a
            file store.
        root: Absolute path of the store root; *path* is below it or equal to it.
    """

    path: Path
    root: Path


@dataclass(frozen=True, slots=True)
class Context:
    """What an adapter may use besides the source.

    Attributes:
        clock: Seconds, monotonic; a test may replace it, so timers must use it.
        state_dir: Folder that survives between the polls of one scenario.
        tmp: Folder outside the store root; it is ``HOME`` while the adapter runs.
    """

    clock: Callable[[], float]
    state_dir: Path
    tmp: Path


#: Everything a scan may yield, in the order in which it happened.
Emission: TypeAlias = Event | Checkpoint | Notice | Evidence
Emissions: TypeAlias = Iterable[Emission]

"""The other end of :mod:`pytest_parsediff.adapters.isolated`: one call, then exit."""

from __future__ import annotations

import faulthandler
import math
import signal
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pytest_parsediff.adapters.asking import ask_evidence, ask_sessions, describe
from pytest_parsediff.adapters.contain import gather
from pytest_parsediff.adapters.frames import Handed, error_frame, frame, item_frame
from pytest_parsediff.adapters.isolated import Verb
from pytest_parsediff.adapters.limits import Limits
from pytest_parsediff.adapters.protocol import Adapter, OpenableAdapter
from pytest_parsediff.adapters.python import as_adapter, load
from pytest_parsediff.core.errors import ParsediffError, Unavailable
from pytest_parsediff.core.event import Context, Evidence, Source


def main(job: dict[str, Any]) -> None:
    """Do *job*, as :class:`~pytest_parsediff.adapters.isolated.IsolatedReader` says."""
    faulthandler.enable()
    if hasattr(faulthandler, "register"):  # pragma: no branch - Windows
        faulthandler.register(signal.SIGTERM, chain=True)  # says where it hangs
    with Path(job["frames"]).open("wb") as out:
        try:
            out.writelines(map(item_frame, _items(job)))
        except (ParsediffError, Unavailable) as error:
            out.write(error_frame(error))
        out.write(frame("end"))


def _items(job: dict[str, Any]) -> Iterable[Handed]:
    limits = Limits(math.inf, job["max_output_mb"])  # time is kept outside
    source = Source(Path(job["source"]), Path(job["root"]))
    verb = Verb(job["verb"])
    if verb in (Verb.QUERY_EVIDENCE, Verb.QUERY_SESSIONS):
        return _queried(verb, source.path, job["query"], limits)
    search = job["search"]
    adapter = as_adapter(
        load(job["spec"], Path(search) if search else None), job["name"]
    )
    if verb is not Verb.SCAN:
        return _asked(verb, adapter, source, limits)
    context = Context(time.monotonic, Path(job["state_dir"]), Path(job["tmp"]))
    return gather(adapter, source, context, job["cursor"], limits=limits)


def _asked(
    verb: Verb, adapter: Adapter | OpenableAdapter, source: Source, limits: Limits
) -> Iterator[Handed]:
    """Yield what the adapter can do, then what it answers, if it can."""
    able = describe(adapter, limits)
    yield able
    if verb is Verb.SESSIONS and able.sessions:
        yield from ask_sessions(adapter, source, limits)
    if verb is Verb.EVIDENCE and able.evidence:
        yield from _evidence(ask_evidence(adapter, source, limits))


def _queried(verb: Verb, db: Path, query: str, limits: Limits) -> Iterator[Handed]:
    # A Python adapter need not load SQLite.
    from pytest_parsediff.adapters.sqlevidence import (  # noqa: PLC0415
        read_evidence,
        read_sessions,
    )

    bounds = {"end": math.inf, "max_bytes": limits.max_bytes}
    if verb is Verb.QUERY_SESSIONS:
        yield from read_sessions(db, query, **bounds)
    else:
        yield from _evidence(read_evidence(db, query, **bounds))


def _evidence(digests: dict[str, str]) -> Iterator[Handed]:
    for session, digest in digests.items():
        yield Evidence(session, digest)

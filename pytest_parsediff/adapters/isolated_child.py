"""The other end of :mod:`pytest_parsediff.adapters.isolated`: one scan, then exit."""

from __future__ import annotations

import faulthandler
import math
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pytest_parsediff.adapters.contain import gather
from pytest_parsediff.adapters.frames import emission_frame, error_frame, frame
from pytest_parsediff.adapters.limits import Limits
from pytest_parsediff.adapters.python import as_adapter, load
from pytest_parsediff.core.errors import ParsediffError, Unavailable
from pytest_parsediff.core.event import Context, Source


def main(job: dict[str, Any]) -> None:
    """Do *job*, as :class:`~pytest_parsediff.adapters.isolated.Job` describes it."""
    faulthandler.enable()
    if hasattr(faulthandler, "register"):  # pragma: no branch - Windows
        faulthandler.register(signal.SIGTERM, chain=True)  # says where it hangs
    with Path(job["frames"]).open("wb") as out:
        try:
            out.writelines(_frames(job))
        except (ParsediffError, Unavailable) as error:
            out.write(error_frame(error))
        out.write(frame("end"))


def _frames(job: dict[str, Any]) -> Iterator[bytes]:
    search = job["search"]
    adapter = as_adapter(
        load(job["spec"], Path(search) if search else None), job["name"]
    )
    items = gather(
        adapter,
        Source(Path(job["source"]), Path(job["root"])),
        Context(time.monotonic, Path(job["state_dir"]), Path(job["tmp"])),
        job["cursor"],
        limits=Limits(math.inf, job["max_output_mb"]),  # time is kept outside
    )
    for item in items:
        yield emission_frame(item)

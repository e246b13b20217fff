"""Readers of files that grow, and where they think they stand."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wrong_case import Reader
from wrong_stores import LINES, PARTS, REPLACED, RUNNING_TOTALS

from pytest_parsediff.core.event import Checkpoint, Emission, Event, Source
from pytest_parsediff.laws.law import Law


class FollowsLines(Reader):
    """Reads whole lines behind its offset, and stops behind the last one."""

    name = "follows-lines"
    library = None
    store = PARTS
    key = ("/text",)

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield an event per new line, then a checkpoint."""
        state = json.loads(cursor or '{"offset": 0}')
        data = self.read(source.path, state)
        *lines, _tail = data.split(b"\n")
        for line in lines:
            event = self.event_of(line, state)
            if event is not None:
                yield event
        state["offset"] = self.end(source.path, state, data)
        yield Checkpoint(json.dumps(state))

    def read(self, path: Path, state: dict[str, Any]) -> bytes:
        """Return what stands behind the offset."""
        with open(path, "rb") as file:
            file.seek(state["offset"])
            return file.read()

    def event_of(self, line: bytes, _state: dict[str, Any]) -> Event | None:
        """Return the event of one line, or nothing where it is none."""
        try:
            return {"session": "s", **json.loads(line)}
        except ValueError:
            return None

    def end(self, _path: Path, state: dict[str, Any], data: bytes) -> int:
        """Return where the next poll begins."""
        return int(state["offset"]) + data.rfind(b"\n") + 1


class EatsTheTail(FollowsLines):
    """Stops at the end of the file, in the middle of a line that is being written."""

    name = "partial-tail-consumed"
    law = Law.CONVERGES
    fixed = FollowsLines

    def end(self, _path: Path, state: dict[str, Any], data: bytes) -> int:
        """Return the end of what was read."""
        return int(state["offset"]) + len(data)


class FollowsOnce(FollowsLines):
    """The same, and promises to emit nothing twice."""

    name = "follows-lines-once"
    store = LINES
    delivery = "exactly-once"

    def read(self, path: Path, state: dict[str, Any]) -> bytes:
        """Return what stands behind the offset, unless the file has no more."""
        state["size"] = os.stat(path).st_size
        return super().read(path, state) if state["size"] > state["offset"] else b""


class StopsAtTheEarlySize(FollowsOnce):
    """Stops at the size the file had before it was read, and reads the rest twice."""

    name = "size-from-an-early-stat"
    law = Law.NO_DUPLICATES
    fixed = FollowsOnce

    def end(self, _path: Path, state: dict[str, Any], _data: bytes) -> int:
        """Return the size that was seen first."""
        return int(state["size"])


class StopsAtTheLateSize(FollowsOnce):
    """Stops at the size the file has after it was read: what came between is lost."""

    name = "size-from-a-late-stat"
    law = Law.CONVERGES
    fixed = FollowsOnce

    def end(self, path: Path, _state: dict[str, Any], _data: bytes) -> int:
        """Return the size that is seen last."""
        return os.stat(path).st_size


class KnowsTheFile(FollowsLines):
    """Begins anew where what it has read is not what the file begins with."""

    name = "knows-the-file"
    store = REPLACED
    key = ("/n",)
    is_trusting = False

    def read(self, path: Path, state: dict[str, Any]) -> bytes:
        """Return what stands behind the offset, or everything."""
        with open(path, "rb") as file:
            data = file.read()
        known = data[: state["offset"]]
        is_other = hashlib.sha256(known).hexdigest() != state.get("digest")
        if (is_other and not self.is_trusting) or len(data) < state["offset"]:
            state.update(offset=0, n=0)
        end = data.rfind(b"\n") + 1
        state["digest"] = hashlib.sha256(data[:end]).hexdigest()
        return data[state["offset"] :]

    def event_of(self, line: bytes, state: dict[str, Any]) -> Event | None:
        """Return the event of one line with its number."""
        state["n"] = state.get("n", 0) + 1
        return {"session": "s", "n": state["n"], **json.loads(line)}


class TrustsThePath(KnowsTheFile):
    """Goes on at its offset in whatever file has the name now.

    A file that was replaced by a longer one looks like one that has grown.
    """

    name = "inode-swap-missed"
    law = Law.CONVERGES
    fixed = KnowsTheFile
    is_trusting = True


class CountsOnFromItsTotal(FollowsLines):
    """Tells what each line adds to the total, which its cursor remembers."""

    name = "counts-on-from-its-total"
    store = RUNNING_TOTALS
    key = ("/total",)
    forgets = False

    def event_of(self, line: bytes, state: dict[str, Any]) -> Event | None:
        """Return the total, and its difference to the one before."""
        total, before = json.loads(line)["total"], state.get("sum", 0)
        state["sum"] = total
        return {"session": "s", "total": total, "tokens": total - before}

    def read(self, path: Path, state: dict[str, Any]) -> bytes:
        """Return what stands behind the offset."""
        if self.forgets:
            state.pop("sum", None)
        return super().read(path, state)


class CountsOnFromZero(CountsOnFromItsTotal):
    """Forgets the total between polls: the first line of each counts everything again."""

    name = "totals-counted-from-zero"
    law = Law.SNAPSHOT
    fixed = CountsOnFromItsTotal
    forgets = True


class LooksAtTheTime(FollowsLines):
    """Reads when the file has another time, in nanoseconds, or another size."""

    name = "looks-at-time-and-size"
    store = LINES
    is_coarse = False

    def read(self, path: Path, state: dict[str, Any]) -> bytes:
        """Return what stands behind the offset, or nothing."""
        found = os.stat(path)
        now = [found.st_mtime_ns, found.st_size]
        if self.is_coarse:
            now = [int(found.st_mtime)]
        if now == state.get("seen"):
            return b""
        state["seen"] = now
        return super().read(path, state)


class LooksAtTheSecond(LooksAtTheTime):
    """Reads when the file has another time in seconds: two changes in one are one."""

    name = "whole-seconds"
    law = Law.CONVERGES
    fixed = LooksAtTheTime
    is_coarse = True

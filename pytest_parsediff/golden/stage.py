"""What items hand to the one function that may write goldens.

Each process appends to a stage file of its own; only the controller reads them, after
every process has ended. A projection is staged whole, so that a crash later in the run
loses nothing that the commit decides on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec


class Staged(msgspec.Struct, frozen=True, kw_only=True):
    """One projection, ready to become a golden.

    Attributes:
        node_id: The item.
        golden: Absolute path of the golden.
        fence: SHA-256 (hex) of the golden's bytes when the item read it; ``None``
            when there was no golden.
        content: The canonical bytes to write.
        blocked: Why it must not be written (first line of the error), or ``""``.
    """

    node_id: str
    golden: str
    fence: str | None
    content: bytes
    blocked: str = ""


class Selected(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """All scenario items that one process was asked to run, in order."""

    node_ids: list[str]


class _Line(msgspec.Struct, frozen=True, kw_only=True):
    kind: Literal["staged", "selected"]
    body: msgspec.Raw


def digest(content: bytes) -> str:
    """Return the fence of *content*."""
    return hashlib.sha256(content).hexdigest()


class StageFile:
    """Appends records to one process's stage file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, record: Staged | Selected) -> None:
        """Append *record*; it is on disk when this returns."""
        kind: Literal["staged", "selected"] = (
            "staged" if isinstance(record, Staged) else "selected"
        )
        body = msgspec.Raw(msgspec.json.encode(record))
        with self._path.open("ab") as file:
            file.write(msgspec.json.encode(_Line(kind=kind, body=body)) + b"\n")


def read_stage(paths: Iterable[Path]) -> tuple[dict[str, Staged], list[str]]:
    """Return staged projections by node id, and all selected node ids in order."""
    staged: dict[str, Staged] = {}
    selected: dict[str, None] = {}
    for path in paths:
        for line in path.read_bytes().split(b"\n")[:-1]:
            record = msgspec.json.decode(line, type=_Line)
            if record.kind == "staged":
                one = msgspec.json.decode(record.body, type=Staged)
                staged[one.node_id] = one
            else:
                many = msgspec.json.decode(record.body, type=Selected)
                selected.update(dict.fromkeys(many.node_ids))
    return staged, list(selected)

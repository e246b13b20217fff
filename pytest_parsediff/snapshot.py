"""syrupy extensions for canonical JSON lines.

syrupy's discovery, its search for unused snapshots and its deletion are switched off
here: left on they take ``fixture.sql`` for an orphaned snapshot, and remove the goldens
of tests that were deselected or did not get as far as their assertion.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from syrupy.data import SnapshotCollections
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from pytest_parsediff.core.canonical import Encoder, encode_lines, join_lines
from pytest_parsediff.core.errors import ParsediffError

if TYPE_CHECKING:
    from syrupy.data import SnapshotCollection
    from syrupy.location import PyTestLocation
    from syrupy.types import SerializedData, SnapshotIndex

_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")


class ScenarioJSONLExtension(SingleFileSnapshotExtension):
    """Places the golden of a scenario item beside its ``fixture.sql``."""

    file_extension = "jsonl"
    _write_mode = WriteMode.BINARY

    def serialize(self, data: Any, **_options: Any) -> SerializedData:
        """Return canonical bytes of *data*.

        Args:
            data: Canonical bytes, canonical lines, a result of the ``parsediff``
                fixture, or an iterable of events.
        """
        if isinstance(data, bytes):
            return data
        jsonl = getattr(data, "jsonl", None)
        if isinstance(jsonl, bytes):
            return jsonl
        rows = list(data)
        if rows and all(isinstance(row, bytes) for row in rows):
            return join_lines(rows)
        return join_lines(encode_lines(rows, Encoder.SORTED))

    @classmethod
    def get_location(
        cls, *, test_location: PyTestLocation, index: SnapshotIndex
    ) -> str:
        """Return ``expected.jsonl`` in the scenario's folder."""
        name = f"expected.{index}.jsonl" if index else "expected.jsonl"
        return str(Path(test_location.filepath).parent / name)

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:
        """Return the scenario's folder."""
        return str(Path(test_location.filepath).parent)

    @classmethod
    def discovery_dirname(cls, *, test_location: PyTestLocation) -> str:
        """Return a name that is no folder: there is nothing to discover."""
        del test_location
        return "<parsediff>"

    @classmethod
    def matches_test_location(
        cls, *, test_location: PyTestLocation, snapshot_location: str
    ) -> bool:
        """Return whether the golden lies where this test's goldens lie."""
        return (
            Path(snapshot_location).parent
            == Path(cls.get_location(test_location=test_location, index=0)).parent
        )

    def discover_snapshots(self, **_options: Any) -> SnapshotCollections:
        """Return nothing, so that syrupy never calls a golden unused."""
        return SnapshotCollections()

    def delete_snapshots(self, **_options: Any) -> None:
        """Refuse: goldens are deleted by people."""
        raise ParsediffError("syrupy asked to delete goldens; none was deleted")

    @classmethod
    def write_snapshot_collection(
        cls, *, snapshot_collection: SnapshotCollection, **_options: Any
    ) -> None:
        """Write one golden atomically; equal bytes leave the file alone."""
        path = Path(snapshot_collection.location)
        data = next(iter(snapshot_collection)).data
        content = data if isinstance(data, bytes) else str(data).encode()
        if path.is_file() and path.read_bytes() == content:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        temporary.write_bytes(content)
        temporary.replace(path)

    def diff_lines(
        self, serialized_data: SerializedData, snapshot_data: SerializedData
    ) -> Iterator[str]:
        """Yield syrupy's diff of the two texts, not of their ``repr``."""
        yield from super().diff_lines(_text(serialized_data), _text(snapshot_data))


class JSONLExtension(ScenarioJSONLExtension):
    """Places goldens of hand-written tests.

    They go to ``__snapshots__/<module>/<test name>[.n].jsonl`` beside the test module.
    """

    @classmethod
    def get_location(
        cls, *, test_location: PyTestLocation, index: SnapshotIndex
    ) -> str:
        """Return the path of the golden of one assertion of a test."""
        module = Path(test_location.filepath)
        name = _file_name(test_location.snapshot_name)
        suffix = f".{_file_name(str(index))}" if index else ""
        folder = module.parent / str(cls.snapshot_dirname) / module.stem
        return str(folder / f"{name}{suffix}.jsonl")

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:
        """Return the folder of this test module's goldens."""
        return str(Path(cls.get_location(test_location=test_location, index=0)).parent)


def _file_name(text: str) -> str:
    """Return *text* for use in a file name; different texts stay different."""
    safe = _UNSAFE.sub("_", text)
    if safe == text:
        return text
    return f"{safe}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _text(data: SerializedData) -> str:
    return data.decode("utf-8", "backslashreplace") if isinstance(data, bytes) else data

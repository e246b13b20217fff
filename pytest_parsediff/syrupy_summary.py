"""Keep syrupy's own summary true, and keep syrupy away from scenario folders.

Everything here is a service to ``pytest-syrupy``'s report; without that plugin
(``-p no:syrupy``) nothing happens.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.data import SnapshotCollections
from syrupy.location import PyTestLocation

from pytest_parsediff.snapshot import ScenarioJSONLExtension

if TYPE_CHECKING:
    from syrupy.data import SnapshotCollection
    from syrupy.types import SerializedData


def scenario_body() -> None:
    """Stand in for a test function: syrupy asks each location for one."""


@dataclass(frozen=True)
class _Node:
    """What syrupy needs to know of an item; the controller has no items."""

    nodeid: str
    name: str
    path: Path
    stash: pytest.Stash = field(default_factory=pytest.Stash)

    obj = staticmethod(scenario_body)


class CommittedExtension(ScenarioJSONLExtension):
    """Tells syrupy about goldens that are already written.

    Attributes:
        before: Bytes that each golden had before the commit, by path.
    """

    before: ClassVar[dict[str, bytes | None]] = {}

    def read_snapshot_data_from_location(
        self, *, snapshot_location: str, **_options: Any
    ) -> SerializedData | None:
        """Return what was there before the commit."""
        return self.before.get(snapshot_location)

    @classmethod
    def write_snapshot_collection(
        cls, *, snapshot_collection: SnapshotCollection, **_options: Any
    ) -> None:
        """Write nothing: the commit has."""


def register(config: pytest.Config, item: pytest.Item, actual: bytes) -> None:
    """Let syrupy count a golden that differs or is missing."""
    node = _Node(item.nodeid, item.name, item.path, item.stash)
    _compare(config, node, actual, ScenarioJSONLExtension, update=False)


def register_written(
    config: pytest.Config,
    node_id: str,
    path: Path,
    content: bytes,
    before: bytes | None,
) -> None:
    """Let syrupy count a golden that an update created or changed."""
    golden = str(path.parent / "expected.jsonl")
    CommittedExtension.before[golden] = before
    node = _Node(node_id, node_id.rpartition("::")[2], path)
    _compare(config, node, content, CommittedExtension, update=True)


def _compare(
    config: pytest.Config,
    node: Any,
    data: bytes,
    extension: type[ScenarioJSONLExtension],
    *,
    update: bool,
) -> None:
    session: Any = getattr(config, "_syrupy", None)
    if session is None:
        return
    assertion = SnapshotAssertion(
        session=session,
        extension_class=extension,
        test_location=PyTestLocation(node),
        update_snapshots=update,
    )
    assert assertion._assert(data) is update, "the caller knows the result"  # noqa: SLF001


def guard(config: pytest.Config, roots: Iterable[Path]) -> None:
    """Let syrupy delete nothing below *roots*, whatever its extensions discovered.

    An extension of the user's that keeps snapshots beside the tests discovers every
    file of the folder, and syrupy deletes what no test of the run asked for.
    """
    session: Any = getattr(config, "_syrupy", None)
    if session is None:
        return
    kept = tuple(roots)
    remove = session.remove_unused_snapshots

    def remove_others(
        unused_snapshot_collections: Any, used_snapshot_collections: Any
    ) -> None:
        others = SnapshotCollections()
        for collection in unused_snapshot_collections:
            path = Path(collection.location).resolve()
            if not any(path.is_relative_to(root.resolve()) for root in kept):
                others.add(collection)
        remove(others, used_snapshot_collections)

    session.remove_unused_snapshots = remove_others


def hide(config: pytest.Config, node_ids: Iterable[str]) -> None:
    """Take scenario items out of syrupy's bookkeeping.

    It would search the folder of every collected item for files that no assertion
    used, with the layout of every other extension of the run, and offer to delete
    them.
    """
    session: Any = getattr(config, "_syrupy", None)
    for name in ("_collected_items", "_selected_items"):
        known = getattr(session, name, {})
        for node_id in node_ids:
            known.pop(node_id, None)

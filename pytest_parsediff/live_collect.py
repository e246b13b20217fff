"""Sessions of a live run as pytest nodes: one file, one slim item per session.

All items hang below one file, pytest's configuration file, so that their ids can be
typed. They have no fixtures: ten thousand of them must cost next to nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from pytest_parsediff.core.errors import ParsediffError, strip_control
from pytest_parsediff.diff.totals import Totals
from pytest_parsediff.live.nodeids import SWEEP, item_name

if TYPE_CHECKING:
    from pytest_parsediff.reports.finding import Finding


class LiveHost(Protocol):
    """What nodes need of the plugin that made them."""

    def items_of(self, file: LiveFile) -> Iterator[LiveItem]:
        """Yield the items of the run, in an order that every worker sees."""
        ...

    def run(self, item: LiveItem) -> None:
        """Find out what becomes of *item*; a skip, a failure, or nothing.

        Raises:
            VerdictFailed: It fails.
        """
        ...

    def failure_of(self, item: LiveItem, error: ParsediffError) -> object:
        """Return what pytest prints for a failing item."""
        ...


class LiveFile(pytest.File):
    """The file that stands for a live run in node ids."""

    plugin: LiveHost

    @classmethod
    def make(cls, parent: pytest.Collector, plugin: LiveHost, path: Path) -> LiveFile:
        """Return the node at *path*, which may lie outside pytest's root folder.

        pytest would give such a file an empty id.
        """
        relative = os.path.relpath(path, parent.config.rootpath)
        node: LiveFile = cls.from_parent(
            parent, path=path, nodeid=relative.replace(os.sep, "/")
        )
        node.plugin = plugin
        return node

    def collect(self) -> Iterable[pytest.Item]:
        """Yield the items of the run."""
        return self.plugin.items_of(self)

    @cached_property
    def shown_path(self) -> str:
        """Path as in a node id, with the separators of this system."""
        return self.nodeid.replace("/", os.sep)


class LiveItem(pytest.Item):
    """One item of a live run."""

    parent: LiveFile
    findings: Sequence[Finding] = ()

    def runtest(self) -> None:
        """Find out what becomes of it."""
        self.parent.plugin.run(self)

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None
    ) -> Any:
        """Return the explanation of an own failure, without a traceback."""
        del style  # --tb is for tracebacks
        if isinstance(excinfo.value, VerdictFailed):
            return self.parent.plugin.failure_of(self, excinfo.value.error)
        if isinstance(excinfo.value, ParsediffError):
            return self.parent.plugin.failure_of(self, excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[os.PathLike[str], int | None, str]:
        """Return the file, no line, and how the item is called in headings."""
        return self.path, None, self.title

    @property
    def location(self) -> tuple[str, int | None, str]:
        """Where it is; pytest's own way to find out takes longer than the rest."""
        return self.parent.shown_path, None, self.title

    @property
    def title(self) -> str:
        """What headings call it; never the name, in which pytest would change dots."""
        return "sessions that no item covers"


class _NamedItem(LiveItem):
    """An item about one thing of one adapter.

    Attributes:
        adapter: The adapter.
    """

    adapter: str
    _thing: str

    @property
    def title(self) -> str:
        """Adapter, and what the item is about as it is, as far as that can be shown."""
        return strip_control(f"{self.adapter} {self._thing}").replace("\n", " ")


class SessionItem(_NamedItem):
    """One session."""

    session_id: str

    @classmethod
    def make(cls, parent: LiveFile, adapter: str, session: str) -> SessionItem:
        """Return the item of one session."""
        item: SessionItem = cls.from_parent(parent, name=item_name(adapter, session))
        item.adapter = adapter
        item.session_id = item._thing = session
        # -k finds the id as it is, too
        item.extra_keyword_matches.update((adapter, session))
        return item


class SweepItem(LiveItem):
    """What belongs to no other item: sessions that nobody knew or asked for.

    Attributes:
        left_out: Those that nobody asked for, which are only counted.
    """

    left_out: Totals

    @classmethod
    def make(cls, parent: LiveFile) -> SweepItem:
        """Return the item."""
        item: SweepItem = cls.from_parent(parent, name=SWEEP)
        item.left_out = Totals()
        return item


class RecordItem(_NamedItem):
    """One source of a recording."""

    source: str
    number: int

    @classmethod
    def make(
        cls, parent: LiveFile, adapter: str, source: str, number: int
    ) -> RecordItem:
        """Return the item of one source; *number* is its own in the run."""
        item: RecordItem = cls.from_parent(parent, name=item_name(adapter, source))
        item.adapter, item.number = adapter, number
        item.source = item._thing = source
        return item


class VerdictFailed(Exception):  # noqa: N818 - it carries an error, it is none
    """A session fails its item."""

    def __init__(self, error: ParsediffError) -> None:
        super().__init__(str(error))
        self.error = error

"""What every live run has in every process: a folder, an anchor, and its items.

A comparison and a recording differ in what their items do and in what their end is.
"""

from __future__ import annotations

import os
import shlex
from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from pytest_parsediff.core.errors import ParsediffError, Unavailable
from pytest_parsediff.core.workspace import make_run_folder, remove_tree
from pytest_parsediff.live_collect import LiveFile, LiveItem, SessionItem
from pytest_parsediff.live_config import LiveConfig
from pytest_parsediff.live_options import LiveOptions
from pytest_parsediff.options import are_paths_named

#: Attribute of reports that carries facts from a worker to the controller.
FACTS = "parsediff_live"


class LiveRunPlugin(ABC):
    """Collects the items of a live run in one process.

    Attributes:
        config: pytest's configuration.
        options: What was asked.
        anchor: The file that items hang below.
        is_controller: Whether this process takes the inventory and has the last word.
        selected: How many items of the run were selected.
        selected_sessions: How many of them are sessions.
        reported: How many of them came to their end.
    """

    def __init__(self, config: pytest.Config, options: LiveOptions) -> None:
        self.config = config
        self.options = options
        self.selected = self.selected_sessions = self.reported = 0
        worker = getattr(config, "workerinput", None)
        self.is_controller = worker is None
        self._run_folder: Path | None = None
        self._made_folder = False
        if worker is not None:
            self._run_folder = Path(worker["parsediff_live_folder"])
        self.anchor = config.inipath or options.archive_file or _toml(config)

    @cached_property
    def live_config(self) -> LiveConfig:
        """What files and plugins say about live runs."""
        return LiveConfig.read(self.config)

    # --- before collection --------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Find out what there is, before any worker starts.

        Raises:
            pytest.UsageError: A side cannot be read, with the code that says why.
        """
        if not self.is_controller:
            return
        try:
            self.prepare()
        except (ParsediffError, Unavailable) as error:
            raise pytest.UsageError(str(error)) from None

    @abstractmethod
    def prepare(self) -> None:
        """Find out what there is; called once, in the controller."""

    @property
    def rundb_path(self) -> Path:
        """The run database, which all processes share."""
        return self.folder() / "run.sqlite3"

    def folder(self) -> Path:
        """Return the folder of this run, made on first use by the controller."""
        if self._run_folder is None:
            tmp = self.config.getini("parsediff_tmp")
            parent = self.config.rootpath / tmp if tmp else None
            self._run_folder = make_run_folder(parent)
            self._made_folder = True
        return self._run_folder

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell an xdist worker where the run folder is."""
        node.workerinput["parsediff_live_folder"] = str(self.folder())

    # --- collection ---------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        """Collect the live run alone when nobody named paths."""
        if not are_paths_named(session.config):
            session.config.args[:] = [str(self.anchor)]

    @pytest.hookimpl(tryfirst=True)
    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> pytest.Collector | None:
        """Make the anchor a node with the run's items."""
        if file_path == self.anchor:
            return LiveFile.make(parent, self, file_path)
        return None

    @abstractmethod
    def items_of(self, file: LiveFile) -> Iterator[LiveItem]:
        """Yield the items of the run, in an order that every worker sees."""

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note how many items there are, for a run that does not get to its end."""
        own = [type(item) for item in session.items if isinstance(item, LiveItem)]
        self.selected, self.selected_sessions = len(own), own.count(SessionItem)

    # --- running ------------------------------------------------------------------------

    @abstractmethod
    def run(self, item: LiveItem) -> None:
        """Find out what becomes of *item*."""

    @abstractmethod
    def failure_of(self, item: LiveItem, error: ParsediffError) -> object:
        """Return what pytest prints for a failing item."""

    def again(self, item: LiveItem, flags: str) -> str:
        """Return the command that runs *item* again with *flags*."""
        path, separator, name = str(item.nodeid).partition("::")
        here = self.config.invocation_params.dir
        node_id = os.path.relpath(self.config.rootpath / path, here) + separator + name
        return f"again: pytest {shlex.quote(node_id)} {flags}"

    # --- the end ------------------------------------------------------------------------

    def close(self) -> None:
        """Release handles, and remove the run folder if this process made it."""
        if self._made_folder and self._run_folder is not None:
            remove_tree(self._run_folder)

    def pytest_report_header(self) -> str:
        """Say what is compared with what."""
        return f"parsediff: {self.options.describe()}"


def _toml(config: pytest.Config) -> Path:
    """Return a file that may hold the table of stored sessions that was asked for."""
    path = config.rootpath / "parsediff.toml"
    return path if path.is_file() else config.rootpath / "pyproject.toml"

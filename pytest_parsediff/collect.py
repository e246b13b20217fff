"""Scenarios as pytest nodes: folders, one file per scenario, one item per file.

Only folders that were named on the command line, or that have a conftest, become
nodes of their own; everything else hangs directly below the scenario root. That keeps
ids, ``--lf`` and per-folder conftest files right and thousands of scenarios cheap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pluggy
import pytest

from pytest_parsediff.core.errors import (
    EmptyFolderError,
    ParsediffError,
    Where,
)
from pytest_parsediff.core.scenario import Folder, Scenario, look
from pytest_parsediff.ignoring import IgnoreRules
from pytest_parsediff.scenario_item import Host, ScenarioItem, as_mark
from pytest_parsediff.stress_collect import is_stressed, stress_items
from pytest_parsediff.stress_flags import holds_all


class EmptyFolderWarning(pytest.PytestWarning):
    """A folder below a scenario root holds no scenario."""


class ScenarioDirectory(pytest.Directory):
    """A scenario root, or a folder below it that must be a node."""

    plugin: Host
    root: Path
    folder: Folder
    _settled_ihook: pluggy.HookRelay | None = None
    #: What pytest found out about the fixtures of the first item; it holds for all
    #: items below, because they have one body and no node between can have fixtures.
    fixtureinfo: Any = None

    @property
    def ihook(self) -> pluggy.HookRelay:
        """Call hooks as pytest does, which asks for every call which conftest applies.

        That is settled once everything is collected.
        """
        if self._settled_ihook is not None:
            return self._settled_ihook
        found = super().ihook
        if self.plugin.is_collected:
            self._settled_ihook = found
        return found

    @cached_property
    def id_prefix(self) -> str | None:
        """What ids of nodes below begin with; ``None`` outside pytest's root folder."""
        try:
            path = self.path.relative_to(self.config.rootpath).as_posix()
        except ValueError:
            return None
        return "" if path == "." else f"{path}/"

    @classmethod
    def make(
        cls, parent: pytest.Collector, plugin: Host, root: Path, path: Path
    ) -> ScenarioDirectory:
        """Return the node of *path*, which is *root* or lies below it."""
        node: ScenarioDirectory = cls.from_parent(parent, path=path)
        node.plugin, node.root, node.folder = plugin, root, look(path)
        return node

    def collect(self) -> Iterable[pytest.Collector]:
        """Yield what lies below, sorted, so that every worker sees one order."""
        if self.folder.anchor is not None:
            yield ScenarioFile.make(self, self.folder, "")
            return
        rules = IgnoreRules(self.config)
        files: list[ScenarioFile] = []
        for node in self._search(self.folder, "", rules):
            if isinstance(node, ScenarioFile) and node.is_plain:
                files.append(node)
                continue
            if files:
                yield ScenarioFiles.make(self, files)
                files = []
            yield node
        if files:
            yield ScenarioFiles.make(self, files)

    def _search(
        self, group: Folder, below: str, rules: IgnoreRules
    ) -> Iterator[pytest.Collector]:
        """Yield what lies in *group*, whose path below this node is *below*."""
        found = False
        for name in group.groups:
            path = group.path / name
            named = self.session.isinitpath(path, with_parents=True)
            folder = None if named else self._look(path, rules)
            found = True
            if named or (folder is not None and folder.has_conftest):
                yield ScenarioDirectory.make(self, self.plugin, self.root, path)
            elif folder is None:
                continue
            elif folder.anchor is not None:
                yield ScenarioFile.make(self, folder, f"{below}{name}/")
            else:
                yield from self._search(folder, f"{below}{name}/", rules)
        if not found:
            yield from self._report_empty(group)

    def _look(self, path: Path, rules: IgnoreRules) -> Folder | None:
        """Return what is in *path*, or ``None`` if it is to be ignored.

        An ignored folder need not be readable; only a scenario is looked at first.
        """
        ihook = self.ihook
        if rules.may_be_any:
            ignored = rules.is_ignored(path, ihook)
            return None if ignored else look(path)
        folder = look(path)
        if folder.anchor is not None:
            ignored = rules.is_ignored(path, ihook)
        else:
            ignored = bool(
                ihook.pytest_ignore_collect(collection_path=path, config=self.config)
            )
        return None if ignored else folder

    def _report_empty(self, group: Folder) -> Iterator[pytest.Collector]:
        message = f"{group.path} holds no scenario: no fixture.sql, no scenario.toml"
        try:
            self.warn(EmptyFolderWarning(message))
        except EmptyFolderWarning:  # warnings are errors here; the others still run
            problem = EmptyFolderError("no scenario below it", Where(group.path))
            yield ScenarioFile.make(
                self, replace(group, anchor=group.path, problem=problem), None
            )


class ScenarioFiles(pytest.Collector):
    """Scenario files that lie side by side, collected in one go.

    Collecting a file of its own costs pytest as much as running a small test. This
    node is no parent of anything: the files and their items hang below the folder.
    """

    files: list[ScenarioFile]

    @classmethod
    def make(
        cls, parent: ScenarioDirectory, files: list[ScenarioFile]
    ) -> ScenarioFiles:
        """Return the node of *files*, which are plain."""
        node: ScenarioFiles = cls.from_parent(parent, name="scenarios")
        node.files = files
        return node

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """Yield the item of each scenario, or its file if that has an error to tell."""
        for file in self.files:
            try:
                item = file.read()
            except ParsediffError as error:
                file.error = error
                yield file
            else:
                yield item
                yield from file.stress_of(item.scenario)


class ScenarioFile(pytest.File):
    """The file that stands for a scenario in node ids."""

    folder: Folder
    #: Why the scenario cannot be read, if that was tried.
    error: ParsediffError | None = None

    @property
    def is_plain(self) -> bool:
        """Whether nothing but its defaults can be wrong with the scenario."""
        return self.folder.problem is None and not self.folder.has_toml

    @property
    def ihook(self) -> pluggy.HookRelay:
        """Call hooks as for the folder above.

        pytest knows the conftest files of folders that it made nodes of, and takes
        any other folder for one that no conftest applies to.
        """
        assert self.parent is not None
        return self.parent.ihook

    @classmethod
    def make(
        cls, parent: ScenarioDirectory, folder: Folder, below: str | None
    ) -> ScenarioFile:
        """Return the node of the scenario, or of the problem, in *folder*.

        Args:
            parent: The node above.
            folder: What was found.
            below: Path of *folder* below *parent*, empty or ended by ``/``; with it
                pytest need not work out name and id, which takes longer than all the
                rest. ``None`` leaves that to pytest.
        """
        names: dict[str, Any] = {}
        if below is not None and parent.id_prefix is not None:
            assert folder.anchor is not None, "only scenarios and problems have nodes"
            names["name"] = below + folder.anchor.name
            names["nodeid"] = parent.id_prefix + names["name"]
        node: ScenarioFile = cls.from_parent(parent, path=folder.anchor, **names)
        node.folder = folder
        return node

    def collect(self) -> Iterable[pytest.Item]:
        """Yield the item of the scenario, then its blocks of plans.

        Raises:
            CollectError: The text of the typed error; other scenarios still run.
        """
        try:
            if self.error is not None:
                raise self.error
            item = self.read()
        except ParsediffError as error:
            raise self.CollectError(str(error)) from None
        yield item
        yield from self.stress_of(item.scenario)

    def stress_of(self, scenario: Scenario) -> Iterable[pytest.Item]:
        """Return the blocks of plans of *scenario*; none while goldens are updated."""
        parent = self.parent
        assert isinstance(parent, ScenarioDirectory)
        if parent.plugin.updating:
            return ()
        if not is_stressed(scenario) and not holds_all(self.config):
            return ()
        marks = [as_mark(mark) for mark in scenario.config.marks or ()]
        return stress_items(self, parent.plugin.stress, scenario, marks)

    def read(self) -> ScenarioItem:
        """Return the item of the scenario.

        Raises:
            ParsediffError: PD1xx or PD306, the scenario cannot be used.
        """
        parent = self.parent
        assert isinstance(parent, ScenarioDirectory)
        scenario = parent.plugin.read(self.folder, parent.root)
        item = ScenarioItem.make(self, parent.plugin, scenario, parent.fixtureinfo)
        if parent.fixtureinfo is None:
            parent.fixtureinfo = getattr(item, "_fixtureinfo", None)
        return item

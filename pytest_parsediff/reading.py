"""Read scenarios with the defaults that hold where they lie."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from pytest_parsediff.core.config import DefaultsConfig
from pytest_parsediff.core.errors import DuplicateScenarioError, Where
from pytest_parsediff.core.scenario import (
    Defaults,
    DefaultsReader,
    Folder,
    Scenario,
    read_scenario,
    scenario_id,
)
from pytest_parsediff.core.toml import check_table, parse_toml, read_text


class ScenarioReader:
    """Reads each configuration file once, and knows which ids are taken."""

    def __init__(self, rootpath: Path) -> None:
        self._rootpath = rootpath
        self._base: Defaults | None = None
        self._readers: dict[Path, DefaultsReader] = {}
        self._ids: dict[str, Path] = {}

    def load(self, folder: Folder, root: Path) -> Scenario:
        """Return the scenario in *folder* with the defaults that hold for it.

        Raises:
            ParsediffError: PD1xx, the folder or a configuration file cannot be used.
        """
        reader = self._readers.get(root)
        if reader is None:
            reader = self._readers[root] = DefaultsReader(root, self.base_defaults())
        own = folder.path if folder.path == root else folder.path.parent
        return read_scenario(folder, root, reader.for_folder(own))

    def read(self, folder: Folder, root: Path) -> Scenario:
        """Return the same, once its id is known to be unique.

        Ids that differ only in case or in Unicode form are one folder on some
        systems, so they count as the same.

        Raises:
            ParsediffError: PD1xx, or PD306 for a second folder with the same id.
        """
        name = unicodedata.normalize("NFC", scenario_id(folder.path, root)).casefold()
        first = self._ids.setdefault(name, folder.path)
        if first != folder.path:
            message = f"this scenario has the same id as {Where(first)}"
            raise DuplicateScenarioError(message, Where(folder.path))
        return self.load(folder, root)

    def base_defaults(self) -> Defaults:
        """Return the defaults of ``[tool.parsediff]`` in ``pyproject.toml``.

        Raises:
            ParsediffError: PD101 to PD104, the table cannot be used.
        """
        if self._base is None:
            path = self._rootpath / "pyproject.toml"
            base = Defaults()
            if path.is_file():
                text = read_text(path)
                table = parse_toml(path, text).get("tool", {}).get("parsediff")
                if table is not None:
                    checked = check_table(table, DefaultsConfig, path, text)
                    base = base.refined(checked, path.parent)
            self._base = base
        return self._base

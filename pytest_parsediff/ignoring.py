"""Ask pytest which scenarios to leave out, and only where it may have a reason.

pytest's own answer takes as long as everything else that collecting a scenario does,
so it is asked only if an option, a conftest or the name gives it a reason. Hooks of
other plugins are always asked.
"""

from __future__ import annotations

import fnmatch
import os
import re
from pathlib import Path

import pluggy
import pytest

#: Variables of a conftest that pytest's answer depends on.
_CONFTEST_VARIABLES = ("collect_ignore", "collect_ignore_glob")
#: Name under which the plugin with pytest's own answer is registered.
_PYTEST_MAIN = "main"


class IgnoreRules:
    """Which of pytest's reasons to ignore a folder can apply in this run.

    Attributes:
        may_be_any: Whether any folder may be ignored, whatever its name.
    """

    def __init__(self, config: pytest.Config) -> None:
        plugins = config.pluginmanager
        patterns = [os.path.normcase(name) for name in config.getini("norecursedirs")]
        main = plugins.get_plugin(_PYTEST_MAIN)
        self._config = config
        self._others = plugins.subset_hook_caller("pytest_ignore_collect", [main])
        self._names = re.compile("|".join(map(fnmatch.translate, patterns)) or "(?!)")
        self.may_be_any = bool(
            main is None
            or pytest.version_tuple < (9,)  # the hook takes one argument more there
            or config.getoption("ignore", None)
            or config.getoption("ignore_glob", None)
            or any("/" in pattern or os.sep in pattern for pattern in patterns)
            or any(
                hasattr(plugin, name)
                for plugin in plugins.get_plugins()
                for name in _CONFTEST_VARIABLES
            )
        )

    def is_ignored(self, path: Path, ihook: pluggy.HookRelay) -> bool:
        """Return whether the scenario in *path* is to be left out.

        Args:
            path: Its folder.
            ihook: The hooks that apply there.
        """
        own_hooks = ihook is not self._config.hook  # some conftest does not apply
        if self.may_be_any or own_hooks or self._names.match(path.name):
            ask = ihook.pytest_ignore_collect
        else:
            ask = self._others
        return bool(ask(collection_path=path, config=self._config))

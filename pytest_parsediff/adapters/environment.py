"""The environment in which commands run: clean, and at home in a throwaway folder."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

_FIXED = {"TZ": "UTC", "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8", "NO_COLOR": "1"}
_HOMES = {
    "HOME": "",
    "XDG_CONFIG_HOME": ".config",
    "XDG_CACHE_HOME": ".cache",
    "XDG_DATA_HOME": ".local/share",
    "XDG_STATE_HOME": ".local/state",
}
_WINDOWS_HOMES = {
    "USERPROFILE": "",
    "APPDATA": "AppData/Roaming",
    "LOCALAPPDATA": "AppData/Local",
}
#: Without these Windows starts hardly any program.
_WINDOWS_PASSED = ("SYSTEMROOT", "SYSTEMDRIVE", "COMSPEC", "PATHEXT", "TEMP", "TMP")


def clean_environment(
    tmp: Path, pass_env: Iterable[str] = (), *, windows: bool = os.name == "nt"
) -> dict[str, str]:
    """Return the variables of a command that says nothing else.

    Args:
        tmp: Becomes ``HOME`` and holds all XDG folders, which need not exist.
        pass_env: Names taken over from this process, where it has them.
        windows: Whether to add what programs need there.
    """
    passed = ["PATH", *(_WINDOWS_PASSED if windows else ()), *pass_env]
    homes = {**_HOMES, **(_WINDOWS_HOMES if windows else {})}
    return {
        "PATH": os.defpath,
        **_FIXED,
        **{name: str(tmp / below) for name, below in homes.items()},
        **{name: os.environ[name] for name in passed if name in os.environ},
    }

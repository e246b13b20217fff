"""The environment of commands."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_parsediff.adapters.environment import clean_environment


def test_nothing_but_the_path_is_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Locale, time zone, colour and homes are fixed, whatever they are here."""
    for name in ("TZ", "LC_ALL", "HOME", "SECRET", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, "ours")
    monkeypatch.setenv("PATH", "/our/bin")

    expected = {
        "PATH": "/our/bin",
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "LANG": "C.UTF-8",
        "NO_COLOR": "1",
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / ".config"),
        "XDG_CACHE_HOME": str(tmp_path / ".cache"),
        "XDG_DATA_HOME": str(tmp_path / ".local/share"),
        "XDG_STATE_HOME": str(tmp_path / ".local/state"),
    }
    assert expected == clean_environment(tmp_path)


def test_variables_are_passed_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name of ``pass_env`` is taken over if it is set here."""
    monkeypatch.setenv("TOKEN", "7")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.delenv("MISSING", raising=False)

    env = clean_environment(tmp_path, ["TOKEN", "TZ", "MISSING"])

    assert ("7", "Asia/Tokyo") == (env["TOKEN"], env["TZ"])
    assert "MISSING" not in env


def test_without_a_path_the_default_one_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Programs of the system are found all the same."""
    monkeypatch.delenv("PATH")

    assert os.defpath == clean_environment(tmp_path)["PATH"]


def test_windows_needs_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What programs there cannot start without is passed, and homes are moved."""
    monkeypatch.setenv("SYSTEMROOT", r"C:\Windows")

    env = clean_environment(tmp_path, windows=True)

    assert r"C:\Windows" == env["SYSTEMROOT"]
    assert str(tmp_path) == env["USERPROFILE"]
    assert str(tmp_path / "AppData/Roaming") == env["APPDATA"]

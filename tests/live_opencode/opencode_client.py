"""The published opencode, kept offline: throwaway homes, and a model on loopback.

What it is allowed to reach is this process's model and nothing else: updates, model
lists, sharing, plug-ins and language servers are off, and every proxy is a closed port.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from fake_model import MODEL, FakeModel

#: Names the program, for example …/node_modules/opencode-linux-x64/bin/opencode.
VARIABLE = "PARSEDIFF_OPENCODE"

_CLOSED = "http://127.0.0.1:9"
_OFF = (
    "OPENCODE_DISABLE_AUTOUPDATE",
    "OPENCODE_DISABLE_DEFAULT_PLUGINS",
    "OPENCODE_DISABLE_LSP_DOWNLOAD",
    "OPENCODE_DISABLE_MODELS_FETCH",
    "OPENCODE_DISABLE_SHARE",
)
_TIMEOUT_S = 120


def why_not() -> str:
    """Return why the program cannot be run here; empty if it can."""
    path = os.environ.get(VARIABLE, "")
    if not path:
        return f"{VARIABLE} does not name a published opencode"
    if shutil.which(path) is None:
        return f"{VARIABLE}={path} is no program"
    return ""


@dataclass(frozen=True, slots=True)
class Opencode:
    """One user of the program.

    Attributes:
        home: Empty folder; everything that the program keeps is below it.
        model: The model that it talks to.
    """

    home: Path
    model: FakeModel

    @property
    def store(self) -> Path:
        """Its database."""
        return self.home / "data/opencode/opencode.db"

    def run(self, *arguments: str) -> str:
        """Run the program to its end and return what it printed."""
        project = self.home / "project"
        project.mkdir(exist_ok=True)
        done = subprocess.run(
            [os.environ[VARIABLE], *arguments],
            cwd=project,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
        assert 0 == done.returncode, done.stderr[-4000:]
        return done.stdout

    def _environment(self) -> dict[str, str]:
        homes = {
            f"XDG_{kind.upper()}_HOME": str(self.home / kind)
            for kind in ("data", "config", "cache", "state")
        }
        return {
            **dict.fromkeys(_OFF, "1"),
            **homes,
            "HOME": str(self.home),
            "HTTPS_PROXY": _CLOSED,
            "NO_PROXY": "127.0.0.1",
            "OPENCODE_CONFIG_CONTENT": json.dumps(self._config()),
            "PATH": os.environ["PATH"],
            "TZ": "UTC",
        }

    def _config(self) -> dict[str, object]:
        model = {
            "name": "Fake",
            "limit": {"context": 100_000, "output": 8_000},
            "tool_call": True,
            "cost": {"input": 1, "output": 2},
        }
        provider = {
            "npm": "@ai-sdk/openai-compatible",
            "name": "Fake",
            "options": {"baseURL": self.model.url, "apiKey": "none"},
            "models": {MODEL: model},
        }
        return {
            "provider": {"fake": provider},
            "model": f"fake/{MODEL}",
            "small_model": f"fake/{MODEL}",
            "autoupdate": False,
            "share": "disabled",
            "permission": {"*": "allow"},
        }

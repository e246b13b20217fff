"""Test programs that parse stores which other programs are writing.

The public names are imported on first use, so that loading the plugin costs nothing
in runs that do not need them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_parsediff.adapters.protocol import Adapter, OpenableAdapter, Reader
    from pytest_parsediff.conformance import run_conformance
    from pytest_parsediff.conformancetrial import Conformance
    from pytest_parsediff.core.errors import ParsediffError
    from pytest_parsediff.core.event import (
        Checkpoint,
        Context,
        Event,
        Evidence,
        Notice,
        SessionInfo,
        Source,
    )
    from pytest_parsediff.snapshot import JSONLExtension, ScenarioJSONLExtension

__all__ = [
    "Adapter",
    "Checkpoint",
    "Conformance",
    "Context",
    "Event",
    "Evidence",
    "JSONLExtension",
    "Notice",
    "OpenableAdapter",
    "ParsediffError",
    "Reader",
    "ScenarioJSONLExtension",
    "SessionInfo",
    "Source",
    "__version__",
    "run_conformance",
]

_HOMES = {
    "Adapter": "adapters.protocol",
    "Checkpoint": "core.event",
    "Conformance": "conformancetrial",
    "Context": "core.event",
    "Event": "core.event",
    "Evidence": "core.event",
    "JSONLExtension": "snapshot",
    "Notice": "core.event",
    "OpenableAdapter": "adapters.protocol",
    "ParsediffError": "core.errors",
    "Reader": "adapters.protocol",
    "ScenarioJSONLExtension": "snapshot",
    "SessionInfo": "core.event",
    "Source": "core.event",
    "run_conformance": "conformance",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - on first use

        return version("pytest-parsediff")
    if name in _HOMES:
        return getattr(import_module(f"pytest_parsediff.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__

"""Built-in adapter for opencode: its SQLite database becomes events."""

from __future__ import annotations

from pytest_parsediff.adapters.opencode.adapter import OpencodeAdapter

__all__ = ["OpencodeAdapter"]

"""How long a scan may take and how much it may emit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from pytest_parsediff.adapters.protocol import OpenableAdapter
from pytest_parsediff.core.config import AdapterConfig

DEFAULT_TIMEOUT_S = 60.0
DEFAULT_OUTPUT_MB = 256.0
BYTES_PER_MB = 2**20


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one scan.

    Attributes:
        timeout_s: Seconds from its start to its end, closing included.
        max_output_mb: Most it may emit, in units of 2**20 bytes.
    """

    timeout_s: float = DEFAULT_TIMEOUT_S
    max_output_mb: float = DEFAULT_OUTPUT_MB

    @classmethod
    def of(cls, config: AdapterConfig) -> Limits:
        """Return what *config* says, with the defaults for what it leaves out."""
        return cls(
            config.timeout_s or DEFAULT_TIMEOUT_S,
            config.max_output_mb or DEFAULT_OUTPUT_MB,
        )

    @property
    def max_bytes(self) -> float:
        """Most that may be emitted, in bytes."""
        return self.max_output_mb * BYTES_PER_MB


@runtime_checkable
class SelfLimiting(Protocol):
    """An adapter that keeps limits itself, because its work is done elsewhere."""

    def limited(self, limits: Limits, /) -> OpenableAdapter:
        """Return the same adapter, whose scans keep *limits*."""
        ...

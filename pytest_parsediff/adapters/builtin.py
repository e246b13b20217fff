"""The adapters that come with the package, by name."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_parsediff.core.canonical import Encoder
from pytest_parsediff.core.config import AdapterConfig


@dataclass(frozen=True, slots=True)
class Builtin:
    """A built-in adapter that has not been imported.

    Attributes:
        spec: ``module:callable``.
        config: What holds unless a configured table says otherwise.
    """

    spec: str
    config: AdapterConfig


#: Places that an event of some kind lacks count as absent in its identity.
BUILTIN: dict[str, Builtin] = {
    "opencode": Builtin(
        "pytest_parsediff.adapters.opencode:OpencodeAdapter",
        AdapterConfig(
            encoder=Encoder.DECLARED,
            ordered=True,
            session=["/payload/SessionNativeID", "/payload/NativeID"],
            key=[
                "/kind",
                "/payload/NativeID",
                "/payload/SessionNativeID",
                "/payload/TurnSeq",
                "/payload/OpSeq",
                "/payload/Seq",
                "/payload/LocationURI",
            ],
        ),
    ),
}

"""The adapters that come with the package, by name."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_parsediff.core.canonical import Encoder
from pytest_parsediff.core.config import AdapterConfig, CompareConfig


@dataclass(frozen=True, slots=True)
class Builtin:
    """A built-in adapter that has not been imported.

    Attributes:
        spec: ``module:callable``.
        config: What holds unless a configured table says otherwise.
    """

    spec: str
    config: AdapterConfig


#: A message of an error may quote what was said, and a URL may hold the whole file.
_OPENCODE_COMPARE = CompareConfig(
    fields={
        "sequence": ["/payload/SourceSeq"],
        "times": ["/payload/Ts", "/payload/EndTs"],
        "status": [
            "/payload/Status",
            "/payload/ErrorClass",
            "/payload/ErrorMessage",
        ],
        "models": [
            "/payload/Model",
            "/payload/Provider",
            "/payload/ProviderAlias",
            "/payload/Extras/providerID",
            "/payload/Extras/variant",
        ],
        "tokens": [
            "/payload/TokensIn",
            "/payload/TokensOut",
            "/payload/TokensCacheRead",
            "/payload/TokensCacheWrite",
            "/payload/CtxUsed",
            "/payload/CtxMax",
        ],
        "cost": ["/payload/CostUSD"],
        "sizes": [
            "/payload/BytesIn",
            "/payload/BytesOut",
            "/payload/CharsIn",
            "/payload/CharsOut",
            "/payload/OriginalBytes",
            "/payload/StoredBytes",
        ],
    },
    bodies=["/payload/ErrorMessage", "/payload/Extras/url"],
)

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
                "/payload/Extras/part_id",
                "/payload/Extras/message_id",
                "/payload/Extras/session_message_id",
            ],
            compare=_OPENCODE_COMPARE,
        ),
    ),
}

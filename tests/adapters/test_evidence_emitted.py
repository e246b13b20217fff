"""Evidence among the emissions of a scan."""

from __future__ import annotations

import pickle
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_parsediff.adapters.contain import Emitted, collect
from pytest_parsediff.adapters.isolated import IsolatedAdapter
from pytest_parsediff.adapters.protocol import Adapter
from pytest_parsediff.adapters.python import as_adapter
from pytest_parsediff.core.config import AdapterConfig
from pytest_parsediff.core.errors import NotAnEventError, OutputTooLargeError
from pytest_parsediff.core.event import Context, Emission, Evidence, Source


def gather(
    source: Source, context: Context, *items: object, max_output_mb: float = 1
) -> Emitted:
    """Return what is collected from an adapter that emits *items*."""

    class Emits:
        name = "emits"

        def scan(self, _source: Source, _cursor: str | None, /) -> Iterator[Emission]:
            return iter(items)  # type: ignore[arg-type]

    adapter = as_adapter(Emits(), "emits")
    assert isinstance(adapter, Adapter)
    return collect(adapter, source, context, timeout_s=60, max_output_mb=max_output_mb)


def test_evidence_is_kept_apart_from_events(source: Source, context: Context) -> None:
    """It is found by session, and changes nothing about the events."""
    found = gather(
        source, context, Evidence("s1", "aa"), {"id": 1}, Evidence("s2", "bb")
    )

    assert {"s1": "aa", "s2": "bb"} == found.evidence
    assert [{"id": 1}] == found.events


def test_the_last_evidence_of_a_session_holds(source: Source, context: Context) -> None:
    """A session that is emitted again is as it was the last time."""
    found = gather(source, context, Evidence("s", "aa"), Evidence("s", "bb"))

    assert {"s": "bb"} == found.evidence


@pytest.mark.parametrize("wrong", [Evidence(1, "aa"), Evidence("s", b"aa")])  # type: ignore[arg-type]
def test_evidence_is_text(source: Source, context: Context, wrong: Evidence) -> None:
    """Ids and digests of other types are refused: they could never be compared."""
    with pytest.raises(NotAnEventError, match="PD405: adapter 'emits': item 0 is Ev"):
        gather(source, context, wrong)


def test_evidence_counts_as_output(source: Source, context: Context) -> None:
    """An adapter cannot emit digests without end."""
    with pytest.raises(OutputTooLargeError, match="PD407"):
        gather(source, context, Evidence("s", "a" * 3000), max_output_mb=0.002)


def test_evidence_leaves_a_process_of_its_own(
    search: Path, source: Source, context: Context
) -> None:
    """An isolated adapter hands over the same."""
    text = """
        from pytest_parsediff import Evidence

        def parse(path):
            yield Evidence("s é", "aa")
            yield {"id": 1}
    """
    (search / "emitting.py").write_text(textwrap.dedent(text))
    config = AdapterConfig(python="emitting:parse", isolation="process")
    adapter = IsolatedAdapter("emitting", "emitting:parse", config, search)

    found = collect(adapter, source, context, timeout_s=60, max_output_mb=1)

    assert Emitted([{"id": 1}], evidence={"s é": "aa"}) == found


def test_evidence_pickles() -> None:
    """It can be handed between workers."""
    assert Evidence("s", "aa") == pickle.loads(pickle.dumps(Evidence("s", "aa")))

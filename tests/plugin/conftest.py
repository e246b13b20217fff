"""A small project of a user's, made anew for each test."""

from __future__ import annotations

from pathlib import Path

import pytest
from live_project import FakeRun, LiveProject
from user_project import ADAPTER, GOLDEN, SQL, AddScenario


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the outer run's surroundings out of the inner ones."""
    for name in (
        *("CI", "TF_BUILD", "PYTEST_XDIST_WORKER"),
        *("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"),
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def add(pytester: pytest.Pytester) -> AddScenario:
    """Return a function that adds a scenario to a project with the adapter ``rows``."""
    pytester.makeconftest(ADAPTER)
    pytester.makeini("[pytest]\nparsediff_adapter = rows\n")

    def add_scenario(
        name: str,
        *,
        sql: str | bytes | None = SQL,
        golden: str | bytes | None = GOLDEN,
        toml: str | None = None,
        root: str = "scenarios",
    ) -> Path:
        folder = pytester.path / root / name
        folder.mkdir(parents=True, exist_ok=True)
        for file, content in (
            ("fixture.sql", sql),
            ("expected.jsonl", golden),
            ("scenario.toml", toml),
        ):
            if content is not None:
                data = content if isinstance(content, bytes) else content.encode()
                (folder / file).write_bytes(data)
        return folder

    return add_scenario


@pytest.fixture
def fake(pytester: pytest.Pytester) -> FakeRun:
    """Return a project whose verdicts a test makes up."""
    return FakeRun(pytester)


@pytest.fixture
def live(pytester: pytest.Pytester) -> LiveProject:
    """Return a project with real sources."""
    return LiveProject(pytester)

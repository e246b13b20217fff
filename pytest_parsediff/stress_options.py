"""What the flags and ini values of stress runs amount to."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from pytest_parsediff.core.config import StressConfig
from pytest_parsediff.core.errors import BadTokenError, OptionError
from pytest_parsediff.interleave.strategy import Strategy
from pytest_parsediff.interleave.token import made_for
from pytest_parsediff.laws.law import Law
from pytest_parsediff.stress.made import WRITERS
from pytest_parsediff.stress.stand import StressSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class StressOptions:
    """What was asked.

    Attributes:
        plans: Per scenario; ``None`` leaves that to each one's table.
        seed: Of random plans; ``None`` the same.
        strategy: ``None`` the same.
        time_s: Longest time for one block; ``None`` sets no bound.
        laws: What every scenario is held to; ``None`` leaves that to each one's table.
        writer: What makes a writer for scenarios that have none; empty for nothing.
        replay: Token to run again; empty for none.
    """

    plans: int | None = None
    seed: int | None = None
    strategy: Strategy | None = None
    time_s: float | None = None
    laws: tuple[Law, ...] | None = None
    writer: str = ""
    replay: str = ""

    @property
    def is_strict(self) -> bool:
        """Whether stress was asked for, so that nothing shown is a failure."""
        is_asked = self.plans is not None or self.laws is not None
        return is_asked or bool(self.replay)

    @property
    def flags(self) -> str:
        """What a replay needs besides its token, each with a space behind it."""
        laws = ",".join(self.laws or ())
        return _as_flags(("laws", laws), ("stress-writer", self.writer))

    @property
    def block_flags(self) -> str:
        """What a block needs to be the same again, likewise."""
        numbers = ("stress", self.plans), ("seed", self.seed)
        return self.flags + _as_flags(*numbers, ("stress-strategy", self.strategy))

    def settings(self, table: StressConfig) -> StressSettings:
        """Return what holds for a scenario with this ``[stress]`` table."""
        own = StressSettings.of(
            table, plans=self.plans, seed=self.seed, strategy=self.strategy
        )
        laws = own.laws if self.laws is None else self.laws
        return replace(own, laws=laws, writer=self.writer)


def _as_flags(*values: tuple[str, object]) -> str:
    """Return flags for those of *values* that are given, each with a space behind it."""
    return "".join(
        f"--parsediff-{name}={value} "
        for name, value in values
        if value is not None and value != ""
    )


def read_stress_options(config: pytest.Config) -> StressOptions:
    """Return what flags say, else ini values.

    Raises:
        pytest.UsageError: PD116, a value is none. PD612, the token is none.
    """
    token = config.getoption("parsediff_replay") or ""
    if token:
        try:
            made_for(token)
        except BadTokenError as error:
            raise pytest.UsageError(str(error)) from None
    return StressOptions(
        plans=_number(config, "stress", least=0),
        seed=_number(config, "seed", least=0),
        strategy=_strategy(config),
        time_s=_seconds(config),
        laws=_laws(config),
        writer=_writer(config),
        replay=token,
    )


def _text(config: pytest.Config, name: str) -> str | None:
    """Return what the flag says, else the ini value, else nothing."""
    given = config.getoption(f"parsediff_{name}", None)
    if given is None:
        given = config.getini(f"parsediff_{name}") or None
    return None if given is None else str(given)


def _number(config: pytest.Config, name: str, *, least: int) -> int | None:
    text = _text(config, name)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or int(text) < least:
        flag = f"--parsediff-{name.replace('_', '-')}"
        message = f"{flag}: expected a whole number of at least {least}, got {text!r}"
        raise pytest.UsageError(str(OptionError(message)))
    return int(text)


def _seconds(config: pytest.Config) -> float | None:
    text = _text(config, "stress_time")
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        message = f"--parsediff-stress-time: expected seconds above 0, got {text!r}"
        raise pytest.UsageError(str(OptionError(message)))
    return seconds


def _strategy(config: pytest.Config) -> Strategy | None:
    text = _text(config, "stress_strategy")
    if text is None:
        return None
    try:
        return Strategy(text)
    except ValueError:
        known = ", ".join(Strategy)
        message = f"--parsediff-stress-strategy: expected one of {known}, got {text!r}"
        raise pytest.UsageError(str(OptionError(message))) from None


def _laws(config: pytest.Config) -> tuple[Law, ...] | None:
    text = _text(config, "laws")
    if text is None:
        return None
    if text == "all":
        return tuple(Law)
    try:
        return tuple(dict.fromkeys(Law(name.strip()) for name in text.split(",")))
    except ValueError:
        known = ", ".join(Law)
        message = f"--parsediff-laws: expected all, or some of {known}, got {text!r}"
        raise pytest.UsageError(str(OptionError(message))) from None


def _writer(config: pytest.Config) -> str:
    name = _text(config, "stress_writer") or ""
    if name and name not in WRITERS:
        known = ", ".join(WRITERS)
        message = f"--parsediff-stress-writer: expected one of {known}, got {name!r}"
        raise pytest.UsageError(str(OptionError(message)))
    return name

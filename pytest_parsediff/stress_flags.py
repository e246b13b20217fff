"""Flags and ini values of stress runs, as every pytest run registers them."""

from __future__ import annotations

from typing import Any

import pytest

#: Name, metavar and help of each flag; ``parsediff_<name>`` is its dest.
FLAGS = (
    (
        "stress",
        "N",
        "run N plans of each scenario with writers, instead of what its table says",
    ),
    (
        "replay",
        "TOKEN",
        "run the plan of a token again, on the selected scenario",
    ),
    (
        "stress_strategy",
        "NAME",
        "how plans are chosen: auto, sweep, pct, crash or exhaustive",
    ),
    (
        "laws",
        "all|LAW[,LAW]",
        "hold every scenario to these laws, also one without writers",
    ),
    (
        "stress_writer",
        "NAME",
        "make a writer for scenarios that have none: opencode",
    ),
    (
        "stress_time",
        "SECONDS",
        "longest time for 100 plans; what was not run is said",
    ),
)
#: Flags with an ini value; there is none for one token.
INI = ("stress", "stress_strategy", "laws", "stress_writer", "stress_time")


def add_stress_options(parser: pytest.Parser) -> None:
    """Register the flags and their ini values."""
    group = parser.getgroup("parsediff")
    for name, metavar, text in FLAGS:
        flag = f"--parsediff-{name.replace('_', '-')}"
        dest: dict[str, Any] = {"dest": f"parsediff_{name}", "default": None}
        group.addoption(flag, metavar=metavar, help=text, **dest)
        if name in INI:
            parser.addini(f"parsediff_{name}", f"same as {flag}", default=None)


def is_stress_asked(config: pytest.Config) -> bool:
    """Return whether a flag of a stress run is on the command line."""
    return any(
        getattr(config.option, f"parsediff_{name}", None) is not None
        for name, _, _ in FLAGS
    )


def holds_all(config: pytest.Config) -> bool:
    """Return whether scenarios without writers are held to laws too."""
    given = getattr(config.option, "parsediff_laws", None)
    return bool(given or config.getini("parsediff_laws"))

"""Flags and ini values, and the settings they amount to."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_parsediff.stress_flags import is_stress_asked

if TYPE_CHECKING:
    from pytest_parsediff.golden.update import UpdateMode

#: Spellings of the flag that rewrites goldens; the short one is given up when a
#: conftest of the user's already has it.
UPDATE_FLAGS = ("--update-golden", "--parsediff-update-golden")
_BARE_MODE = "all"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user asked for.

    Attributes:
        enabled: Whether scenarios are collected.
        roots: Absolute paths of the scenario roots, as configured.
        adapter: Adapter of scenarios that name none; may be ``None``.
        update: How goldens are to be rewritten; ``None`` compares.
        tmp: Where throwaway folders go; ``None`` chooses.
    """

    enabled: bool
    roots: tuple[Path, ...]
    adapter: str | None
    update: UpdateMode | None
    tmp: Path | None


def add_options(parser: pytest.Parser) -> None:
    """Register what has a prefix; :func:`add_update_flags` does the rest later."""
    group = parser.getgroup("parsediff", "golden scenarios of parsers (parsediff)")
    group.addoption(
        "--parsediff",
        action="store_true",
        default=None,
        dest="parsediff",
        help="collect and run the scenarios below the scenario roots",
    )
    parser.addini("parsediff", "same as --parsediff", type="bool", default=False)
    parser.addini(
        "parsediff_adapter", "adapter of scenarios that name none", default=""
    )
    parser.addini(
        "parsediff_scenarios",
        "scenario roots, relative to the configuration file (default: scenarios)",
        type="paths",
        default=["scenarios"],
    )
    parser.addini(
        "parsediff_tmp",
        "folder for throwaway stores (default: tmpfs when there is one)",
        default="",
    )


def add_update_flags(parser: pytest.Parser, args: list[str]) -> None:
    """Register ``--update-golden[=MODE]`` so that it never takes the next argument.

    argparse gives an optional value to the next word, so ``--update-golden x`` would
    lose the path. The flags are therefore registered only now, after the early
    parsing, and a bare one is completed in place.
    """
    group = parser.getgroup("parsediff")
    ours = []
    for flag in UPDATE_FLAGS:
        if _is_taken(parser, flag):
            continue
        try:
            group.addoption(
                flag,
                dest="parsediff_update_golden",
                default=None,
                metavar="MODE",
                help="write the output of the selected scenarios as their goldens: "
                "all (default), new, changed, or plan to write nothing; with =",
            )
        except (ValueError, argparse.ArgumentError):  # a conftest owns the short one
            continue
        ours.append(flag)
    end = args.index("--") if "--" in args else len(args)
    for index in range(end):
        if args[index] in ours:
            args[index] = f"{args[index]}={_BARE_MODE}"


def _is_taken(parser: pytest.Parser, flag: str) -> bool:
    """Return whether a conftest has *flag*, where pytest would say so too late.

    Before pytest 9 a conflict between two groups comes up only when the command line
    is parsed; there is no public way to ask earlier.
    """
    groups = [*getattr(parser, "_groups", ()), getattr(parser, "_anonymous", None)]
    return any(
        flag in option.names()
        for group in groups
        for option in getattr(group, "options", ())
    )


def read_settings(config: pytest.Config) -> Settings:
    """Return the settings of this run.

    Raises:
        pytest.UsageError: PD116, PD330 or PD331; the flags cannot be used together
            or here.
    """
    asked = _read_update(config)
    enabled = bool(
        config.getoption("parsediff")
        or asked
        or is_stress_asked(config)
        or config.getini("parsediff")
    )
    update = asked or _implied_update(config)
    if enabled and update and config.getoption("dist", "no") == "each":
        raise _two_writers()
    tmp = config.getini("parsediff_tmp")
    return Settings(
        enabled=enabled,
        roots=_roots(config.rootpath, config.getini("parsediff_scenarios")),
        adapter=config.getini("parsediff_adapter") or None,
        update=update,
        tmp=config.rootpath / tmp if tmp else None,
    )


def _two_writers() -> pytest.UsageError:
    from pytest_parsediff.core.errors import UpdateScopeError  # noqa: PLC0415

    message = "goldens are updated with --dist each: every one would have two writers"
    return pytest.UsageError(str(UpdateScopeError(message)))


def _roots(rootpath: Path, configured: Iterable[Path | str]) -> tuple[Path, ...]:
    return tuple(
        dict.fromkeys(Path(os.path.normpath(rootpath / root)) for root in configured)
    )


def _read_update(config: pytest.Config) -> UpdateMode | None:
    text = config.getoption("parsediff_update_golden", None)
    if not isinstance(text, str):
        return None
    from pytest_parsediff.core.errors import (  # noqa: PLC0415 - rarely needed
        OptionError,
        UpdateOnCIError,
    )
    from pytest_parsediff.golden.update import UpdateMode  # noqa: PLC0415

    try:
        mode = UpdateMode(text)
    except ValueError:
        known = ", ".join(UpdateMode)
        message = f"--update-golden: expected one of {known}, got {text!r}"
        raise pytest.UsageError(str(OptionError(message))) from None
    if mode is not UpdateMode.PLAN and is_ci():
        message = "--update-golden writes goldens, and CI is set"
        raise pytest.UsageError(str(UpdateOnCIError(message)))
    return mode


def _implied_update(config: pytest.Config) -> UpdateMode | None:
    """Return the mode that syrupy's own flags amount to for scenarios."""
    if config.getoption("update_snapshots", False):
        from pytest_parsediff.golden.update import UpdateMode  # noqa: PLC0415

        return UpdateMode.ALL
    if config.getoption("update_new_snapshots_only", False):
        from pytest_parsediff.golden.update import UpdateMode  # noqa: PLC0415

        return UpdateMode.NEW
    return None


def keep_goldens_from_syrupy(config: pytest.Config) -> None:
    """Add ``jsonl`` to the extensions that syrupy does not search for.

    Its default extension takes every file below ``__snapshots__`` that no test of this
    run asked for as unused, and ``--snapshot-update --collect-only`` deletes them all.
    """
    known = config.getoption("ignore_file_extensions", None)
    if hasattr(config.option, "ignore_file_extensions"):
        config.option.ignore_file_extensions = [*(known or ()), "jsonl"]


def are_paths_named(config: pytest.Config) -> bool:
    """Return whether the command line says what to collect."""
    return config.args_source is config.ArgsSource.ARGS


def is_ci() -> bool:
    """Return whether this is a continuous integration run."""
    values = (os.environ.get(name, "") for name in ("CI", "TF_BUILD"))
    return any(value.lower() not in ("", "0", "false") for value in values)

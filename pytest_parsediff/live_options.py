"""Flags and ini values of the parse-diff gate, and what they amount to."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    from pytest_parsediff.diff.gatesettings import GateSettings

RETRY_FLAG = "--parsediff-retry-failed"
#: What a bare ``--parsediff-retry-failed`` stands for.
LAST_RUN = "last"
#: Markers, with their signatures; ``live_marks.py`` has what they mean.
MARKERS = (
    "raced(*sessions): these sessions of a parse-diff are raced",
    "expected_change(*sessions, fields, reason): they change in exactly these fields",
)
#: Flags that a recording, which judges nothing, would not act on.
_COMPARING = frozenset(
    f"--parsediff-{name}"
    for name in (
        *("limit", "sample", "seed", "fail-on", "max-raced", "max-stale"),
        *("max-excluded", "max-needs-retry", "min-examined", "report"),
        "show-bodies",
    )
)
#: Flags whose values the gate reads by itself.
_GATE = (
    *("max_raced", "max_stale", "max_excluded", "max_needs_retry"),
    *("min_examined", "raced_retries"),
)


@dataclass(frozen=True, slots=True)
class _Flag:
    """One flag.

    Attributes:
        name: Without the prefix; ``parsediff_<name>`` is its dest and its ini value.
        metavar: Shown for the value; empty for a switch.
        help: What it does.
        ini: Type of the ini value; empty when there is none.
        many: Whether it may be given several times.
    """

    name: str
    metavar: str
    help: str
    ini: str = ""
    many: bool = False

    @property
    def dest(self) -> str:
        return f"parsediff_{self.name}"

    @property
    def flag(self) -> str:
        return f"--parsediff-{self.name.replace('_', '-')}"


_FLAGS = (
    _Flag("archive", "FILE", "compare what the sources parse to with this archive"),
    _Flag(
        "stored",
        "NAME",
        "compare with the table [stored.NAME] of parsediff.toml instead of an archive",
    ),
    _Flag(
        "source",
        "NAME=PATH",
        "a file or folder that adapter NAME reads (repeatable)",
        "linelist",
        many=True,
    ),
    _Flag("record", "FILE", "write what the sources parse to into this archive"),
    _Flag(
        "record_mode",
        "MODE",
        "full (default) parses everything; append resumes where the last recording of"
        " a source ended",
        "string",
    ),
    _Flag(
        "session",
        "ID",
        "only this session, or with --parsediff-record what is written (repeatable)",
        many=True,
    ),
    _Flag("limit", "N", "only the N newest sessions; 0 is all", "string"),
    _Flag(
        "sample",
        "N|N%[:stratified]",
        "only a random sample of the sessions, the same one for the same seed;"
        " stratified takes the same share of each adapter",
        "string",
    ),
    _Flag("seed", "S", "seed of --parsediff-sample, a whole number", "string"),
    _Flag(
        "fail_on",
        "CLASS[,CLASS]",
        "classes that fail a session, or none (default: changed,parse_error)",
        "args",
        many=True,
    ),
    _Flag(
        "max_raced",
        "N|N%",
        "most sessions that may be raced (default: any number)",
        "string",
    ),
    _Flag(
        "max_stale",
        "N|N%",
        "most sessions whose source is newer than the archive (default: 0)",
        "string",
    ),
    _Flag(
        "max_excluded",
        "N|N%",
        "most stored sessions that the parser may veto (default: 0)",
        "string",
    ),
    _Flag(
        "max_needs_retry",
        "N|N%",
        "most sessions for which the parser may ask for another pass (default: 50%)",
        "string",
    ),
    _Flag(
        "min_examined",
        "N|N%",
        "fewest sessions that must have been compared (default: 1)",
        "string",
    ),
    _Flag(
        "raced_retries",
        "N",
        "how often a raced source is parsed again before its verdict stands"
        " (default: 2)",
        "string",
    ),
    _Flag("report", "FILE", "write verdicts and totals to this JSON file", "string"),
    _Flag(
        "show_bodies",
        "",
        "show texts of people and models where they differ",
        "bool",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveOptions:
    """What was asked of the gate, checked as far as nothing is opened.

    Attributes:
        archive: To compare with; ``None`` when another side was asked.
        stored: Name of a ``[stored.NAME]`` table; empty when it is an archive.
        record: Archive to write; ``None`` to compare.
        record_mode: ``full`` or ``append``.
        retry: Recording run whose failed sources are recorded again; empty for none.
        sources: Adapter and absolute path of each source, without duplicates.
        sessions: Ids to restrict the run to; empty for all.
        limit: Most sessions, newest first; 0 for all.
        sample: As given; empty for all.
        seed: Of the sample.
        gate: What fails the run.
        report: Where the JSON document goes.
        show_bodies: Whether texts may be shown.
    """

    archive: Path | None = None
    stored: str = ""
    record: Path | None = None
    record_mode: Literal["full", "append"] = "full"
    retry: str = ""
    sources: tuple[tuple[str, Path], ...] = ()
    sessions: tuple[str, ...] = ()
    limit: int = 0
    sample: str = ""
    seed: int = 0
    gate: GateSettings
    report: Path | None = None
    show_bodies: bool = False

    @property
    def is_recording(self) -> bool:
        """Whether an archive is written and nothing compared."""
        return self.record is not None

    @property
    def archive_file(self) -> Path | None:
        """The archive that is read or written, if it is one."""
        return self.archive or self.record

    def describe(self) -> str:
        """Return on one line what is compared with what."""
        sources = ", ".join(f"{name}={path}" for name, path in self.sources)
        if self.record is not None:
            return f"recording {sources} into {self.record}"
        side = self.archive or f"[stored.{self.stored}]"
        parts = [f"comparing {sources} with {side}"]
        if self.limit:
            parts.append(f"limit {self.limit}")
        if self.sample:
            parts.append(f"sample {self.sample}, seed {self.seed}")
        return "; ".join(parts)

    def flags(self, here: Path) -> str:
        """Return the flags that choose the two sides, as typed in *here*."""
        parts = []
        if self.archive is not None:
            parts.append(f"--parsediff-archive={_typed(self.archive, here)}")
        if self.stored:
            parts.append(f"--parsediff-stored={self.stored}")
        parts += self._source_flags(here)
        return " ".join(map(shlex.quote, parts))

    def record_flags(self, here: Path) -> str:
        """Return the flags that record the same sources; empty without an archive."""
        if self.archive_file is None:
            return ""
        parts = [f"--parsediff-record={_typed(self.archive_file, here)}"]
        return " ".join(map(shlex.quote, parts + self._source_flags(here)))

    def _source_flags(self, here: Path) -> list[str]:
        return [
            f"--parsediff-source={name}={_typed(path, here)}"
            for name, path in self.sources
        ]


def _typed(path: Path, here: Path) -> str:
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


# --- registering ----------------------------------------------------------------------


def add_live_options(parser: pytest.Parser) -> None:
    """Register every flag but :data:`RETRY_FLAG`, and their ini values."""
    group = parser.getgroup("parsediff")
    for flag in _FLAGS:
        keywords: dict[str, Any] = {"action": "store_true"}
        if flag.metavar:
            action = "append" if flag.many else "store"
            keywords = {"action": action, "metavar": flag.metavar}
        # argparse takes "%" in a help text for a placeholder of its own
        text = flag.help.replace("%", "%%")
        group.addoption(flag.flag, dest=flag.dest, default=None, help=text, **keywords)
        if flag.ini:
            kind: Any = flag.ini
            parser.addini(flag.dest, f"same as {flag.flag}", type=kind, default=None)


def add_retry_flag(parser: pytest.Parser, args: list[str]) -> None:
    """Register ``--parsediff-retry-failed[=RUN]``; it never takes the next argument.

    argparse gives an optional value to the next word. The flag is therefore registered
    only after the early parsing, and a bare one is completed in place.
    """
    try:
        parser.getgroup("parsediff").addoption(
            RETRY_FLAG,
            dest="parsediff_retry_failed",
            default=None,
            metavar="RUN",
            help="with --parsediff-record: only what the last recording, or"
            " recording RUN, left undone; with =",
        )
    except (ValueError, argparse.ArgumentError):  # registered by an outer conftest
        return
    end = args.index("--") if "--" in args else len(args)
    for index in range(end):
        if args[index] == RETRY_FLAG:
            args[index] = f"{RETRY_FLAG}={LAST_RUN}"


# --- reading --------------------------------------------------------------------------


def read_live_options(config: pytest.Config) -> LiveOptions | None:
    """Return what was asked, or ``None`` if no flag of a live run was given.

    Ini values are defaults of a live run, they do not start one: else no other run
    would be left to a project that has them.

    Raises:
        pytest.UsageError: PD116, a flag has a value that means nothing, or flags
            contradict each other.
    """
    option = config.option
    given = [flag for flag in _FLAGS if getattr(option, flag.dest, None) is not None]
    retry = getattr(option, "parsediff_retry_failed", None)
    if not given and retry is None:
        return None
    from pytest_parsediff.core.errors import OptionError  # noqa: PLC0415 - when needed

    try:
        options = _read(_Asked(config), retry or "")
    except OptionError as error:
        raise pytest.UsageError(str(error)) from None
    _check_together(config, options, [flag.flag for flag in given])
    return options


def _read(asked: _Asked, retry: str) -> LiveOptions:
    return LiveOptions(
        archive=asked.path("archive"),
        stored=asked.text("stored"),
        record=asked.path("record"),
        record_mode=asked.record_mode(),
        retry=retry,
        sources=tuple(dict.fromkeys(asked.sources())),
        sessions=tuple(dict.fromkeys(asked.value("session") or ())),
        limit=asked.number("limit", 0),
        sample=asked.sample(),
        seed=asked.number("seed", 0, least=None),
        gate=asked.gate(),
        report=asked.path("report"),
        show_bodies=bool(asked.value("show_bodies")),
    )


class _Asked:
    """What stands on the command line, and behind it in the ini file."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._here = config.invocation_params.dir

    def value(self, name: str) -> Any:
        """Return the flag's value, else the ini value, else ``None``."""
        given = getattr(self._config.option, f"parsediff_{name}", None)
        return self._ini(name) if given is None else given

    def _ini(self, name: str) -> Any:
        flag = next(flag for flag in _FLAGS if flag.name == name)
        return self._config.getini(flag.dest) if flag.ini else None

    def text(self, name: str) -> str:
        """Return a text without spaces around it; empty when none was given."""
        return str(self.value(name) or "").strip()

    def path(self, name: str) -> Path | None:
        """Return an absolute path: below the folder of the flag, or of the file."""
        given = getattr(self._config.option, f"parsediff_{name}", None)
        if given is not None:
            if not given:
                raise usage(f"--parsediff-{name}: expected a file, got ''")
            return self._absolute(given, self._here)
        text = self._ini(name)
        return self._absolute(text, self._config.rootpath) if text else None

    def sources(self) -> Iterator[tuple[str, Path]]:
        """Yield adapter and path; the flags replace the ini value as a whole."""
        given = self._config.option.parsediff_source
        base = self._here if given is not None else self._config.rootpath
        for text in self.value("source") or ():
            name, separator, path = text.strip().partition("=")
            if not (name and separator and path):
                message = f"--parsediff-source: expected NAME=PATH, got {text!r}"
                raise usage(message)
            yield name.strip(), self._absolute(path.strip(), base)

    def number(self, name: str, default: int, *, least: int | None = 0) -> int:
        """Return a whole number of at least *least*."""
        value = self.value(name)
        if value is None or value == "":
            return default
        number = _whole(str(value))
        if number is None or (least is not None and number < least):
            what = "a whole number" if least is None else f"a number from {least} on"
            raise usage(f"{_flag(name)}: expected {what}, got {value!r}")
        return number

    def record_mode(self) -> Literal["full", "append"]:
        """Return how a recording parses."""
        match self.text("record_mode"):
            case "" | "full":
                return "full"
            case "append":
                return "append"
            case other:
                message = f"expected full or append, got {other!r}"
                raise usage(f"--parsediff-record-mode: {message}")

    def gate(self) -> GateSettings:
        """Return what fails the run."""
        from pytest_parsediff.diff.gatesettings import read_settings  # noqa: PLC0415

        texts = {name: self.text(name) for name in _GATE}
        texts["fail_on"] = " ".join(self.value("fail_on") or ())
        return read_settings({name: text for name, text in texts.items() if text})

    def sample(self) -> str:
        """Return the sample as it was given, once it is known to mean something."""
        from pytest_parsediff.diff.sample import parse_sample  # noqa: PLC0415

        text = self.text("sample")
        if text:
            parse_sample(text, "--parsediff-sample")
        return text

    @staticmethod
    def _absolute(text: str, base: Path) -> Path:
        return Path(os.path.normpath(base / os.path.expanduser(text)))


def _check_together(
    config: pytest.Config, options: LiveOptions, given: list[str]
) -> None:
    """Refuse flags that contradict each other, or that nothing would act on."""
    sides = [name for name in ("archive", "stored", "record") if getattr(options, name)]
    if not sides:
        raise usage(
            f"{given[0] if given else RETRY_FLAG} needs --parsediff-archive,"
            " --parsediff-stored or --parsediff-record"
        )
    if len(sides) > 1:
        flags = " and ".join(f"--parsediff-{name}" for name in sides)
        raise usage(f"{flags} cannot be used together")
    if not options.sources:
        raise usage(f"--parsediff-{sides[0]} needs a --parsediff-source NAME=PATH")
    if options.retry and not options.is_recording:
        raise usage(f"{RETRY_FLAG} needs --parsediff-record")
    for flag in given:
        if (options.is_recording and flag in _COMPARING) or (
            not options.is_recording and flag == "--parsediff-record-mode"
        ):
            raise usage(f"{flag} and --parsediff-{sides[0]} cannot be used together")
    if getattr(config.option, "parsediff_update_golden", None):
        raise usage(
            f"--update-golden and --parsediff-{sides[0]} cannot be used together"
        )
    if config.getoption("dist", "no") == "each":
        raise usage(f"--parsediff-{sides[0]} cannot be used with --dist=each")


def _whole(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None


def _flag(name: str) -> str:
    return f"--parsediff-{name.replace('_', '-')}"


def usage(message: str) -> pytest.UsageError:
    """Return a usage error with code PD116."""
    from pytest_parsediff.core.errors import OptionError  # noqa: PLC0415 - when needed

    return pytest.UsageError(str(OptionError(message)))

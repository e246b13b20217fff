"""What can be done without a pytest run: ``python -m pytest_parsediff --help``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

from pytest_parsediff.cli.arguments import add_verbs

Kind: TypeAlias = Literal["scenario", "parsediff", "report"]
_KINDS: tuple[Kind, ...] = ("scenario", "parsediff", "report")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit status; wrong usage exits with 2."""
    options = _parser().parse_args(arguments)
    status: int = options.verb(options)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pytest_parsediff",
        description="Adapters without pytest, and helpers around it; scenarios run under"
        " pytest: `pytest --parsediff`.",
    )
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    schema = verbs.add_parser(
        "schema",
        help="print the JSON schema of a configuration file, or of the report",
        description="Print the JSON schema (draft 2020-12) of scenario.toml, of"
        " parsediff.toml and [tool.parsediff], or of what --parsediff-report writes."
        " Editors check and complete with it.",
    )
    schema.add_argument(
        "kind",
        nargs="?",
        choices=_KINDS,
        default="scenario",
        help="which one: %(choices)s (default: %(default)s)",
    )
    schema.set_defaults(verb=_print_schema)
    add_verbs(verbs)
    return parser


def _print_schema(options: argparse.Namespace) -> int:
    sys.stdout.write(schema_text(options.kind))
    return 0


def schema_text(kind: Kind) -> str:
    """Return the schema as it is published: sorted, two spaces, one LF at the end."""
    schema: dict[str, Any]
    if kind == "report":
        from pytest_parsediff.reports.json import (  # noqa: PLC0415 - for --help
            json_schema as report_schema,
        )

        schema = report_schema()
    else:
        from pytest_parsediff.core.config import json_schema  # noqa: PLC0415

        schema = json_schema(kind)
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.exit(main())

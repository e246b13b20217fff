"""Fuzz one target of the opencode adapter with atheris, from the kept corpus on.

    python tests/fuzz/fuzz_opencode.py TARGET [--keep] [libFuzzer flags, -max_total_time=300]

Inputs that were found are put into a throwaway folder; ``--keep`` puts those that reach
new code into the corpus. What fails is written to the working directory.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris  # type: ignore[import-untyped,import-not-found,unused-ignore]

with atheris.instrument_imports(include=["pytest_parsediff.adapters.opencode"]):
    from fuzz_targets import TARGETS

CORPUS = Path(__file__).with_name("corpus")


def main() -> None:
    """Run until the time is over or something fails."""
    name, *flags = sys.argv[1:]
    keep = "--keep" in flags
    flags = [flag for flag in flags if flag != "--keep"]
    seeds = str(CORPUS / name)
    with tempfile.TemporaryDirectory() as found:
        folders = [seeds] if keep else [found, seeds]
        atheris.Setup([sys.argv[0], "-timeout=25", *flags, *folders], TARGETS[name])
        atheris.Fuzz()


if __name__ == "__main__":
    main()

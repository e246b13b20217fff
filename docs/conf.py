"""How sphinx builds these pages: ``sphinx-build -W docs docs/_build/html``."""  # noqa: INP001 - no package

from importlib.metadata import version as _version_of

project = "pytest-parsediff"
author = "The pytest-parsediff developers"
release = version = _version_of("pytest-parsediff")

extensions = ["myst_parser"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
nitpicky = True

html_theme = "furo"
html_title = f"{project} {release}"

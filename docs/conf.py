"""How the documentation is built: Sphinx, MyST Markdown, furo."""

import tomllib
from pathlib import Path

_project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())["project"]

project = "Trellis"
author = "The Trellis authors"
project_copyright = author
release = _project["version"]

extensions = ["myst_parser", "sphinx.ext.doctest"]
exclude_patterns = ["_build", "changelog.d"]
nitpicky = True

myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"Trellis {release}"

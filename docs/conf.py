"""How Sphinx builds the documentation; `make docs` runs it, offline, with warnings as errors."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import deviator
from deviator.citation import AUTHORS

project = "deviator"
author = AUTHORS
copyright = author
version = release = deviator.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "building.contents",
    "building.docstrings",
    "building.mathml",
    "building.repository_links",
    "building.reference",
]
exclude_patterns = ["_build", "plugin-templates"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}

myst_enable_extensions = ["alert", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 4
myst_dmath_double_inline = True

default_role = "literal"
autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_inherit_docstrings = False
napoleon_google_docstring = False
napoleon_use_param = False
napoleon_use_ivar = True
napoleon_use_rtype = False
napoleon_custom_sections = [
    "Action space",
    "Observation space",
    "Rewards",
    "Version history",
]

toc_object_entries = False  # every page shows the whole tree

html_theme = "furo"
html_title = "deviator"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

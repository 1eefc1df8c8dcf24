"""Style and script of a page that stands alone, and the policy that lets nothing else in."""

import base64
import hashlib
from importlib.resources import files
from typing import NamedTuple

from jinja2 import Environment
from markupsafe import Markup


class PageParts(NamedTuple):
    """What a template puts into the head and at the end of a page.

    Attributes
    ----------
    style, script : Markup
        What stands in the elements ``style`` and ``script``.
    policy : str
        A Content Security Policy: no address but of data is loaded, and no script but ours runs,
        whoever wrote the texts of the page.
    """

    style: Markup
    script: Markup
    policy: str


def page_environment() -> Environment:
    """Return the environment of templates of pages: texts are escaped."""
    # Lines that hold nothing but a tag of the template leave none in a page of many rows.
    return Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)


def page_parts() -> PageParts:
    """Return the parts of every page.

    Examples
    --------
    >>> page_parts().policy.split("; ")[0]
    "default-src 'none'"
    """
    style, script = (_text(name) for name in ("style.css", "table.js"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    return PageParts(Markup(style), Markup(script), policy)


def _text(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")

"""Links to files and folders of the repository that are no pages: shown as their paths.

On GitHub such a link leads to the file. The built site holds pages only and names no host, so there
the path stands as text.
"""

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes

ROOT = Path(__file__).parents[2]
BEFORE_COLLECTORS = 100
"""Files that are collected would be copied into the site."""


def setup(app: Any) -> dict[str, bool]:
    """Replace such links once a page is read."""
    app.connect("doctree-read", _as_paths, BEFORE_COLLECTORS)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _as_paths(app: Any, doctree: nodes.document) -> None:
    page = Path(app.env.doc2path(app.env.docname))
    for link in list(doctree.findall(addnodes.download_reference)):
        _replace(link, (page.parent / link["reftarget"]).resolve())
    for link in list(doctree.findall(addnodes.pending_xref)):
        target = Path(app.srcdir, link["reftarget"] + ".md")
        if link.get("refdomain") == "doc" and link["reftarget"] not in app.env.found_docs:
            _replace(link, target)


def _replace(link: nodes.Element, target: Path) -> None:
    """Replace a link by its text, and by the path where the text is another."""
    if not target.exists():
        return  # Sphinx says so
    path, shown = target.relative_to(ROOT).as_posix(), link.astext()
    if path.endswith(shown):
        link.replace_self(nodes.literal(path, path))
    else:
        where = [nodes.literal(path, path), nodes.Text(")")]
        link.replace_self([nodes.inline("", shown), nodes.Text(" ("), *where])

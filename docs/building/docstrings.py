"""Docstrings are written for readers of Python: what Sphinx would take for markup is kept as text.

``|q_i|`` is an absolute value and no substitution, ``s_`` a name and no link. Types of parameters
are words, so that only names of classes are looked up.
"""

import re
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref

BEFORE_NAPOLEON, AFTER_NAPOLEON = 100, 900
COLON = "\N{MODIFIER LETTER COLON}"
"""Stands for a colon while napoleon reads, which would take what is before it for a type."""
LITERAL = re.compile(r"(``.+?``|`.+?`)")
BAR = re.compile(r"(?<!\\)\|")
UNDERSCORE = re.compile(r"(?<=[\w\]\)])_(?=[\s.,;:)\]-]|$)")
DIRECTIVE = re.compile(r"\s*\.\. ")


def plain(line: str) -> str:
    r"""Return a line of a docstring with what would be markup escaped, literals left alone.

    Examples
    --------
    >>> plain("u_i - tau(|q_i|) as `|x|` says [1]_")
    'u_i - tau(\\|q_i\\|) as `|x|` says [1]\\_'
    """
    if line.lstrip().startswith((">>>", "...")) or DIRECTIVE.match(line):
        return line
    parts = LITERAL.split(line)
    texts = [UNDERSCORE.sub(r"\\_", BAR.sub(r"\\|", part)) for part in parts[::2]]
    return "".join(a + b for a, b in zip(texts, [*parts[1::2], ""], strict=True))


def setup(app: Any) -> dict[str, bool]:
    """Hook into what reads docstrings."""
    app.connect("autodoc-process-docstring", _keep_colon, BEFORE_NAPOLEON)
    app.connect("autodoc-process-docstring", _escape, AFTER_NAPOLEON)
    app.connect("doctree-read", _words_stay_words)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _keep_colon(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    del app, name, thing, options
    if what in ("property", "attribute", "data") and lines:
        lines[0] = lines[0].replace(":", COLON)


def _escape(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    del app, what, name, thing, options
    lines[:] = [plain(line.replace(COLON, ":")) for line in lines]


def _words_stay_words(app: Any, doctree: nodes.document) -> None:
    """Replace links to types that are words, such as float and shape, by their texts."""
    del app
    for link in list(doctree.findall(pending_xref)):
        if link.get("refdomain") == "py" and not _names_a_class(str(link["reftarget"])):
            link.replace_self(link.children)


def _names_a_class(target: str) -> bool:
    return target.rpartition(".")[2][:1].isupper()

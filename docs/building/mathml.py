r"""Formulas as MathML, which browsers typeset by themselves: no script, no font, no request.

Sources have LaTeX between dollar signs, as GitHub reads it; ``\tag{3.8}`` numbers a formula, and
becomes an anchor ``#equation-3-8``.
"""

import re
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert

TAG = re.compile(r"\\tag\{([^}]*)\}")
ALIGNED = re.compile(r"\{aligned\}")


def mathml(formula: str, display: str) -> str:
    """Return a formula of LaTeX as MathML.

    Raises
    ------
    ValueError
        If a command is not understood and would be shown as it is.
    """
    written = convert(ALIGNED.sub("{align*}", formula), display=display)
    if "\\" in written:
        raise ValueError(f"formula has a command that MathML cannot show: {formula}")
    return written


def anchor(number: str) -> str:
    """Return the anchor of an equation's number."""
    return "equation-" + number.strip().lower().replace(".", "-")


def setup(app: Any) -> dict[str, bool]:
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (_inline, None), (_display, None))
    app.config.html_math_renderer = "mathml"
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _inline(writer: Any, node: nodes.math) -> None:
    writer.body.append(mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def _display(writer: Any, node: nodes.math_block) -> None:
    formula = node.astext()
    number = TAG.search(formula)
    shown = mathml(TAG.sub("", formula), "block")
    if number is None:
        writer.body.append(f'<div class="formula">{shown}</div>\n')
    else:
        place = anchor(number[1])
        link = f'<a class="equation-number" href="#{place}">({number[1]})</a>'
        writer.body.append(f'<div class="formula" id="{place}">{shown}{link}</div>\n')
    raise nodes.SkipNode

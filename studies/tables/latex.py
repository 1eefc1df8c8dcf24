"""A table as LaTeX: a ``tabular`` with the rules of the package booktabs."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from deviator.harmless import one_line

LONGEST = 200
"""Characters of a text, at most."""

SPECIAL: Mapping[str, str] = MappingProxyType(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        '"': r"\textquotedbl{}",
        **{each: f"\\{each}" for each in "&%$#_{}"},
    }
)
"""Characters that LaTeX reads as something else."""


def latex_table(table: pa.Table) -> str:
    r"""Return a table as LaTeX; it needs ``\usepackage{booktabs}``.

    Numbers have three significant digits.

    Parameters
    ----------
    table : pyarrow.Table

    Examples
    --------
    >>> print(latex_table(pa.table({"name": ["a_b"], "gain": [0.012345]})), end="")
    \begin{tabular}{lr}
    \toprule
    name & gain \\
    \midrule
    a\_b & 0.0123 \\
    \bottomrule
    \end{tabular}
    """
    sides = "".join("l" if pa.types.is_string(kind) else "r" for kind in table.schema.types)
    columns = [_texts(column.to_pylist()) for column in table.columns]
    lines = [
        rf"\begin{{tabular}}{{{sides}}}",
        r"\toprule",
        _line(map(escaped, table.column_names)),
        r"\midrule",
        *map(_line, zip(*columns, strict=True)),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    r"""Return a text as LaTeX shows it.

    Examples
    --------
    >>> escaped("50% of a_i")
    '50\\% of a\\_i'
    """
    return "".join(SPECIAL.get(each, each) for each in one_line(text, LONGEST))


def _line(texts: Any) -> str:
    return " & ".join(texts) + r" \\"


def _texts(values: list[Any]) -> list[str]:
    texts = {value: _text(value) for value in set(values)}
    return [texts[value] for value in values]


def _text(value: Any) -> str:
    if value is None:
        return "--"
    if isinstance(value, str):
        return escaped(value)
    return _number(value + 0.0) if isinstance(value, float) else str(value)


def _number(value: float) -> str:
    text = f"{value:.3g}"
    power = re.fullmatch(r"(.*)e([+-]\d+)", text)
    if power is None:
        return f"${text}$" if value < 0 else text
    return rf"${power[1]} \times 10^{{{int(power[2])}}}$"

"""LaTeX: what it reads as something else, and numbers."""

import pyarrow as pa
import pytest

from deviator.studies.tables.latex import escaped, latex_table


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (r"\input{/etc/passwd}", r"\textbackslash{}input\{/etc/passwd\}"),
        ("a & b % c # d _ e $ f", r"a \& b \% c \# d \_ e \$ f"),
        ("x^2 ~ <|>", r"x\textasciicircum{}2 \textasciitilde{} "
                      r"\textless{}\textbar{}\textgreater{}"),
        ("two\nlines", "two lines"),
        ("^^5cinput", r"\textasciicircum{}\textasciicircum{}5cinput"),
    ],
)  # fmt: skip
def test_texts_of_strangers_are_shown_and_not_run(text, shown):
    assert escaped(text) == shown


def test_numbers_missing_values_and_sides():
    table = pa.table(
        {
            "n": pa.array([4, None], pa.int64()),
            "gain": pa.array([-0.012345, 1.5e-9], pa.float64()),
            "ok": pa.array([True, None], pa.bool_()),
            "text": pa.array(["a", None], pa.string()),
        }
    )
    assert latex_table(table).splitlines() == [
        r"\begin{tabular}{rrrl}",
        r"\toprule",
        r"n & gain & ok & text \\",
        r"\midrule",
        r"4 & $-0.0123$ & True & a \\",
        r"-- & $1.5 \times 10^{-9}$ & -- & -- \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]

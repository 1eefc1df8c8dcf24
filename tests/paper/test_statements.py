"""Every statement comes out as it should, and fails with each wrong formula in its place."""

import pytest
from villains.paper import VILLAINS

from deviator.paper.runner import statements

STATEMENTS = {statement.name: statement for statement in statements()}

ERRATA = {
    "Section 1: deadweight loss",
    "Section 2.2: A4 and beliefs",
    "Section 5: equicommonality",
    "Example 2",
    "Example 3",
    "Example 4: beliefs",
    "Example 5: beliefs",
    "Example 6: transfers",
    "Example 6: price moments",
    "Example 6: projection",
    "Example 7: two groups",
    "Example 9: allocation",
    "Example 9: transfers",
    "Example 9: incentives",
    "Lemma 1: one trader's utility",
    "Lemma 1: welfare",
    "Equation (A.3)",
    "Equation (B.5)",
    "Equation (B.9)",
    "Section 3: slack of the frontier",
    "Proposition 1",
    "Proposition 2: budget",
    "Proposition 2: deficit",
    "Footnote 28",
    "Section 6: convex taxes",
    "Section 7: equilibrium uniqueness",
    "Proposition 6",
    "Proposition 7: constraints",
    "Proposition 7: budget",
    "Proposition 7: efficiency",
    "Footnote 33",
    "Appendix G: allocation (G.1)",
    "Appendix G: transfers (G.2)",
}


SLOW = {
    "Proposition 7: efficiency",
    "Section 6: convex taxes",
    "Proposition 4: condition (6.29)",
    "Section 6: definition of tau-VCG",
    "Section 6: quadratic tax",
    "Equation (B.5)",
    "Proposition 7: constraints",
}
"""Statements whose proofs take long."""


def marks(name):
    return pytest.mark.slow if name in SLOW else ()


PROOFS = [pytest.param(name, marks=marks(name)) for name in STATEMENTS]
FORMULAS = [
    pytest.param(name, formulas, marks=marks(name), id=f"{name}, {' '.join(formulas)}")
    for name, formulas in VILLAINS
]


@pytest.mark.parametrize("name", PROOFS)
def test_statements_hold_or_are_known_errata(name):
    row = STATEMENTS[name].judge()
    assert row.state == ("erratum" if name in ERRATA else "holds"), row.finding
    assert bool(row.statement.corrected) == (name in ERRATA)


@pytest.mark.parametrize(("name", "formulas"), FORMULAS)
def test_wrong_formulas_make_statements_fail(name, formulas):
    row = STATEMENTS[name].judge(**formulas)
    assert row.state == "fails", row.finding


def test_every_statement_has_a_villain():
    assert {name for name, _ in VILLAINS} == set(STATEMENTS) >= ERRATA

"""Taxes and discrete units: each statement comes out as it should, and each can fail."""

import pytest
from villains.paper.taxes import MORE_VILLAINS, VILLAINS

from deviator.paper.statements import (
    discrete_units,
    example_8,
    example_9,
    proposition_4,
    proposition_6,
    proposition_7,
    section_6,
)

MODULES = (
    example_8,
    example_9,
    section_6,
    proposition_4,
    discrete_units,
    proposition_6,
    proposition_7,
)
STATEMENTS = tuple(each for module in MODULES for each in module.STATEMENTS)

ERRATA = {
    "Example 9: allocation",
    "Example 9: transfers",
    "Section 6: convex taxes",
    "Example 9: incentives",
    "Appendix G: allocation (G.1)",
    "Appendix G: transfers (G.2)",
    "Proposition 6",
    "Proposition 7: constraints",
    "Proposition 7: budget",
    "Proposition 7: efficiency",
    "Footnote 33",
}


def test_each_statement_has_a_villain_and_a_name_of_its_own():
    names = [statement.name for statement in STATEMENTS]
    assert sorted(names) == sorted(VILLAINS)
    assert set(names) >= ERRATA


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda statement: statement.name)
def test_statements_hold_or_are_the_errata_that_are_known(statement):
    row = statement.judge()
    assert row.state == ("erratum" if statement.name in ERRATA else "holds"), row.finding
    assert bool(statement.corrected) == (statement.name in ERRATA)


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda statement: statement.name)
def test_each_statement_fails_with_a_wrong_formula(statement):
    assert statement.judge(**VILLAINS[statement.name]).state == "fails"


@pytest.mark.parametrize(
    ("name", "formulas"), MORE_VILLAINS, ids=[name for name, _ in MORE_VILLAINS]
)
def test_further_wrong_formulas_are_noticed(name, formulas):
    (statement,) = (each for each in STATEMENTS if each.name == name)
    assert statement.judge(**formulas).state == "fails"

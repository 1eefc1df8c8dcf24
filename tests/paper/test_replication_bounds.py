"""Lemma 1, Propositions 1, 2 and 5, Section 7: each statement, and the wrong formulas it catches."""

import pytest
from helpers.replication_ids import villain_id
from villains.paper.bounds import MORE_VILLAINS, VILLAINS

from deviator.paper.statements import (
    budget_claim,
    lemma_1,
    proposition_1,
    proposition_2,
    proposition_5,
    uniqueness,
)

STATEMENTS = (
    *lemma_1.STATEMENTS,
    *proposition_1.STATEMENTS,
    *proposition_2.STATEMENTS,
    *budget_claim.STATEMENTS,
    *proposition_5.STATEMENTS,
    *uniqueness.STATEMENTS,
)

BY_NAME = {statement.name: statement for statement in STATEMENTS}

ERRATA = {
    "Proposition 1",
    "Lemma 1: one trader's utility",
    "Lemma 1: welfare",
    "Equation (A.3)",
    "Equation (B.5)",
    "Equation (B.9)",
    "Section 3: slack of the frontier",
    "Proposition 2: budget",
    "Proposition 2: deficit",
    "Footnote 28",
    "Section 7: equilibrium uniqueness",
}


@pytest.mark.parametrize("name", BY_NAME)
def test_statements_come_out_as_they_should(name):
    row = BY_NAME[name].judge()
    assert row.state == ("erratum" if name in ERRATA else "holds"), row.finding
    assert bool(row.statement.corrected) == (name in ERRATA)


@pytest.mark.parametrize(("name", "formulas"), [*VILLAINS.items(), *MORE_VILLAINS], ids=villain_id)
def test_wrong_formulas_are_noticed(name, formulas):
    row = BY_NAME[name].judge(**formulas)
    assert row.state == "fails", row.finding


def test_every_statement_has_a_villain_and_a_name_of_its_own():
    assert set(VILLAINS) == set(BY_NAME)
    assert len(BY_NAME) == len(STATEMENTS)
    assert set(BY_NAME) >= ERRATA

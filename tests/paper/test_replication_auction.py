"""Definition 3, Proposition 3, Lemmas 2 to 4: each statement, and what it catches."""

import pytest
from helpers.replication_ids import villain_id
from villains.paper.auction import MORE_VILLAINS, VILLAINS

from deviator.paper.statements import auction, conditional_bids

STATEMENTS = (*auction.STATEMENTS, *conditional_bids.STATEMENTS)
BY_NAME = {statement.name: statement for statement in STATEMENTS}


@pytest.mark.parametrize("name", BY_NAME)
def test_statements_hold(name):
    row = BY_NAME[name].judge()
    assert row.state == "holds", row.finding
    assert not row.statement.corrected


@pytest.mark.parametrize(("name", "formulas"), [*VILLAINS.items(), *MORE_VILLAINS], ids=villain_id)
def test_wrong_rules_are_noticed(name, formulas):
    row = BY_NAME[name].judge(**formulas)
    assert row.state == "fails", row.finding


def test_every_statement_has_a_villain_and_a_name_of_its_own():
    assert set(VILLAINS) == set(BY_NAME)
    assert len(BY_NAME) == len(STATEMENTS)

"""Statements on bids that are surfaces hold, and each fails with a wrong rule or formula."""

import pytest
from helpers.replication_ids import villain_id
from villains.paper.smooth_auction import MORE_VILLAINS, VILLAINS

from deviator.paper.statements.smooth_auction import STATEMENTS

BY_NAME = {statement.name: statement for statement in STATEMENTS}


@pytest.mark.parametrize("name", BY_NAME)
def test_statements_hold(name):
    row = BY_NAME[name].judge()
    assert row.state == "holds", row.finding


@pytest.mark.parametrize(("name", "formulas"), [*VILLAINS.items(), *MORE_VILLAINS], ids=villain_id)
def test_wrong_rules_are_noticed(name, formulas):
    row = BY_NAME[name].judge(**formulas)
    assert row.state == "fails", row.finding


def test_every_statement_has_a_villain_and_a_name_of_its_own():
    assert set(VILLAINS) == set(BY_NAME)
    assert len(BY_NAME) == len(STATEMENTS)

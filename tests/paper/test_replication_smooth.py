"""The statements on smooth economies hold, and each fails with a wrong formula."""

import pytest
from villains.paper.smooth import VILLAINS, slope_without_interdependence

from deviator.paper.statements.smooth import STATEMENTS

ERRATA = ()


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda statement: statement.name)
def test_statement_comes_out_as_it_should(statement):
    row = statement.judge()
    assert row.state == ("erratum" if statement.name in ERRATA else "holds"), row.finding


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda statement: statement.name)
def test_villain_makes_it_fail(statement):
    assert statement.judge(**VILLAINS[statement.name]).state == "fails"


def test_the_second_line_of_the_slope_is_under_test_too():
    slope = next(statement for statement in STATEMENTS if "residual slope" in statement.name)
    assert slope.judge(second=slope_without_interdependence).state == "fails"


def test_every_statement_has_a_villain():
    assert set(VILLAINS) == {statement.name for statement in STATEMENTS}
    assert len({statement.name for statement in STATEMENTS}) == len(STATEMENTS)

"""Traders with budgets: they conform, and where budgets bind, the VCG mechanism is not truthful."""

import numpy as np
import pytest
from helpers.repository import ROOT

from deviator import audit
from deviator.mechanisms import SigmaVCG
from deviator.plugins import find_plugin
from deviator.plugins.conformance import checks_for
from deviator.policies import NumericSearch

FILE = ROOT / "plugins" / "examples" / "budgets.py"


@pytest.fixture(scope="module")
def budgets():
    return find_plugin("economy", f"{FILE}:budgets").load()


def test_it_conforms(budgets):
    for check in checks_for(budgets()):
        if check.name != "check_pickling":
            check.run(budgets())


def test_binding_budgets_refute_the_vcg_mechanism_with_a_witness(budgets):
    card = audit("sigma-vcg", budgets(budget=0.1), trader=0, held_out=100)
    assert (card.state, card.verdict.unit) == ("refuted", "payoff")
    witness = card.witness
    assert witness["honest_outcome"]["transfer"] > 0.1
    assert witness["deviating_outcome"]["transfer"] < witness["honest_outcome"]["transfer"]
    assert card.constraints["individual_rationality"].state == "refuted"


def test_budgets_that_nobody_reaches_leave_it_truthful_and_open(budgets):
    economy = budgets(budget=1e3)
    card = audit("sigma-vcg", economy, trader=0, held_out=100)
    assert (card.state, card.worst, card.upper) == ("undetermined", 0.0, None)


def test_only_those_whom_honesty_costs_more_than_their_budget_deviate(budgets):
    economy = budgets(budget=0.2)
    rule, types = SigmaVCG(economy), economy.types().sample(np.random.default_rng(0), 40)
    paid = rule.clear(rule.honest_bids(economy, types)).transfer[:, 0]
    gain = NumericSearch(rule, economy, 0).find(types).gain
    assert (gain[paid > 0.21] > 0).all()
    assert (gain[paid <= 0.2] <= 1e-9).all()
    assert (paid > 0.21).any()
    assert (paid <= 0.2).any()

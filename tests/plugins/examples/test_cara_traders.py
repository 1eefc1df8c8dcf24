"""CARA traders: they conform; all types known, they want what risk-neutral traders want."""

import numpy as np
import pytest
from helpers.repository import ROOT

from deviator import audit
from deviator.economies import private_values
from deviator.evidence import find_certificates, market, standing_control
from deviator.mechanisms import NaiveWalrasian, UniformDoubleAuction
from deviator.plugins import find_plugin
from deviator.plugins.conformance import checks_for
from deviator.policies import NumericSearch, exact_gain

FILE = ROOT / "plugins" / "examples" / "cara_traders.py"
NEUTRAL = private_values(4, slope=1.2)
RULE = UniformDoubleAuction()
AVERSION = 1.5


@pytest.fixture(scope="module")
def cara():
    return find_plugin("economy", f"{FILE}:cara-traders").load()(4, AVERSION, 1.2)


def test_it_conforms(cara):
    for check in checks_for(cara):
        if check.name != "check_pickling":
            check.run(cara)


def test_the_best_bid_ex_post_is_that_of_the_risk_neutral(cara):
    """A payoff that rises in money left is largest where that is, so the gain is known."""
    types = NEUTRAL.types().sample(np.random.default_rng(0), 20)
    outcome = RULE.clear(RULE.honest_bids(NEUTRAL, types))
    kept = (NEUTRAL.utility(outcome.quantity, types) - outcome.transfer)[:, 0]
    more = exact_gain(RULE, NEUTRAL, types, trader=0)
    known = np.exp(-AVERSION * kept) * -np.expm1(-AVERSION * more) / AVERSION
    found = NumericSearch(RULE, cara, 0).find(types).gain
    assert (found <= known + 1e-12).all()
    assert (found >= 0.99 * known).all()


def best_report(payoff):
    """Return the report of type 1 with the largest expected payoff, by quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    report = np.linspace(0.5, 1.0, 501)
    price = (report[:, None] + np.sqrt(3) * nodes) / 4
    quantity = (report[:, None] - price) / 1.2
    left = (1.0 - price) * quantity - 0.6 * quantity**2
    return report[(payoff(left) @ weights).argmax()]


def test_on_the_own_rung_the_risk_averse_shade_less(cara):
    """A report is filled at a price that is not known yet: all types known, both shade alike."""
    averse = best_report(lambda left: -np.expm1(-AVERSION * left))
    for economy, known in ((NEUTRAL, best_report(lambda left: left)), (cara, averse)):
        search = NumericSearch(NaiveWalrasian(NEUTRAL), economy, 0, "own", rounds=14)
        found = search.bid(np.array([[1.0, 0.0, 0.0, 0.0]]), 0)[0, 0]
        assert found == pytest.approx(known, rel=0.01)
    assert averse > 1.04 * best_report(lambda left: left)


def test_it_is_refuted_in_units_of_payoff_and_never_certified(cara):
    card = audit(RULE, cara, trader=0, held_out=200)
    assert (card.state, card.verdict.unit, card.upper) == ("refuted", "payoff", None)
    assert "units of payoff" in card.reason
    assert "mean gain, in units of payoff" in card.summary()
    assert card.constraints["incentive_compatibility"].worst_share == 0
    assert "not quasi-linear" in card.constraints["efficiency"].reason
    found = find_certificates(market(RULE, cara), "profile", [0])
    assert not found.certificates
    assert "states a payoff of its own" in found.refusals[0]


def test_its_control_is_the_same_traders_with_quasilinear_payoffs(cara):
    control = standing_control(market(RULE, cara))
    assert control.economy is cara.traders

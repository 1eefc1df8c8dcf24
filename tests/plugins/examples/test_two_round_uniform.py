"""The uniform price in two rounds: it conforms, and plans gain what is known in closed form."""

import numpy as np
import pytest
from helpers.repository import ROOT

from deviator import audit
from deviator.economies import private_values
from deviator.errors import InvalidInputError
from deviator.evidence import best_deviation, market, over_rounds
from deviator.learners import CMAESLearner
from deviator.mechanisms import UniformDoubleAuction
from deviator.plugins import find_plugin
from deviator.plugins.conformance import checks_for
from deviator.policies import NumericSearch, exact_gain
from deviator.studies.gather import Search, gather

FILE = ROOT / "plugins" / "examples" / "two_round_uniform.py"
SLOPE, TRADERS = 2.0, 4
ECONOMY = private_values(TRADERS, slope=SLOPE)
TYPES = ECONOMY.types().sample(np.random.default_rng(0), 30)


@pytest.fixture(scope="module")
def kind():
    return find_plugin("mechanism", f"{FILE}:two-round-uniform").load()


def known_gain(share):
    """Return what the best plan of trader 0 gains.

    The others' residual supply is p = m + k q, m the mean of their values and k = slope / (N - 1).
    To end with Q at the price m + k Q the first share is cheapest halfway, and saves
    share k Q^2 / 4 of the (m + k Q) Q that one price would cost.
    """
    own, others = TYPES[:, 0], TYPES[:, 1:].mean(axis=1)
    k = SLOPE / (TRADERS - 1)
    best = (own - others) ** 2 / (2 * SLOPE + 4 * k * (1 - share / 4))
    honest = 0.5 * SLOPE * ((own - TYPES.mean(axis=1)) / SLOPE) ** 2
    return best - honest


def test_it_conforms(kind):
    for check in checks_for(kind()):
        if check.name != "check_pickling":
            check.run(kind())


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_plans_gain_what_is_known_and_constant_bids_what_one_auction_pays(kind, share):
    tested = market(kind(share), ECONOMY)
    constant = NumericSearch(tested.mechanism, ECONOMY, 0).find(TYPES).gain
    once = exact_gain(UniformDoubleAuction(), ECONOMY, TYPES, trader=0)
    np.testing.assert_allclose(constant, once, rtol=1e-4, atol=1e-9)
    plans = over_rounds(tested)
    found = NumericSearch(plans.mechanism, ECONOMY, 0).find(TYPES).gain
    np.testing.assert_allclose(found, known_gain(share), rtol=1e-3, atol=1e-8)
    assert found.mean() > 1.2 * constant.mean()


def test_the_audit_refutes_it_and_says_that_nothing_is_certified(kind):
    card = audit(kind(), ECONOMY, trader=0, held_out=100)
    assert (card.state, card.scope, card.upper) == ("refuted", "every profile", None)
    assert "rules over rounds have no certificate" in " ".join(str(card).split())
    witness = card.verdict.witness
    assert (witness["mechanism"], witness["rounds"]) == ("two-round-uniform", 2)
    assert witness["settings"] == {"share": 0.5}
    assert len(witness["bid"]) == 4


def test_a_learner_of_single_bids_learns_a_plan(kind):
    tested = market(kind(), ECONOMY)
    search = Search((CMAESLearner(markets=32),), (0,), 12_000, "profile", 200)
    evidence = gather(tested, search, with_power=True)
    constant = best_deviation(tested, np.array(TYPES), "profile").gain
    assert evidence.learned[0].gain > 1.1 * constant
    assert evidence.share > 0.8
    assert evidence.control.share > 0.8
    assert evidence.control.best.kind == "exact"


def test_shares_are_parts(kind):
    with pytest.raises(InvalidInputError, match=r"share must be above 0 and below 1, got 1\.0"):
        kind(1.0)

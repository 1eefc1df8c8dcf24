"""The pay-your-bid auction of units, a plugin in one file: it conforms, and is refuted."""

from pathlib import Path

import numpy as np
import pytest
from helpers.repository import ROOT

from deviator import audit
from deviator.economies import multi_unit_demands
from deviator.evidence import market
from deviator.evidence.certificates.find import find_certificates
from deviator.mechanisms import UnitBids
from deviator.plugins import find_plugin
from deviator.plugins.conformance import checks_for
from deviator.policies import NumericSearch, exact_gain

FILE: Path = ROOT / "plugins" / "examples" / "discriminatory_units.py"


@pytest.fixture(scope="module")
def kind():
    return find_plugin("mechanism", f"{FILE}:discriminatory-units").load()


def test_it_conforms_in_an_auction_and_in_an_exchange(kind):
    for rule in (kind(), kind(0, 2, (1, 0, 2, 1))):
        for check in checks_for(rule):
            if check.name != "check_pickling":
                check.run(rule)


def test_winners_pay_their_bids(kind):
    """Krishna (2010), Auction Theory, Section 12.1: six units, three bidders."""
    prices = [[50, 47, 40, 32, 15, 5], [42, 28, 20, 12, 7, 3], [45, 35, 24, 14, 9, 6]]
    outcome = kind(6, 6).clear(UnitBids(np.array([prices], dtype=float)))
    np.testing.assert_array_equal(outcome.transfer, [[50 + 47 + 40, 42, 45 + 35]])


def test_shading_pays_all_that_units_are_worth_above_the_others_bids(kind):
    """Honest bids leave nothing, so the best gain is the best point of the menu."""
    economy = multi_unit_demands(3, [1.0, 0.5], offered=2)
    types = economy.types().sample(np.random.default_rng(0), 40)
    gain = exact_gain(kind(), economy, types, trader=0)
    value, rivals = types[:, 0], np.sort(types[:, 1:], axis=1)[:, ::-1]
    others = -np.sort(-np.concatenate([rivals, 0.5 * rivals], axis=1), axis=1)
    one, two = value - others[:, 1], 1.5 * value - 2 * others[:, 0]
    np.testing.assert_allclose(gain, np.maximum(np.maximum(one, two), 0), atol=1e-12)
    found = NumericSearch(kind(), economy, 0).find(types).gain
    assert 0.95 * gain.sum() < found.sum() <= gain.sum() + 1e-9


def test_it_is_refuted_and_never_certified(kind):
    economy = multi_unit_demands(3)
    found = find_certificates(market(kind(), economy), "profile", [0])
    assert not found.certificates
    card = audit(kind(), economy, trader=0, held_out=500)
    assert card.state == "refuted"

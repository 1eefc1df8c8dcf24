"""A tax read off the bids: it conforms; honesty pays where nobody sets the tax, and not elsewhere."""

import numpy as np
import pytest
from helpers.repository import ROOT

from deviator.economies import linear_quadratic, private_values
from deviator.errors import InvalidInputError
from deviator.evidence import market
from deviator.mechanisms import SigmaVCG
from deviator.plugins import find_plugin
from deviator.plugins.conformance import checks_for

FILE = ROOT / "plugins" / "examples" / "estimated_sigma.py"
ALIKE = private_values(4, slope=1.2)
ONE_STEEP = linear_quadratic(np.eye(5), slope=[3.0, 1.0, 1.0, 1.0, 1.0])


@pytest.fixture(scope="module")
def kind():
    return find_plugin("mechanism", f"{FILE}:estimated-sigma").load()


@pytest.mark.slow
def test_it_conforms(kind):
    for check in checks_for(kind()):
        if check.name != "check_pickling":
            check.run(kind())


def test_honest_outcomes_are_those_of_sigma_vcg_with_the_tax_that_is_read(kind):
    types = ONE_STEEP.types().sample(np.random.default_rng(0), 20)
    for slope, steepest in (("largest", 3.0), ("mean", 1.4)):
        rule = kind(slope)
        outcome = rule.clear(rule.honest_bids(ONE_STEEP, types))
        direct = SigmaVCG(ONE_STEEP, steepest / 3)
        wanted = direct.clear(direct.honest_bids(ONE_STEEP, types))
        assert np.allclose(outcome.quantity, wanted.quantity)
        assert np.allclose(outcome.transfer, wanted.transfer)


@pytest.mark.parametrize(
    ("slope", "economy", "pays"),
    [
        ("largest", ALIKE, False),
        ("others", ALIKE, False),
        ("mean", ALIKE, True),
        ("largest", ONE_STEEP, True),
        ("others", ONE_STEEP, True),
    ],
)
def test_who_sets_the_tax_gains_by_bidding_flatter(kind, slope, economy, pays):
    tested = market(kind(slope), economy)
    types = economy.types().sample(np.random.default_rng(1), 20)
    gain = tested.search(rounds=8, candidates=24).find(types).gain
    least, most = (0.01 * tested.stakes, np.inf) if pays else (0.0, 1e-12)
    assert least <= gain.max() < most


def test_a_slope_that_is_none_of_these_is_refused(kind):
    with pytest.raises(InvalidInputError, match="largest, mean, others"):
        kind("steepest")

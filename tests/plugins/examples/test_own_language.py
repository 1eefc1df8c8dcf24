"""A language and a clearing of one's own: they conform, and gains are those of the known auction."""

import numpy as np
import pytest
from helpers.repository import ROOT

from deviator import audit
from deviator.economies import private_values
from deviator.mechanisms import UniformDoubleAuction
from deviator.plugins import find_plugin
from deviator.plugins.conformance import run_checks
from deviator.policies import exact_gain

FILE = ROOT / "plugins" / "examples" / "own_language.py"
ECONOMY = private_values(4, slope=1.3)


@pytest.fixture(scope="module")
def auction():
    return find_plugin("mechanism", f"{FILE}:inverse-demand-auction").load()()


def test_it_conforms(auction):
    assert [each.sentence for each in run_checks(auction, guarded=False) if not each.ok] == []


def test_gains_are_those_of_the_uniform_price_double_auction(auction):
    types = ECONOMY.types().sample(np.random.default_rng(0), 20)
    known = exact_gain(UniformDoubleAuction(), ECONOMY, types, trader=0)
    np.testing.assert_allclose(exact_gain(auction, ECONOMY, types, trader=0), known, rtol=1e-9)
    assert known.min() > 0


def test_it_is_refuted_and_nothing_is_certified(auction):
    card = audit(auction, ECONOMY, trader=0, held_out=100)
    assert card.state == "refuted"
    assert card.certificate is None

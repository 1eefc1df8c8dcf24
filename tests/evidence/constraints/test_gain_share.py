"""What one trader gains by the best deviation, as a share of the gains from trade."""

import numpy as np
import pytest

from deviator.economies import (
    fundamental_value_information,
    linear_quadratic,
    private_values,
    two_groups,
)
from deviator.errors import RefusedError
from deviator.evidence import market
from deviator.evidence.constraints import exact_gain_share
from deviator.mechanisms import (
    NaiveWalrasian,
    SigmaDCDA,
    UniformConditional,
    UniformDoubleAuction,
)
from deviator.policies import LinearBayes, exact_gain


class Charging(type(SigmaDCDA())):
    """A fee for everybody, so that the menu is not 0 where nothing is traded."""

    def payment(self, price, quantity, residual_slope, tax_slope):
        return super().payment(price, quantity, residual_slope, tax_slope) + 1.0


@pytest.mark.parametrize("trader", [0, 3])
def test_gains_of_one_trader_in_shares_of_the_gains_from_trade(trader):
    economy = two_groups(6)
    tested = market(UniformConditional(), economy)
    share, cap, types = exact_gain_share(tested, trader)
    assert share == pytest.approx(cap, rel=2e-6)
    drawn = np.concatenate([types[None], np.random.default_rng(0).standard_normal((2000, 6))])
    gains = exact_gain(tested.mechanism, economy, drawn, trader=trader)
    best = economy.utility(economy.efficient_allocation(drawn), drawn).sum(axis=1)
    assert gains[0] / best[0] == pytest.approx(share, rel=1e-9)
    assert (gains <= cap * best * (1 + 1e-9)).all()
    assert exact_gain_share(market(SigmaDCDA(0.3), economy), trader) == (0.0, 0.0, None)


def test_gains_under_a_uniform_price_in_closed_form():
    """k^2 (N - 1) / (N mu (mu + 2 k)) with private values, k = mu / (N - 1)."""
    n, slope = 5, 2.0
    steepness = slope / (n - 1)
    expected = steepness**2 * (n - 1) / (n * slope * (slope + 2 * steepness))
    _, cap, _ = exact_gain_share(market(UniformConditional(), private_values(n, slope=slope)), 0)
    assert cap == pytest.approx(expected, rel=1e-8)


def test_gains_that_are_rounding_are_none():
    """An equilibrium in floats: what deviating gains is far below the digits of its bids."""
    information = fundamental_value_information(5, 0.2, 0.3)
    tested = market(
        UniformDoubleAuction(), information.economy(1.0), strategy=LinearBayes(information, 1.0)
    )
    share, cap, types = exact_gain_share(tested, 1)
    assert (share, types) == (0.0, None)
    assert cap < 1e-12


def test_refusals_say_what_is_missing():
    bounded = linear_quadratic(np.eye(4), 1.0, type_low=-1.0, type_high=1.0)
    with pytest.raises(RefusedError, match="a term in 1"):
        exact_gain_share(market(Charging(0.2), private_values(4)), 0)
    with pytest.raises(RefusedError, match="bids have no limits"):
        exact_gain_share(market(NaiveWalrasian(bounded), bounded), 0)

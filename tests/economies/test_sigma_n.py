"""sigma_N and the budget's slope: closed forms, refusals, and the counterexample to Proposition 2."""

from fractions import Fraction

import numpy as np
import pytest
from helpers.market_strategies import economies
from hypothesis import given

from deviator.economies import (
    assumption_bounds,
    check_assumptions,
    factored,
    fundamental_value,
    linear_quadratic,
    sigma_budget,
    sigma_n,
    sigma_n_from,
    tight,
    two_groups,
    walrasian_response,
)
from deviator.errors import RefusedError
from deviator.mechanisms import SigmaVCG
from deviator.mechanisms.exact import RationalBids, RationalEconomy
from deviator.numerics.rational import rational
from deviator.policies import Revelation


@pytest.mark.parametrize("n", [4, 10, 30])
def test_sigma_n_closed_forms(n):
    """Equation (4.15), and Example 5's formula."""
    alpha, beta, slope = 1.1, 0.6, 1.3
    expected = slope * (alpha + beta) / ((n - 2) * alpha - beta)
    assert sigma_n(fundamental_value(n, alpha, beta, slope)) == pytest.approx(expected, rel=1e-12)
    expected = slope * (alpha + beta) / ((n - 2) * alpha)
    assert sigma_n(two_groups(n, alpha, beta, slope)) == pytest.approx(expected, rel=1e-12)


@given(economies())
def test_sigma_budget_is_the_smallest_that_covers_the_residual_slopes(economy):
    sigma = sigma_budget(economy)

    def slack(value):
        return value - walrasian_response(economy, value).residual_slope.max()

    assert abs(slack(sigma)) < 1e-9 * (1 + sigma)
    for smaller in np.linspace(0, 0.999 * sigma, 50):
        assert slack(smaller) < 0


def test_sigma_n_does_not_exist_under_strong_interdependence():
    with pytest.raises(RefusedError, match=r"A4\^N"):
        sigma_n(tight(4, own_effect=1.0, cross_effect=0.9))
    with pytest.raises(RefusedError, match="sigma_budget"):
        sigma_budget(tight(4, own_effect=1.0, cross_effect=0.9))


def test_sigma_n_needs_both_parts_of_a4n():
    """(3.13) is a positive number where the ratio of slopes alone breaks A4^N."""
    weights = tight(4, 1.0, 0.1).weights
    inside, outside = (linear_quadratic(weights, [10, 10, 10, flat]) for flat in (1.01, 0.99))
    assert sigma_n(inside) == pytest.approx(10 * (1 / 3 + 0.1) / (1 - 0.1 - 1 / 3 - 0.1))
    for number in (sigma_n, lambda economy: sigma_n_from(assumption_bounds(economy))):
        with pytest.raises(
            RefusedError, match=r"phi_N < 0.099 \(assumption A4\^N\), got phi_N = 0.1"
        ):
            number(outside)
    assert check_assumptions(outside)["sigma_N"].holds is False
    assert sigma_budget(outside) > 0


def proposition_2_counterexample():
    weights = np.zeros((8, 8))
    weights[4:, :4] = 0.35
    np.fill_diagonal(weights, 1.0)
    return linear_quadratic(weights, [4.0] * 4 + [1.0] * 4)


def test_counterexample_to_proposition_2_in_rational_arithmetic():
    """The budget claim is false as printed when slopes differ (mixed slopes, sigma_N = 3)."""
    economy = proposition_2_counterexample()
    exact = RationalEconomy(
        rational(economy.weights), rational(economy.slope), rational(economy.intercept)
    )
    exact.weights[4:, :4] = Fraction(7, 20)
    phi = (exact.weights.sum(axis=0) - 1).max() / 7
    assert phi == Fraction(1, 5)
    assert phi < min(Fraction(1, 4), Fraction(3, 7))
    reach = Fraction(1, 7) + phi
    assert 4 * reach / (1 - phi - reach) == 3
    assert sigma_n(economy) == pytest.approx(3, rel=1e-12)
    types = rational([[7, -7, 7, -7, 0, 0, 0, 0]])
    steepness = 1 / (exact.slope + 3)
    value = exact.value(types)
    price = value @ steepness / steepness.sum()
    quantity = (steepness * (value - price[:, None]))[0]
    assert quantity.tolist() == [1, -1, 1, -1, 0, 0, 0, 0]
    price_effect = steepness @ exact.weights / steepness.sum()
    slope = price_effect / (steepness * (1 - price_effect))
    assert slope[0] == Fraction(483, 151)
    transfers = price[0] * quantity + (3 - slope) * quantity**2 / 2
    assert transfers.sum() == Fraction(-60, 151)


def test_counterexample_to_proposition_2_through_the_mechanism():
    economy = proposition_2_counterexample()
    mechanism = SigmaVCG(economy, 3.0)
    types = np.array([[7.0, -7.0, 7.0, -7.0, 0.0, 0.0, 0.0, 0.0]])
    outcome = mechanism.clear(Revelation(mechanism, economy).bids(types))
    assert outcome.transfer.sum() == pytest.approx(-60 / 151, rel=1e-9)
    bids = RationalBids(np.empty((8, 0), dtype=object), rational(types))
    _, transfers = mechanism.clear_exact(bids)
    assert float(transfers.sum()) == pytest.approx(-60 / 151, rel=1e-12)
    repaired = SigmaVCG(economy, sigma_budget(economy))
    assert repaired.clear(Revelation(repaired, economy).bids(types)).transfer.sum() >= 0


@given(economies())
def test_sigma_budget_covers_the_residual_slopes_to_the_last_digit(economy):
    mechanism = SigmaVCG(economy, sigma_budget(economy))
    price_effect, own_effect = mechanism.clearing.exact_response(RationalEconomy.of(economy))
    assert (price_effect <= Fraction(mechanism.sigma) * own_effect).all()


@given(economies(equal_slopes=True))
def test_sigma_n_is_the_least_float_that_is_not_below_the_formula(economy):
    exact = RationalEconomy.of(economy)
    n, own = economy.n_traders, np.diagonal(exact.weights)
    phi = ((exact.weights.sum(axis=0) - own) / (n - 1)).max()
    reach = own.min() / (n - 1) + phi
    wanted = exact.slope.max() * reach / (own.min() - phi - reach)
    sigma = sigma_n(economy)
    assert np.nextafter(sigma, 0) < wanted <= sigma


@pytest.mark.parametrize("n", [4, 10, 60])
def test_rounding_up_is_of_factored_economies_too(n):
    """W is not rounded to floats first; both say the same of an economy written either way."""
    economy = factored([1.0] * n, [[0.3 / n]] * n, [[1.0] * n], np.linspace(1, 1.2, n))
    written = linear_quadratic(economy.weights, economy.slope)
    for slope in (sigma_n, sigma_budget):
        assert slope(economy) == pytest.approx(slope(written), rel=1e-13)
    mechanism = SigmaVCG(economy, sigma_budget(economy))
    price_effect, own_effect = mechanism.clearing.exact_response(RationalEconomy.of(economy))
    assert (price_effect <= Fraction(mechanism.sigma) * own_effect).all()

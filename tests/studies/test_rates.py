"""Fitted rates: exact powers, intervals that hold what they promise, and the paper's rates."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import norm

from benchmarks.study_page import synthetic_row
from deviator.economies import (
    fundamental_value_information,
    private_values,
    sigma_n,
    two_groups,
    two_groups_information,
)
from deviator.errors import InvalidInputError
from deviator.evidence import market
from deviator.mechanisms import NaiveWalrasian, SigmaVCG, UniformDoubleAuction
from deviator.policies import LinearBayes, exact_gain
from deviator.studies.outcomes import measured_outcomes
from deviator.studies.paper_rates import PAPER_RATES, paper_rate
from deviator.studies.rates import Rate, fit_rate
from deviator.studies.tables.rate_records import rate_records

SIZES = [4, 8, 16, 32]


def largest_miss(fit: Callable[..., Rate]) -> float:
    """Return by how much a fit misses the exponents of exact powers, at most."""
    return max(
        abs(fit(SIZES, [3.0 * n**power for n in SIZES]).exponent - power)
        for power in (-2.0, -1.0, -0.5, 0.0, 1.0)
    )


def in_levels(sizes, values):
    slope, constant = np.polyfit(sizes, values, 1)
    return Rate(slope, 0.0, (slope, slope), constant, len(sizes))


def axes_swapped(sizes, values):
    return fit_rate(values, sizes) if len(set(values)) > 2 else fit_rate(sizes, values)


def in_mixed_logarithms(sizes, values):
    return fit_rate(np.exp(np.log10(sizes)), values)


def test_exact_powers_are_found():
    assert largest_miss(fit_rate) < 1e-12
    rate = fit_rate(SIZES, [3.0 / n**2 for n in SIZES])
    assert rate.constant == pytest.approx(3.0)
    assert rate.standard_error < 1e-12
    np.testing.assert_allclose(rate.at([5.0]), [3.0 / 25])


@pytest.mark.parametrize("villain", [in_levels, axes_swapped, in_mixed_logarithms])
def test_broken_fits_miss_exact_powers(villain):
    assert largest_miss(villain) > 0.1


def coverage(interval: Callable[[Rate], tuple[float, float]], draws: int = 500) -> float:
    """Return how often an interval holds the true exponent, where logarithms have Normal noise."""
    rng, sizes = np.random.default_rng(0), np.array(SIZES, dtype=float)
    noise = np.exp(0.1 * rng.normal(size=(draws, len(sizes))))
    rates = [fit_rate(sizes, sizes**-2.0 * each) for each in noise]
    inside = [interval(rate)[0] <= -2.0 <= interval(rate)[1] for rate in rates]
    return float(np.mean(inside))


def too_sure(rate: Rate) -> tuple[float, float]:
    half = norm.ppf(0.975) * rate.standard_error
    return rate.exponent - half, rate.exponent + half


def test_intervals_hold_the_exponent_as_often_as_they_promise():
    assert 0.92 < coverage(lambda rate: rate.interval) < 0.98
    assert coverage(too_sure) < 0.88


@pytest.mark.parametrize(
    ("sizes", "values", "words"),
    [
        ([4, 8], [1.0, 0.5], "at least 3 sizes, got 2"),
        ([4, 4, 8], [1.0, 1.0, 0.5], "at least 3 sizes, got 2"),
        ([4, 8, 16], [1.0, 0.5, 0.0], "must be positive, got 0"),
        ([4, 8, 16], [1.0, 0.5], "values"),
        ([4, 8, 16], [1.0, np.nan, 1.0], "finite"),
    ],
)
def test_what_cannot_be_fitted_is_refused(sizes, values, words):
    with pytest.raises(InvalidInputError, match=words):
        fit_rate(sizes, values)


def under_quadratic_tax(n: int, measure: str, slope: float | None = None) -> float:
    economy = two_groups(n, beta=0.5)
    sigma = sigma_n(economy) if slope is None else slope
    tested = market(SigmaVCG(economy, sigma), economy)
    return measured_outcomes(tested, 400)[measure].value


def naive_gain(n: int) -> float:
    economy = private_values(n)
    tested = market(NaiveWalrasian(economy), economy)
    types = np.random.default_rng(0).normal(size=(400, n))
    return (
        float(exact_gain(NaiveWalrasian(economy), economy, types, trader=0).mean()) / tested.stakes
    )


def in_equilibrium(n: int, information) -> float:
    beliefs = information(n, rho=0.4, noise=0.5)
    economy = beliefs.economy(1.0)
    strategy = LinearBayes(beliefs, 1.0)
    tested = market(
        UniformDoubleAuction(), economy, distribution=beliefs.types(), strategy=strategy
    )
    return measured_outcomes(tested, 400)["inefficiency"].value


MEASURED = {
    ("sigma-dcda", "inefficiency"): lambda n: under_quadratic_tax(n, "inefficiency"),
    ("sigma-dcda", "distance"): lambda n: under_quadratic_tax(n, "distance"),
    ("sigma-dcda", "deficit"): lambda n: under_quadratic_tax(n, "deficit", 0.0),
    ("naive-walrasian", "gain"): naive_gain,
    ("fundamental value (beliefs)", "inefficiency"): lambda n: in_equilibrium(
        n, fundamental_value_information
    ),
    ("two groups (beliefs)", "inefficiency"): lambda n: in_equilibrium(n, two_groups_information),
}


@pytest.mark.parametrize(
    "stated", PAPER_RATES, ids=lambda rate: f"{rate.mechanisms[0]} {rate.measure} {rate.order}"
)
def test_each_rate_of_the_paper_is_the_one_that_large_markets_have(stated):
    sizes = [16, 32, 64]
    names = (stated.mechanisms[0], stated.measure), (stated.economies[0], stated.measure)
    measure = next(MEASURED[name] for name in names if name in MEASURED)
    fitted = fit_rate(sizes, [measure(n) for n in sizes])
    assert fitted.exponent == pytest.approx(stated.exponent, abs=0.3)


def test_the_table_of_rates_has_the_papers_beside_them():
    row = synthetic_row(1) | {"sigma_rule": "sigma-n", "economy_settings": {}}
    rows = [
        row | {"n_traders": n, "outcomes": {"inefficiency": {"value": 2.0 / n**2, "error": None}}}
        for n in SIZES
    ]
    (record,) = rate_records(rows)
    assert record["exponent"] == pytest.approx(-2.0)
    assert (record["paper"], record["sizes"], record["smallest"], record["largest"]) == (
        -2.0,
        4,
        4,
        32,
    )
    assert rate_records(rows[:2]) == []


def test_the_paper_is_not_quoted_on_coalitions_or_on_traders_who_know_their_own_type():
    one = synthetic_row(0) | {"mechanism": "naive-walrasian", "economy": "private values"}
    rows = [
        one | {"n_traders": n, "sigma": None, "best_gain": 1 / n**2, "stakes": 1.0} for n in SIZES
    ]
    for changed, exponent in (
        ({}, -2),
        ({"question": "coalition", "members": 2}, None),
        ({"information": "own"}, None),
    ):
        found = rate_records([row | changed for row in rows])
        assert [each["paper"] for each in found if each["measure"] == "gain"] == [exponent]


def test_the_paper_is_quoted_only_where_it_speaks():
    assert paper_rate("sigma-dcda", "two groups", "honest", "sigma-n", "distance").exponent == -1
    assert paper_rate("sigma-dcda", "two groups", "honest", 0.0, "deficit").order == "O(1/N)"
    assert paper_rate("sigma-dcda", "linear quadratic", "honest", "sigma-n", "distance") is None
    assert paper_rate("sigma-dcda", "two groups", "noisy", "sigma-n", "distance") is None
    assert paper_rate("rules.py:sigma-dcda", "two groups", "honest", "sigma-n", "distance") is None

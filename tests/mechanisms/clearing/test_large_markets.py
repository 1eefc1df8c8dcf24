"""Large markets of factored bids: passes over chunks of traders give what one clearing gives."""

import tracemalloc
from functools import partial

import numpy as np
import pytest
from helpers.outcomes import FIELDS, assert_close
from hypothesis import given, settings
from hypothesis import strategies as st

from deviator import memory
from deviator.economies import private_values
from deviator.errors import InvalidInputError, RefusedError
from deviator.mechanisms import FactoredBids, PublicStatistics, SigmaDCDA, UniformConditional
from deviator.mechanisms.clearing import FactoredClearing
from deviator.mechanisms.clearing.factored import passes


def random_bids(rng, n, g, batch=1, markets=1):
    statistics = PublicStatistics(rng.uniform(0.5, 1.0, (g, n)) / n)
    return statistics, FactoredBids(
        rng.uniform(0.5, 2.0, (markets, n)),
        rng.normal(size=(markets, n, g)) * np.sqrt(n),
        rng.uniform(0.5, 1.5, (markets, n)),
        rng.normal(size=(batch, n)),
    )


def small_clearing(statistics, bids, payment):
    """The oracle: all traders of a market at once, with the traders of small own weights kept."""
    solution = FactoredClearing(statistics, large=10**9).solve(bids)
    price, quantity, slope = solution.price, solution.quantity, solution.residual_slope
    return price, quantity, payment(price[:, None], quantity, slope), slope, solution.regular


def payment_of(rule):
    return partial(rule.payment, tax_slope=rule.tax_slope)


def assert_same(outcome, want):
    *fields, regular = want
    np.testing.assert_array_equal(outcome.traded, regular)
    for name, field in zip(FIELDS, fields, strict=True):
        got = getattr(outcome, name)
        assert_close(got[regular], field[regular])
    assert np.isnan(outcome.price[~regular]).all()
    assert (outcome.quantity[~regular] == 0).all()
    assert (outcome.transfer[~regular] == 0).all()
    assert np.isnan(outcome.residual_slope[~regular]).all()


@pytest.mark.parametrize("quick", [True, False])
@pytest.mark.parametrize("g", [0, 1, 2, 9])
@pytest.mark.parametrize("zeros", [0, 1, "all but one"])
def test_passes_over_chunks_equal_one_clearing(monkeypatch, quick, g, zeros):
    if not quick:
        monkeypatch.setattr(passes, "quick_solution", lambda *_: None)
    rng = np.random.default_rng([g, quick])
    for shared in (True, False):
        n = 40
        statistics, bids = random_bids(rng, n, g, 3, 1 if shared else 3)
        bids.own_weights[0, : n - 1 if zeros == "all but one" else zeros] = 0.0
        rule = SigmaDCDA(0.3, statistics)
        clearing = FactoredClearing(statistics, large=1, chunk=7)
        outcome = clearing.settle(bids, payment_of(rule))
        assert_same(outcome, small_clearing(statistics, bids, payment_of(rule)))
        assert outcome.traded.all() == (zeros != "all but one")
        solution = clearing.solve(bids)
        np.testing.assert_array_equal(solution.regular, outcome.traded)
        assert_close(solution.quantity[outcome.traded], outcome.quantity[outcome.traded])


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.integers(3, 30), st.integers(0, 3), st.floats(-17, -5))
def test_autarky_of_nearly_singular_markets_is_that_of_one_clearing(seed, n, g, exponent):
    """Rows of very different units, some without own weights, two of them nearly the same."""
    rng = np.random.default_rng(seed)
    statistics, bids = random_bids(rng, n, g)
    array = bids.as_array()
    array[:, : rng.integers(0, min(n, g + 3)), 0] *= 10.0 ** rng.integers(-20, 1)
    if rng.integers(2):
        array[:, 1] = array[:, 0] * (1 + 10**exponent * rng.normal(size=g + 3))
    array[:, :, -2] *= 10.0 ** rng.integers(-12, 12)
    array *= np.exp(rng.uniform(-20, 20, (1, n, 1)))
    bids = FactoredBids.from_array(array)
    want = FactoredClearing(statistics).solve(bids).regular
    in_passes = FactoredClearing(statistics, large=1, chunk=4).solve(bids).regular
    np.testing.assert_array_equal(in_passes, want)


def test_a_large_market_takes_little_more_than_inputs_and_outputs():
    n = 200_000
    statistics, bids = random_bids(np.random.default_rng(0), n, 2)
    rule = SigmaDCDA(0.3, statistics)
    tracemalloc.start()
    outcome = rule.clear(bids)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert outcome.traded.all()
    assert peak < 24 * n * 2  # outputs are 24 bytes a trader, and inputs are not counted here
    assert_same(outcome, small_clearing(statistics, bids, payment_of(rule)))


def test_more_memory_than_there_is_is_refused_with_both_figures(monkeypatch):
    statistics, bids = random_bids(np.random.default_rng(0), 5000, 1)
    monkeypatch.setattr(memory, "LITTLE", 0)
    monkeypatch.setattr(memory, "available_memory", lambda: 100_000)
    with pytest.raises(
        RefusedError, match=r"5000 traders needs .* GiB .* available.*clear_sharded"
    ):
        SigmaDCDA(0.1, statistics).clear(bids)


def test_bids_of_the_other_kind_are_answered_with_the_auction_that_takes_them():
    statistics, bids = random_bids(np.random.default_rng(0), 5, 2)
    takes = r"takes bids as LinearBids, got FactoredBids, which are for .* SigmaDCDA\(sigma, statistics\)"
    for ask in (SigmaDCDA(0.2).clear, lambda bids: UniformConditional().menu(bids, 0)):
        with pytest.raises(InvalidInputError, match=takes):
            ask(bids)
    linear = SigmaDCDA(0.2).honest_bids(private_values(5), np.zeros((1, 5)))
    with pytest.raises(InvalidInputError, match=r"without statistics, such as SigmaDCDA\(sigma\)$"):
        SigmaDCDA(0.2, statistics).clear(linear)
    with pytest.raises(
        InvalidInputError, match="got ndarray; build LinearBids, or have honest ones"
    ):
        SigmaDCDA(0.2).clear(np.zeros((1, 5)))

"""Bounded sets of types: their laws, and equations (3.10), (3.11) below and above the clip."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.market_strategies import economies, floats
from helpers.outcomes import assert_outcomes_agree
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import norm

from deviator.economies import (
    LinearQuadratic,
    NormalTypes,
    TruncatedNormal,
    UniformBox,
    factored,
    linear_quadratic,
    private_values,
    tight,
    two_groups,
    walrasian_allocation,
)
from deviator.envs import deviation_core
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import certify, market, matched_control
from deviator.mechanisms import Mutated, NaiveWalrasian, Reports, SigmaVCG
from deviator.mechanisms.exact import RationalBids
from deviator.numerics.rational import rational
from deviator.plugins.conformance import parametrize_with_checks
from deviator.policies import (
    BestResponse,
    NumericSearch,
    Revelation,
    exact_gain,
    expected_exact_gain,
)
from deviator.studies import audit


def within(economy, low, high):
    n = economy.n_traders
    return replace(economy, type_low=np.full(n, low), type_high=np.full(n, high))


@st.composite
def bounded_markets(draw):
    """Draw an economy with a box of types and profiles in it; some boxes make all trade one way."""
    economy = draw(economies())
    n = economy.n_traders
    low = draw(arrays(float, n, elements=floats(-3.0, 3.0)))
    high = low + draw(arrays(float, n, elements=floats(0.05, 3.0)))
    shares = draw(arrays(float, (3, n), elements=floats(0.0, 1.0)))
    types = np.clip(low + shares * (high - low), low, high)
    return replace(economy, type_low=low, type_high=high), types


def transfer_by_definition(economy, sigma, types, trader, nodes=40_001):
    """Equation (3.10) by quadrature over x, with (3.11) solved for every x by itself."""
    low, high = (ends[trader] for ends in economy.type_set)
    profiles = np.repeat(types[None], 2, axis=0)
    profiles[1, trader] += 1.0
    quantity = walrasian_allocation(economy, sigma, profiles)[1][:, trader]
    x = np.linspace(0.0, quantity[0], nodes)
    pivotal = np.clip(types[trader] + (x - quantity[0]) / (quantity[1] - quantity[0]), low, high)
    moved = np.repeat(types[None], nodes, axis=0)
    moved[:, trader] = pivotal
    price, reached = walrasian_allocation(economy, sigma, moved)
    # The pivotal type leads to x itself wherever it is inside the set.
    inside = (pivotal > low) & (pivotal < high)
    np.testing.assert_allclose(reached[inside, trader], x[inside], atol=1e-9)
    area = np.trapezoid(price, x)
    return area + sigma * quantity[0] ** 2 / 2


@given(bounded_markets(), floats(0.0, 1.0))
def test_transfers_are_equation_3_10(bounded_market, sigma):
    economy, types = bounded_market
    rule = SigmaVCG(economy, sigma)
    outcome = rule.clear(Reports(types))
    for trader in (0, economy.n_traders - 1):
        expected = transfer_by_definition(economy, sigma, types[0], trader, nodes=4001)
        assert outcome.transfer[0, trader] == pytest.approx(expected, abs=1e-5)


def test_the_kink_of_a_trader_who_always_buys():
    """Trader 0's least type still buys: units below what it buys cost its price, all the same."""
    economy = within(private_values(4), -1.0, 1.0)
    low = np.array([2.0, -1.0, -1.0, -1.0])
    economy = replace(economy, type_low=low, type_high=np.array([3.0, 1.0, 1.0, 1.0]))
    types = np.array([2.5, 0.2, -0.4, 0.1])
    rule = SigmaVCG(economy, 0.5)
    outcome = rule.clear(Reports(types[None]))
    expected = transfer_by_definition(economy, 0.5, types, 0, nodes=200_001)
    assert outcome.transfer[0, 0] == pytest.approx(expected, abs=1e-9)
    unclipped = SigmaVCG(private_values(4), 0.5).clear(Reports(types[None]))
    assert outcome.transfer[0, 0] > unclipped.transfer[0, 0] + 0.01
    np.testing.assert_allclose(outcome.transfer[0, 1:], unclipped.transfer[0, 1:], atol=1e-15)


@given(st.data())
def test_unbounded_types_are_the_limit(data):
    economy = data.draw(economies())
    types = data.draw(arrays(float, (2, economy.n_traders), elements=floats(-3.0, 3.0)))
    plain = SigmaVCG(economy, 0.3).clear(Reports(types))
    wide = SigmaVCG(within(economy, -1e6, 1e6), 0.3).clear(Reports(types))
    one_sided = SigmaVCG(replace(economy, type_low=np.full(economy.n_traders, -1e6)), 0.3)
    for outcome in (wide, one_sided.clear(Reports(types))):
        assert_outcomes_agree(outcome, plain)


@given(bounded_markets(), floats(0.0, 1.0))
def test_exact_clearing_charges_the_same(bounded_market, sigma):
    economy, types = bounded_market
    rule = SigmaVCG(economy, sigma)
    bids = RationalBids(np.empty((economy.n_traders, 0), dtype=object), rational(types))
    _, transfers = rule.clear_exact(bids)
    want = rule.clear(Reports(types)).transfer
    np.testing.assert_allclose(transfers.astype(float), want, rtol=1e-9, atol=1e-11)


@given(bounded_markets(), floats(0.0, 1.0))
def test_no_report_in_the_set_beats_the_truth(bounded_market, sigma):
    """Also where everybody's types make the trader buy: transfers differ by what no report changes."""
    economy, types = bounded_market
    rule = SigmaVCG(economy, sigma)
    low, high = economy.type_set
    for trader in range(economy.n_traders):
        reports = np.linspace(low[trader], high[trader], 101)
        candidates = np.broadcast_to(reports[None, :, None], (3, 101, 1))
        tested = market(rule, economy, trader=trader)
        utilities = tested.utilities(types, candidates)
        assert (utilities[:, 1:] <= utilities[:, :1] + 1e-10).all()
        gain = exact_gain(rule, economy, types, trader=trader)
        assert gain.max() < 1e-20
        menu = rule.menu(Reports(types), trader)
        outcome = rule.clear_deviations(Reports(types), trader, candidates)
        for place in (0, 30, 100):
            paid = menu.transfer(outcome.quantity[:, place])
            np.testing.assert_allclose(paid, outcome.transfer[:, place], atol=1e-10)
        np.testing.assert_allclose(menu.low, outcome.quantity[:, 0], atol=1e-10)
        np.testing.assert_allclose(menu.high, outcome.quantity[:, -1], atol=1e-10)


@given(bounded_markets())
def test_honest_trade_is_individually_rational(bounded_market):
    economy, types = bounded_market
    rule = SigmaVCG(economy, 0.2)
    outcome = rule.clear(Reports(types))
    assert (economy.utility(outcome.quantity, types) - outcome.transfer > -1e-10).all()


@given(bounded_markets(), st.data())
def test_best_responses_of_the_naive_auction_stay_in_the_set(bounded_market, data):
    """The gain equals the best of a grid of reports, also where the set's end is the best report."""
    economy, types = bounded_market
    trader = data.draw(st.integers(0, economy.n_traders - 1))
    rule = NaiveWalrasian(economy)
    tested = market(rule, economy, trader=trader)
    low, high = economy.type_set
    reports = np.linspace(low[trader], high[trader], 2001)
    utilities = tested.utilities(types, np.broadcast_to(reports[None, :, None], (3, 2001, 1)))
    best_of_grid = (utilities[:, 1:] - utilities[:, :1]).max(axis=1)
    gain = exact_gain(rule, economy, types, trader=trader)
    np.testing.assert_allclose(gain, np.maximum(best_of_grid, 0.0), atol=1e-5)
    bid = BestResponse(rule, economy).bid(types, trader)
    assert (bid >= low[trader]).all()
    assert (bid <= high[trader]).all()
    np.testing.assert_allclose(tested.gains(types, bid), gain, atol=1e-10)


def test_best_responses_end_at_the_end_of_a_narrow_set():
    """The villain ignores the set: its gain is larger than any report's."""
    economy = within(private_values(5, slope=2.0), -1.0, 1.0)
    types = np.array([[1.0, -1.0, -1.0, 0.9, -0.9], [-1.0, 1.0, 1.0, -0.9, 0.9]])
    narrow = NaiveWalrasian(within(economy, -1.0, 1.0))
    free = exact_gain(
        NaiveWalrasian(private_values(5, slope=2.0)), private_values(5, slope=2.0), types
    )
    tied = exact_gain(narrow, economy, types)
    assert (tied <= free + 1e-15).all()
    assert free[0, 0] > 0
    result = NumericSearch(narrow, economy, 3).find(types)
    np.testing.assert_allclose(result.gain, tied[:, 3], rtol=1e-3, atol=1e-9)


def test_searches_and_actions_stay_in_the_set():
    economy = within(two_groups(4), -0.5, 0.5)
    for rule in (SigmaVCG(economy, 0.3), Mutated(SigmaVCG(economy, 0.3), "transfer", 0.1)):
        tested = market(rule, economy)
        core = deviation_core(tested)
        types = core.draw(np.random.default_rng(0), 200)
        assert np.abs(types).max() <= 0.5
        for size in (-1.0, 1.0):
            bid = core.bid(types, np.full((200, 1), size))
            assert np.abs(bid).max() <= 0.5
            assert np.isfinite(core.reward(types, np.full((200, 1), size))).all()
    control = matched_control(tested)
    assert control.mechanism.name == "naive-walrasian"
    box = type(core.box)(**core.box.to_dict())
    np.testing.assert_array_equal([box.low, box.high], [core.box.low, core.box.high])


def test_what_has_no_closed_form_under_bounds_is_refused():
    economy = within(two_groups(4), -0.5, 0.5)
    law = economy.types()
    for rule in (SigmaVCG(economy, 0.3), NaiveWalrasian(economy)):
        with pytest.raises(RefusedError, match="types are bounded"):
            expected_exact_gain(rule, economy, law, 0)
        with pytest.raises(RefusedError, match="bids without limits"):
            certify(market(rule, economy))
    assert audit(NaiveWalrasian(economy), economy, held_out=500).state == "refuted"
    assert audit(SigmaVCG(economy, 0.3), economy, held_out=500).state == "confirmed"


def test_bounded_markets_renumbered_and_in_other_units():
    low = np.array([1.0, -1.0, -2.0, 0.0])
    economy = replace(tight(4, 1.0, 0.1), type_low=low, type_high=low + 1.0)
    types = low[None] + np.array([[0.3, 0.7, 0.1, 0.9]])
    rule, order = SigmaVCG(economy, 0.2), [2, 0, 3, 1]
    plain = rule.clear(Reports(types))
    moved = rule.relabelled(order).clear(Reports(types[:, order]))
    np.testing.assert_allclose(moved.transfer, plain.transfer[:, order], rtol=1e-12)
    restated = rule.rescaled(10.0, 4.0).clear(Reports(types * 10.0))
    np.testing.assert_allclose(restated.transfer, plain.transfer * 40.0, rtol=1e-12)


def test_factored_economies_take_type_sets_too():
    economy = factored([1.0] * 4, [[0.1]] * 4, [[0.5] * 4], 1.0)
    low, high = np.array([2.0, -1.0, -1.0, -1.0]), np.array([3.0, 1.0, 1.0, 1.0])
    bounded = replace(economy, type_low=low, type_high=high)
    dense = LinearQuadratic(
        economy.weights, economy.slope, economy.intercept, type_low=low, type_high=high
    )
    types = np.array([[2.5, 0.2, -0.4, 0.1]])
    got, want = (SigmaVCG(each, 0.2).clear(Reports(types)) for each in (bounded, dense))
    np.testing.assert_allclose(got.transfer, want.transfer, rtol=1e-12)
    assert got.transfer[0, 0] != SigmaVCG(economy, 0.2).clear(Reports(types)).transfer[0, 0]


def test_truncated_normal_moments():
    """Half-normal, and the textbook formula on an interval."""
    half = TruncatedNormal.common(3, 0.0, 2.0, 0.0, np.inf)
    np.testing.assert_allclose(half.mean, 2.0 * np.sqrt(2 / np.pi))
    np.testing.assert_allclose(half.covariance, np.eye(3) * 4 * (1 - 2 / np.pi), atol=1e-12)
    center, spread, low, high = 1.0, 0.8, 0.0, 1.5
    law = TruncatedNormal.common(3, center, spread, low, high)
    a, b = (low - center) / spread, (high - center) / spread
    mass = norm.cdf(b) - norm.cdf(a)
    mean = center + spread * (norm.pdf(a) - norm.pdf(b)) / mass
    np.testing.assert_allclose(law.mean, mean, rtol=1e-12)
    ratio = (norm.pdf(a) - norm.pdf(b)) / mass
    variance = spread**2 * (1 + (a * norm.pdf(a) - b * norm.pdf(b)) / mass - ratio**2)
    np.testing.assert_allclose(np.diagonal(law.covariance), variance, rtol=1e-9)
    draws = law.sample(np.random.default_rng(0), 100_000)
    assert draws.min() >= low
    assert draws.max() <= high
    np.testing.assert_allclose(draws.mean(axis=0), law.mean, atol=0.01)
    np.testing.assert_allclose(np.cov(draws.T), law.covariance, atol=0.01)
    np.testing.assert_array_equal(draws, law.matched_sample(np.random.default_rng(0), 100_000))
    wide = TruncatedNormal.common(3, 0.5, 2.0, -np.inf, np.inf)
    normal = NormalTypes.independent(3, 0.5, 2.0)
    np.testing.assert_allclose(wide.covariance, normal.covariance)


def test_supports_and_default_laws():
    assert np.isneginf(NormalTypes.independent(3).support[0]).all()
    np.testing.assert_array_equal(UniformBox.common(3, 1.0, 2.0).support, [[1.0] * 3, [2.0] * 3])
    economy = private_values(3)
    assert np.isposinf(economy.type_set[1]).all()
    assert isinstance(economy.types(), NormalTypes)
    low, high = np.array([-1.0, -np.inf, 5.0]), np.array([3.0, np.inf, np.inf])
    bounded = replace(economy, type_low=low, type_high=high)
    law = bounded.types()
    assert isinstance(law, TruncatedNormal)
    np.testing.assert_array_equal(law.support, [low, high])
    np.testing.assert_array_equal(law.support, bounded.type_set)
    np.testing.assert_allclose(law.mean[:2], [1.0, 0.0], atol=1e-12)
    assert law.sample(np.random.default_rng(0), 100)[:, 2].min() >= 5.0
    copy = LinearQuadratic.from_dict(bounded.to_dict())
    np.testing.assert_array_equal(copy.type_set, bounded.type_set)
    assert "type_low" not in economy.to_dict()
    plain = linear_quadratic(np.eye(3), 1.0, type_low=-1.0, type_high=[1.0, 2.0, 3.0])
    np.testing.assert_array_equal(plain.type_set, [[-1.0] * 3, [1.0, 2.0, 3.0]])
    few = factored([1.0] * 3, [[0.1]] * 3, [[1.0] * 3], 1.0, type_high=2.0)
    np.testing.assert_array_equal(few.type_set, [[-np.inf] * 3, [2.0] * 3])


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: within(private_values(3), 1.0, 1.0), "type_low must be below type_high, got 1.0 and 1.0 for trader 0"),
        (lambda: replace(private_values(3), type_low=[0.0, 1.0]), r"type_low must have shape \(3\)"),
        (lambda: replace(private_values(3), type_low=[0.0, np.nan, 1.0]), "type_low must be finite"),
        (lambda: TruncatedNormal.common(3, 0.0, 0.0, 0.0, 1.0), "deviation must be positive"),
        (lambda: TruncatedNormal.common(3, 0.0, 1.0, 1.0, 0.0), "type_low must be below type_high"),
        (lambda: TruncatedNormal([0.0] * 3, [1.0, 0.0, 1.0], [-1.0] * 3, [1.0] * 3), "spread must be positive"),
        (lambda: TruncatedNormal([0.0] * 3, [1.0] * 4, [-1.0] * 3, [1.0] * 3), "spread must have shape"),
        (lambda: SigmaVCG(within(private_values(3), -1, 1), 0.1).clear(Reports([[0.0, 2.0, 0.0]])), r"reports of trader 1 must be in its set of types \[-1, 1\], got 2 in market 0"),
        (lambda: NaiveWalrasian(within(private_values(3), -1, 1)).clear_deviations(Reports([[0.0, 0.0, 0.0]]), 2, np.array([[[0.5], [-1.5]]])), "reports of trader 2 .* got -1.5"),
    ],
)  # fmt: skip
def test_malformed_input_is_one_clear_sentence(build, message):
    with pytest.raises(InvalidInputError, match=message) as caught:
        build()
    assert "\n" not in str(caught.value)


def test_revelation_reports_types_at_the_very_end_of_the_set():
    economy = within(private_values(3), -1.0, 1.0)
    rule = SigmaVCG(economy, 0.1)
    ends = np.array([[1.0, -1.0, 1.0]])
    assert rule.clear(Revelation(rule, economy).bids(ends)).traded.all()


BOUNDED = within(two_groups(4), -1.0, 1.0)


@parametrize_with_checks(
    [
        SigmaVCG(BOUNDED, 0.3),
        NaiveWalrasian(BOUNDED),
        BOUNDED,
        factored([1.0] * 4, [[0.1]] * 4, [[0.5, 0.2, 0.3, 0.4]], 1.0, type_low=-1.0),
    ],
    guarded=False,
)
def test_bounded_markets_keep_the_kits_promises(check, subject):
    check(subject)

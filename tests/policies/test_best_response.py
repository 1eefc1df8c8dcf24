"""Exact best responses and gains, by profile and by own type, against searches and loops."""

import numpy as np
import pytest
from helpers.market_strategies import economies, floats, profiles
from helpers.oracles import best_gain_by_search
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from deviator.economies import (
    NormalTypes,
    UniformBox,
    fundamental_value,
    fundamental_value_information,
    heterogeneous,
    linear_quadratic,
    private_values,
    saturating,
    sigma_n,
    standard_types,
    tight,
    two_groups,
    two_groups_information,
)
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import market
from deviator.mechanisms import (
    Mutated,
    NaiveWalrasian,
    SigmaDCDA,
    SigmaVCG,
    UniformConditional,
    UniformDoubleAuction,
)
from deviator.policies import BestResponse, LinearBayes, Revelation, exact_gain, expected_exact_gain


@pytest.mark.parametrize("n", [3, 4, 10, 30])
def test_naive_walrasian_closed_forms(n):
    """Footnote 28, u = s q - q^2: gain d^2 (N-1)/(4 N^2 (N+1)), relative gain 1/(N^2 - 1)."""
    economy = private_values(n, alpha=1.0, slope=2.0)
    mechanism = NaiveWalrasian(economy)
    types = np.random.default_rng(n).normal(size=(50, n))
    distance = types - (types.sum(axis=1, keepdims=True) - types) / (n - 1)
    gain = exact_gain(mechanism, economy, types)
    np.testing.assert_allclose(gain, distance**2 * (n - 1) / (4 * n**2 * (n + 1)), rtol=1e-8)
    outcome = mechanism.clear(Revelation(mechanism, economy).bids(types))
    truthful = economy.utility(outcome.quantity, types) - outcome.transfer
    np.testing.assert_allclose(truthful, distance**2 * (n - 1) ** 2 / (4 * n**2), rtol=1e-8)
    np.testing.assert_allclose(gain / truthful, 1 / (n**2 - 1), rtol=1e-6)
    best = BestResponse(mechanism, economy).bid(types, 0)[:, 0]
    others = (types.sum(axis=1) - types[:, 0]) / (n - 1)
    np.testing.assert_allclose(best, (n * types[:, 0] + others) / (n + 1), atol=1e-12)


@pytest.mark.parametrize("n", [4, 10])
def test_own_type_gain_in_reports_is_at_most_the_stated_share(n):
    """Independent types: (N - 1)/N of the ex post gain (evidence.md, information ladder)."""
    economy = private_values(n, slope=2.0)
    arguments = (NaiveWalrasian(economy), economy, standard_types(n), 0)
    share = expected_exact_gain(*arguments, information="own") / expected_exact_gain(*arguments)
    assert share == pytest.approx((n - 1) / n, rel=1e-9)


def all_markets():
    """Every built-in mechanism with a strategy, on economies that differ in kind."""
    beliefs = two_groups_information(6, 0.4, 0.5, mean=0.5)
    general = linear_quadratic(
        [
            [1.02, 0.12, 0.13, 0.02],
            [0.04, 1.1, 0.01, 0.02],
            [0.1, 0.04, 1.1, 0.03],
            [0.05, 0, 0.13, 1],
        ],
        [1.5, 0.9, 0.8, 1.4],
        [0.5, -0.6, 0.6, 1.7],
    )
    correlated = NormalTypes(np.full(4, 0.3), 0.7 * np.eye(4) + 0.3)
    for economy in (fundamental_value(5), two_groups(4), heterogeneous(4), general):
        law = correlated if economy.n_traders == 4 else None
        for mechanism in (
            SigmaDCDA(0.0),
            SigmaDCDA(0.4),
            UniformConditional(),
            SigmaVCG(economy, 0.3),
            NaiveWalrasian(economy),
        ):
            yield market(mechanism, economy, distribution=law, trader=economy.n_traders - 1)
    yield market(UniformDoubleAuction(), private_values(4, 1.0, 2.0), distribution=correlated)
    yield market(
        UniformDoubleAuction(),
        beliefs.economy(1.0),
        distribution=beliefs.types(),
        strategy=LinearBayes(beliefs, 1.0),
        trader=2,
    )


MARKETS = list(all_markets())

EVERY_MARKET = pytest.mark.parametrize(
    ("seed", "tested"),
    list(enumerate(MARKETS)),
    ids=[f"{tested.mechanism.name}, {tested.economy.name}" for tested in MARKETS],
)


def parts(tested):
    return tested.mechanism, tested.economy


@EVERY_MARKET
def test_exact_gain_equals_search(seed, tested):
    """The closed form against a scalar search over level shifts, market by market."""
    types = tested.distribution.sample(np.random.default_rng(seed), 4)
    exact = exact_gain(*parts(tested), types, others=tested.strategy, trader=tested.trader)
    unit = 0.1 + np.abs(types).max()
    for one, gain in zip(types, exact, strict=True):
        assert best_gain_by_search(tested, one, unit) == pytest.approx(gain, abs=1e-9)


@EVERY_MARKET
def test_best_response_bids_attain_the_exact_gain(seed, tested):
    types = tested.distribution.sample(np.random.default_rng(seed), 50)
    best = BestResponse(*parts(tested), others=tested.strategy)
    realized = tested.gains(types, best.bid(types, tested.trader))
    exact = exact_gain(*parts(tested), types, others=tested.strategy, trader=tested.trader)
    np.testing.assert_allclose(realized, exact, atol=1e-11)


@EVERY_MARKET
def test_expected_gains_are_means_on_both_rungs(seed, tested):
    """Closed-form expectations against means over many profiles, realized and interim."""
    law, others, trader = tested.distribution, tested.strategy, tested.trader
    types = law.sample(np.random.default_rng(seed), 100_000)
    for information in ("profile", "own"):
        expected = expected_exact_gain(
            *parts(tested), law, trader, others=others, information=information
        )
        gains = exact_gain(
            *parts(tested),
            types,
            others=others,
            information=information,
            distribution=law,
            trader=trader,
        )
        bid = BestResponse(*parts(tested), information, law, others).bid(types, trader)
        for sample in (gains, tested.gains(types, bid)):
            error = 5 * sample.std() / np.sqrt(len(sample)) + 1e-12
            assert abs(sample.mean() - expected) < error


@EVERY_MARKET
def test_own_type_bids_use_the_own_type_only(seed, tested):
    law, trader = tested.distribution, tested.trader
    types = law.sample(np.random.default_rng(seed), 3)
    best = BestResponse(*parts(tested), "own", law, tested.strategy)
    changed = types.copy()
    changed[:, [i for i in range(types.shape[1]) if i != trader]] += 1.7
    np.testing.assert_allclose(best.bid(types, trader), best.bid(changed, trader), atol=1e-12)


@pytest.mark.parametrize("n", [4, 10])
def test_own_type_best_response_in_schedules_beats_a_search_over_schedules(n):
    """No schedule linear in the own type does better than the closed form, under correlation."""
    information = two_groups_information(n, 0.5, 0.8)
    law, economy = information.types(), information.economy(1.0)
    honest = private_values(n, 1.0, 1.0)
    tested = market(
        UniformDoubleAuction(),
        economy,
        distribution=law,
        strategy=Revelation(UniformDoubleAuction(), honest),
    )
    types = law.sample(np.random.default_rng(1), 4000)
    best = BestResponse(*parts(tested), "own", law, tested.strategy)
    reached = tested.gains(types, best.bid(types, 0)).mean()

    def loss(numbers):
        level = numbers[0] + numbers[1] * types[:, 0]
        bid = np.stack([level, np.full(len(types), np.exp(numbers[2]))], axis=1)
        return -tested.gains(types, bid).mean()

    result = minimize(loss, [0.0, 0.8, -0.2], method="Nelder-Mead", options={"xatol": 1e-6})
    assert reached > 0.01
    assert -result.fun == pytest.approx(reached, rel=0.02)
    assert -result.fun <= reached + 2e-3 * abs(reached) + 1e-4


def test_no_own_type_schedule_beats_the_linear_bayesian_equilibrium():
    """Interim gain 0 by brute force: search over schedules that are linear in the own type."""
    beliefs = two_groups_information(6, 0.4, 0.5)
    tested = market(
        UniformDoubleAuction(),
        beliefs.economy(1.0),
        distribution=beliefs.types(),
        strategy=LinearBayes(beliefs, 1.0),
    )
    types = tested.distribution.matched_sample(np.random.default_rng(0), 4000)
    honest = tested.strategy.bids(types).of_trader(0)

    def loss(numbers):
        level = numbers[0] + np.exp(numbers[1]) * honest[:, 0]
        bid = np.stack([level, np.exp(numbers[2]) * honest[:, 1]], axis=1)
        return -tested.gains(types, bid).mean()

    assert loss([0.1, 0.2, 0.2]) > 1e-4
    for start in ([0.1, 0.2, 0.2], [-0.2, -0.3, 0.1]):
        result = minimize(
            loss, start, method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-13}
        )
        assert -1e-8 < -result.fun < 1e-9
        np.testing.assert_allclose(result.x, 0, atol=1e-3)


def test_own_type_schedules_that_would_increase_are_refused():
    """Where the price is such good news that demand should rise with it, no schedule says so."""
    beliefs = fundamental_value_information(4, 0.9, 3.0)
    own = float(beliefs.weights()[0, 0])
    naive = Revelation(UniformDoubleAuction(), private_values(4, own, 1.0))
    arguments = (UniformDoubleAuction(), beliefs.economy(1.0), beliefs.types(), 0)
    with pytest.raises(RefusedError, match="decreases with the price"):
        expected_exact_gain(*arguments, others=naive, information="own")
    assert expected_exact_gain(*arguments, others=naive) > 0


@pytest.mark.parametrize("fault", ["transfer", "residual-slope", "tax"])
def test_own_type_best_responses_in_distorted_auctions(fault):
    """Reading the others off the allocation also works where units cost more than the price."""
    economy = two_groups(4)
    mechanism = Mutated(SigmaDCDA(0.3), fault, 0.2)
    tested = market(mechanism, economy)
    types = tested.distribution.sample(np.random.default_rng(0), 20)
    bid = BestResponse(mechanism, economy, "own", tested.distribution).bid(types, 0)
    exact = exact_gain(mechanism, economy, types, trader=0)
    np.testing.assert_allclose(tested.gains(types, bid), exact, atol=1e-12)
    rationed = Mutated(SigmaDCDA(0.3), "clearing", 0.2)
    with pytest.raises(RefusedError, match="reach the best quantity"):
        BestResponse(rationed, economy, "own", tested.distribution).bid(types, 0)


def test_types_can_be_read_off_honest_bids_only():
    economy = two_groups(4)
    strange = Revelation(SigmaDCDA(0.1), economy)
    members = {"name": "others", "n_traders": 4, "bids": strange.bids}
    others = type("Others", (type(strange).__base__,), members)()
    arguments = (UniformConditional(), economy, standard_types(4), 0)
    with pytest.raises(RefusedError, match="against others whose levels are their types"):
        expected_exact_gain(*arguments, others=others, information="own")


def test_own_type_answers_need_linear_regressions():
    class Curved(type(NormalTypes.independent(3))):
        linear_regressions = False

    law = Curved(np.zeros(4), np.eye(4))
    with pytest.raises(RefusedError, match="Normal or independent types"):
        expected_exact_gain(
            NaiveWalrasian(private_values(4)), private_values(4), law, 0, information="own"
        )


@given(st.data())
def test_honesty_has_no_gain_anywhere_in_the_sigma_dcda(data):
    economy = data.draw(economies())
    types = data.draw(profiles(economy))
    gain = exact_gain(SigmaDCDA(data.draw(floats(0, 2))), economy, types)
    assert gain.shape == types.shape
    assert gain.max() < 1e-24
    control = exact_gain(UniformConditional(), economy, types)
    assert control.min() >= 0


def test_gains_of_random_deviations_in_the_sigma_dcda_are_never_positive():
    """Any hyperplane at all, from tiny to absurd: on the menu or in autarky, never a gain."""
    rng = np.random.default_rng(4)
    economy = two_groups(6)
    tested = market(SigmaDCDA(sigma_n(economy)), economy)
    types = rng.normal(size=(20_000, 6))
    honest = tested.strategy.bids(types).of_trader(0)
    for size in (1e-6, 1e-2, 1.0, 1e3):
        bid = honest + size * rng.normal(size=honest.shape)
        assert tested.gains(types, bid).max() < 1e-12
    control = market(UniformConditional(), economy)
    bid = honest + 1e-2 * rng.normal(size=honest.shape)
    assert control.gains(types, bid).max() > 1e-4


def test_refusals():
    economy, types = two_groups(4), np.zeros((1, 4))
    with pytest.raises(InvalidInputError, match="needs a distribution"):
        exact_gain(SigmaDCDA(), economy, types, information="own")
    with pytest.raises(InvalidInputError, match="information must be one of"):
        exact_gain(SigmaDCDA(), economy, types, information="psychic")
    with pytest.raises(RefusedError, match=r"private values only"):
        Revelation(UniformDoubleAuction(), economy).bids(types)
    with pytest.raises(RefusedError, match="dq_i/ds_i"):
        SigmaVCG(tight(4, own_effect=0.5, cross_effect=1.0), 0.1)
    with pytest.raises(RefusedError, match="dq_i/ds_i"):
        NaiveWalrasian(tight(4, own_effect=0.5, cross_effect=1.0))
    with pytest.raises(RefusedError, match="INJ"):
        Revelation(SigmaDCDA(), tight(4, 1.0, 1.0)).bids(types)
    with pytest.raises(RefusedError, match="unbounded"):
        exact_gain(UniformConditional(), tight(4, 0.5, 1.0, slope=0.1), types)
    with pytest.raises(RefusedError, match="Normal types only"):
        exact_gain(
            UniformDoubleAuction(),
            private_values(4),
            types,
            information="own",
            distribution=UniformBox.common(4),
        )
    with pytest.raises(InvalidInputError, match=r"sigma must be non-negative, got -0\.1"):
        SigmaDCDA(-0.1)
    with pytest.raises(InvalidInputError, match="sigma must be finite, got nan"):
        SigmaVCG(economy, float("nan"))


def estimators_of(tested):
    """Everything that estimates gains or finds bids, as functions of the types."""
    law, others, trader = tested.distribution, tested.strategy, tested.trader
    best = BestResponse(*parts(tested), others=others)
    settings = {"others": others, "distribution": law}
    sizes = np.array([[[1.0], [1.1], [0.9]]])
    return [
        lambda types: exact_gain(*parts(tested), types, **settings),
        lambda types: exact_gain(*parts(tested), types, information="own", **settings),
        lambda types: best.bid(types, trader),
        lambda types: tested.gains(types, best.bid(types, trader) * 1.01),
        lambda types: tested.utilities(types, best.bid(types, trader)[:, None] * sizes),
    ]


@pytest.mark.parametrize("batch", [1, 2, 7, 1000])
def test_every_estimator_equals_a_loop_over_single_markets(batch):
    """Candidates tiled in one order and values in another is the mistake this is about."""
    for tested in MARKETS[::3]:
        types = tested.distribution.sample(np.random.default_rng(batch), batch)
        for estimator in estimators_of(tested):
            whole = estimator(types)
            for place in range(0, batch, max(batch // 10, 1)):
                alone = estimator(types[[place]])[0]
                np.testing.assert_allclose(whole[place], alone, rtol=1e-9, atol=1e-13)


def test_exact_gains_in_smooth_economies_are_refused_with_a_way_out():
    economy = saturating(4)
    with pytest.raises(
        RefusedError, match=r"search numerically.*NumericSearch.*surface_best_response"
    ):
        exact_gain(SigmaDCDA(0.2), economy, np.zeros((1, 4)))

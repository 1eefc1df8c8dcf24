"""The search for the worst profile: closed forms, budgets, seeds; and for the worst deviation."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest
from helpers.direct_markets import GENERAL
from villains.constraints import (
    Auction,
    NotANumber,
    PromisesWhatItDoesNotPay,
    Rebates,
    only_draws,
)

from deviator.economies import (
    NormalTypes,
    UniformBox,
    fundamental_value,
    linear_quadratic,
    normal_information,
    private_values,
    saturating,
    unit_demands,
)
from deviator.errors import InvalidInputError
from deviator.evidence import market, worst_drawn_profile
from deviator.evidence.adversary import (
    Region,
    far_deviations,
    region_of,
    search_profiles,
    worst_gain,
)
from deviator.evidence.adversary.budget import profile_budget
from deviator.evidence.constraints.violations import honest_markets, violations
from deviator.mechanisms import (
    DiscreteVCG,
    EntryFeeDoubleAuction,
    KDoubleAuction,
    Mechanism,
    NaiveWalrasian,
    PayAsBid,
    SigmaDCDA,
    SigmaVCG,
    SpreadVCG,
    UniformConditional,
    UniformDoubleAuction,
)
from deviator.policies import LinearBayes

BOX = Region(-np.ones(6), np.ones(6))


def deficit(tested):
    return lambda types: violations(tested, "budget_surplus", types)


def largest_vcg_deficit(tested, region):
    """The deficit is convex in the types, and so largest at a corner."""
    corners = region.profiles(np.array(list(product((-1.0, 1.0), repeat=region.n_traders))))
    outcome = tested.mechanism.clear(tested.strategy.bids(corners))
    return float((outcome.residual_slope * outcome.quantity**2 / 2).sum(axis=1).max())


@pytest.mark.parametrize("seed", range(3))
def test_it_finds_the_largest_deficit_and_a_search_that_only_draws_does_not(seed: int) -> None:
    tested = market(SigmaVCG(GENERAL), GENERAL)
    region = region_of(tested)
    known = largest_vcg_deficit(tested, region)
    found = search_profiles(deficit(tested), region, budget=2000, seed=seed)
    assert found.value == pytest.approx(known, rel=1e-9)
    drawn = only_draws(deficit(tested), region, budget=20_000, seed=seed)
    assert drawn.value < 0.99 * known
    assert violations(tested, "budget_surplus", found.types[None])[0] == found.value


def test_relative_deficits_are_found_inside_the_box() -> None:
    weights = np.eye(8)
    weights[4:, :4] = 0.35
    economy = linear_quadratic(weights, [4.0] * 4 + [1.0] * 4)
    tested = market(SigmaDCDA(3.0), economy)

    def relative(types):
        markets = honest_markets(tested, types)
        return markets.share(markets.violation("budget_surplus"))

    found = search_profiles(relative, region_of(tested), budget=20_000, seed=0)
    # The largest eigenvalue of the deficit beside the gains from trade.
    assert found.value == pytest.approx(0.0162184078929585, rel=1e-6)


@pytest.mark.parametrize("budget", [1, 7, 100, 3000])
def test_no_more_is_evaluated_than_the_budget_allows(budget: int) -> None:
    asked = []

    def objective(types):
        asked.append(len(types))
        return -np.abs(types - 0.3).max(axis=1) - np.abs(types.sum(axis=1))

    found = search_profiles(objective, BOX, budget=budget, seed=0)
    assert sum(asked) == found.evaluations <= budget


def test_the_same_seed_finds_the_same_and_no_global_state_is_touched() -> None:
    def ridge(types):
        return -np.abs(types - 0.3).max(axis=1) - np.abs(types[:, 0] * 7 - types.sum(axis=1))

    np.random.seed(5)  # noqa: NPY002 - the global state must survive
    before = np.random.get_state()  # noqa: NPY002
    first = search_profiles(ridge, BOX, budget=3000, seed=4)
    again = search_profiles(ridge, BOX, budget=3000, seed=4)
    other = search_profiles(ridge, BOX, budget=3000, seed=5)
    after = np.random.get_state()  # noqa: NPY002
    assert (first.types == again.types).all()
    assert (first.types != other.types).any()
    assert (before[1] == after[1]).all()
    assert before[2:] == after[2:]


def test_evolution_crosses_ridges_that_stop_a_climber() -> None:
    turn = np.linalg.qr(np.random.default_rng(1).standard_normal((6, 6)))[0]

    def ridge(types):
        far = np.abs((types - 0.2) @ turn)
        return -far @ np.geomspace(1, 1e4, 6)

    climbed = search_profiles(ridge, BOX, budget=6000, seed=0, jumps=False)
    evolved = search_profiles(ridge, BOX, budget=6000, seed=0)
    assert evolved.value > climbed.value


def test_where_nothing_shows_the_way_the_whole_budget_is_spread() -> None:
    found = search_profiles(lambda types: np.zeros(len(types)), BOX, budget=500, seed=0)
    assert (found.value, found.evaluations) == (0.0, 500)


def test_unknown_values_are_passed_by() -> None:
    def half_known(types):
        return np.where(types[:, 0] > 0.25, np.nan, types.sum(axis=1))

    found = search_profiles(half_known, BOX, budget=3000, seed=0)
    assert found.value == pytest.approx(5.25, abs=1e-3)
    nothing = search_profiles(lambda types: np.full(len(types), np.nan), BOX, budget=50, seed=0)
    assert nothing.value == -np.inf


def test_given_starts_are_tried() -> None:
    spot = np.array([[0.123, 0.4, -0.7, 0.2, 0.9, -0.3]])

    def hit(types):
        return (np.abs(types - spot) < 1e-6).all(axis=1) * 1.0

    assert search_profiles(hit, BOX, budget=40, seed=0, starts=spot).value == 1.0
    assert search_profiles(hit, BOX, budget=40, seed=0).value == 0.0


def test_a_region_is_the_laws_spread_inside_the_sets_of_types() -> None:
    bounded = linear_quadratic(np.eye(3), 1.0, type_low=[-1, -9, -9], type_high=[2, 9, 9])
    law = NormalTypes.independent(3, mean=0.5, deviation=2.0)
    region = region_of(market(SigmaVCG(bounded), bounded, distribution=law), spread=3.0)
    np.testing.assert_allclose(region.low, [-1, -5.5, -5.5])
    np.testing.assert_allclose(region.high, [2, 6.5, 6.5])
    box = UniformBox([0.0, 0.0, 0.2, 0.2], [0.5, 0.5, 1.0, 1.0])
    narrow = region_of(market(KDoubleAuction(), unit_demands(2, 2), distribution=box))
    np.testing.assert_allclose(narrow.high, [0.5, 0.5, 1.0, 1.0])


def test_bad_input_is_one_sentence() -> None:
    bounded = linear_quadratic(np.eye(3), 1.0, type_low=-1, type_high=1)
    outside = market(SigmaVCG(bounded), bounded, distribution=NormalTypes.independent(3, 10.0, 0.1))
    tested = market(UniformDoubleAuction(), private_values(3))
    for wrong, message in (
        (lambda: region_of(outside), "must reach into the sets of types, that of trader 0"),
        (lambda: region_of(tested, spread=0), "spread must be positive"),
        (lambda: Region([0.0, 1.0], [1.0, 1.0]), "low must be below high"),
        (lambda: search_profiles(len, BOX, budget=0, seed=0), "budget must be"),
        (lambda: search_profiles(lambda s: s, BOX, budget=9, seed=0), "must return 2 numbers"),
        (lambda: worst_gain(tested, []), "at least one trader, got none"),
        (lambda: worst_gain(tested, [3]), "trader must be"),
        (lambda: worst_gain(tested, [0], effort=0), "effort must be positive"),
        (lambda: worst_gain(market(NotANumber(), private_values(3)), [0]), "finite transfer"),
    ):
        with pytest.raises(InvalidInputError, match=message):
            wrong()


def test_it_beats_a_million_drawn_profiles_where_gains_are_exact() -> None:
    economy = fundamental_value(6)
    found = worst_gain(market(UniformConditional(), economy), range(6))
    drawn = worst_drawn_profile(UniformConditional(), economy, 1_000_000, np.random.default_rng(0))
    assert found.kind == "exact"
    assert found.evaluations <= 100_000
    assert found.gain > drawn.gain


def test_the_gain_in_footnote_28_is_found_in_money_and_for_its_stake() -> None:
    economy = private_values(5, slope=2.0)
    found = worst_gain(market(NaiveWalrasian(economy), economy), range(5))
    assert found.gain == pytest.approx(64 * 4 / (4 * 25 * 6), rel=1e-9)
    assert found.share == pytest.approx(1 / 24, rel=1e-6)
    assert found.bid is not None


def test_a_share_is_of_what_is_traded_where_honesty_leaves_nothing() -> None:
    # Pay-as-bid takes an honest trader's whole utility.
    found = worst_gain(market(PayAsBid(0.5), private_values(4)), [0])
    assert 0.1 < found.share < 10


def test_whom_it_pays_is_told_and_only_those_asked_for_are_tried() -> None:
    law = NormalTypes([0.0, 3e4, -3e4], np.eye(3))
    tested = market(UniformDoubleAuction(), private_values(3), distribution=law)
    everybody, small = worst_gain(tested, range(3)), worst_gain(tested, [0])
    assert everybody.trader in (1, 2)
    assert everybody.gain > 1e6
    assert small.trader == 0
    # With the others' types fixed far apart the first trader still has a tenth to gain.
    assert small.share > 0.01


def test_truthful_rules_gain_nothing() -> None:
    unbounded = fundamental_value(5)
    for tested in (
        market(SigmaDCDA(0.3), unbounded),
        market(SigmaVCG(GENERAL, 0.1), GENERAL),
        market(EntryFeeDoubleAuction(0.05), unit_demands(2, 2)),
        market(SigmaDCDA(0.3), unbounded, distribution=NormalTypes.independent(5, 1e6)),
    ):
        found = worst_gain(tested, range(tested.economy.n_traders))
        assert (found.gain, found.share, found.bid) == (0.0, 0.0, None)


def test_smooth_markets_are_searched_on_residual_curves() -> None:
    economy = saturating(3)
    pays = worst_gain(market(UniformConditional(), economy), [0], effort=0.3)
    assert pays.gain > 0.01
    assert pays.kind == "searched"
    assert worst_gain(market(SigmaDCDA(0.3), economy), [0], effort=0.3).gain == 0


def test_rules_without_menus_are_searched() -> None:
    found = worst_gain(market(Auction(), private_values(4, slope=2.0)), range(4))
    exact = worst_gain(market(UniformDoubleAuction(), private_values(4, slope=2.0)), range(4))
    assert found.kind == "searched"
    assert 0.5 * exact.gain < found.gain <= exact.gain * (1 + 1e-9)
    spread = SpreadVCG(private_values(4), 0.1)
    assert worst_gain(market(spread, private_values(4)), [0], effort=0.5).gain == 0


@pytest.mark.parametrize(("much", "paid"), [(50.0, 1e6), (5e4, 1e12)])
def test_fortunes_for_quantities_that_nobody_asks_for_are_found(much: float, paid: float) -> None:
    tested = market(Rebates(much, paid), private_values(4, slope=2.0))
    far = far_deviations(tested, np.array([[1.0, 0.0, 0.0, -1.0]]))
    assert far.gain[0] > 0.5 * paid
    found = worst_gain(tested, range(4))
    assert found.gain > 0.5 * paid
    assert found.bid is not None
    honest = tested.strategy.bids(found.types[None])
    bids = honest.with_candidates(found.trader, found.bid[None, None])
    assert abs(tested.mechanism.clear(bids).quantity[0, found.trader]) > much


def test_far_bids_pay_nobody_in_a_truthful_rule() -> None:
    tested = market(SigmaDCDA(0.3), GENERAL)
    types = tested.distribution.sample(np.random.default_rng(0), 20)
    far = far_deviations(tested, types)
    assert not far.gain.any()
    np.testing.assert_array_equal(far.bid, tested.strategy.bids(types).of_trader(0))


def test_what_does_not_hold_up_when_cleared_alone_is_no_gain() -> None:
    promises = worst_gain(market(PromisesWhatItDoesNotPay(), private_values(4, slope=2.0)), [0, 1])
    exact = worst_gain(market(UniformDoubleAuction(), private_values(4, slope=2.0)), [0, 1])
    assert promises.gain <= exact.gain * (1 + 1e-9)


def test_traders_whom_an_equilibrium_serves_differently_are_told_apart() -> None:
    values = np.eye(6)
    values[1:4, 1:4] = values[4:, 4:] = 0.4
    np.fill_diagonal(values, 1.0)
    beliefs = normal_information(0.0, 0.0, values, values + 0.5 * np.eye(6), values)
    tested = market(
        UniformDoubleAuction(),
        beliefs.economy(1.0),
        distribution=beliefs.types(),
        strategy=LinearBayes(beliefs, 1.0),
    )
    # Trader 0 has private values, for whom the equilibrium is one ex post too.
    assert worst_gain(tested, [0]).gain == pytest.approx(0, abs=1e-9)
    assert worst_gain(tested, [1]).gain > 0.01
    assert worst_gain(tested, range(6)).trader != 0


def test_a_law_without_spread_hides_no_profile() -> None:
    spread = np.zeros((5, 5))
    spread[1:, 1:], spread[0, 1:], spread[0, 0] = np.eye(4), 0.25, 1e-6
    law = NormalTypes(np.zeros(5), spread @ spread.T)
    tested = market(UniformDoubleAuction(), private_values(5), distribution=law)
    # On average over the law trader 0, who is the others' mean, gains some 1e-14.
    assert worst_gain(tested, [0]).gain > 0.1


def test_single_units_gain_by_their_menus() -> None:
    box = UniformBox([0.0, 0.0, 0.49, 0.49], [0.5, 0.5, 1.0, 1.0])
    tested = market(KDoubleAuction(), unit_demands(2, 2), distribution=box)
    # The most that a buyer of .5 can gain from sellers of .49 is k of the difference.
    assert worst_gain(tested, range(4)).gain == pytest.approx(0.005, rel=1e-3)


def test_rounding_is_no_gain() -> None:
    economy = private_values(3, slope=2.0)
    rule = DiscreteVCG(economy, 0.25, sigma=0.3, half_spread=0.05)
    tested = market(rule, economy, distribution=NormalTypes.independent(3, mean=1e8))
    assert worst_gain(tested, [0, 1], effort=0.25).gain == 0


def test_a_wrapped_rule_is_searched_as_much_as_what_it_wraps() -> None:
    @dataclass(frozen=True)
    class Wrapped(Auction):
        mechanism: Mechanism

    economy = private_values(4)
    spread = SpreadVCG(economy, 0.1)
    budgets = [profile_budget(market(rule, economy)) for rule in (spread, Wrapped(spread))]
    assert budgets[0] == budgets[1] < profile_budget(market(Auction(), economy))

"""Exact regret of all traders at once, the worst of many profiles, and the path that steps use."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.outcomes import FIELDS, assert_outcomes_agree
from scipy.optimize import minimize_scalar

from deviator.economies import (
    NormalTypes,
    UniformBox,
    fundamental_value,
    linear_quadratic,
    private_values,
    saturating,
    two_groups,
)
from deviator.envs import deviation_core
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import market, type_grid_regret, worst_drawn_profile, worst_profile
from deviator.evidence.worst_profile import PIECE
from deviator.mechanisms import (
    LinearBids,
    LineMenu,
    Mechanism,
    Mutated,
    NaiveWalrasian,
    PayAsBid,
    SigmaDCDA,
    SigmaVCG,
    UniformConditional,
    UniformDoubleAuction,
)
from deviator.policies import Revelation, exact_gain
from deviator.policies.best_point import all_menus, best_point

MIXED = linear_quadratic(
    np.array(
        [[1.0, 0.1, 0.2, 0.0], [0.3, 1.2, 0.0, 0.1], [0.0, 0.2, 0.9, 0.1], [0.1, 0.1, 0.1, 1.1]]
    ),
    [1.0, 2.0, 0.7, 1.5],
    [0.3, 0.0, -0.2, 0.1],
)
PRIVATE = private_values(4, alpha=1.0, slope=2.0)


def cases():
    """Mechanisms whose menus come from one clearing, each with an economy."""
    return [
        (NaiveWalrasian(MIXED), MIXED),
        (SigmaVCG(MIXED, 0.3), MIXED),
        (SigmaDCDA(0.3), MIXED),
        (UniformConditional(), MIXED),
        (UniformDoubleAuction(), PRIVATE),
        (Mutated(SigmaDCDA(0.3), "residual-slope", 0.5), MIXED),
    ]


def profiles(economy, batch=40):
    return np.random.default_rng(5).normal(size=(batch, economy.n_traders))


def one_by_one(mechanism, economy, types):
    """Every trader's gain from a menu asked for that trader alone."""
    policy = Revelation(mechanism, economy)
    traders = range(economy.n_traders)
    return np.stack([best_point(mechanism, economy, policy, types, i).gain for i in traders], 1)


@pytest.mark.parametrize(("mechanism", "economy"), cases(), ids=lambda case: case.name)
def test_one_clearing_gives_what_menus_asked_one_by_one_give(mechanism, economy):
    types = profiles(economy)
    assert all_menus(mechanism, Revelation(mechanism, economy).bids(types)) is not None
    alone = one_by_one(mechanism, economy, types)
    np.testing.assert_allclose(exact_gain(mechanism, economy, types), alone, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize(("mechanism", "economy"), cases()[:5], ids=lambda case: case.name)
def test_gains_equal_a_search_over_levels_cleared_by_the_mechanism(mechanism, economy):
    """The oracle submits bids and asks the mechanism; it knows no menu."""
    types = profiles(economy, 2)
    gains = exact_gain(mechanism, economy, types)
    for place in np.ndindex(gains.shape):
        assert abs(gains[place] - searched(mechanism, economy, types, *place)) < 1e-9


def searched(mechanism, economy, types, profile, trader):
    bids = Revelation(mechanism, economy).bids(types[[profile]])
    own = bids.of_trader(trader)

    def loss(shift):
        bid = own.copy()
        bid[:, mechanism.language.level] += shift
        outcome = mechanism.clear_deviations(bids, trader, bid[:, None])
        worth = economy.utility_of(trader, outcome.quantity, types[[profile]])
        return float((outcome.transfer - worth)[0, 0])

    return loss(0.0) - minimize_scalar(loss, tol=1e-12).fun


def test_the_naive_walrasian_auction_gains_what_footnote_28_says():
    """Footnote 28: d^2 (N - 1) / (4 N^2 (N + 1)), a relative gain of 1 / (N^2 - 1) (Section 7)."""
    n = 10
    economy = private_values(n, alpha=1.0, slope=2.0)
    mechanism = NaiveWalrasian(economy)
    types = np.random.default_rng(0).normal(size=(5000, n))
    distance = types - (types.sum(axis=1, keepdims=True) - types) / (n - 1)
    gains = exact_gain(mechanism, economy, types)
    np.testing.assert_allclose(gains, distance**2 * (n - 1) / (4 * n**2 * (n + 1)), rtol=1e-9)
    outcome = mechanism.clear(Revelation(mechanism, economy).bids(types))
    honest = economy.utility(outcome.quantity, types) - outcome.transfer
    np.testing.assert_allclose(gains, honest / (n**2 - 1), rtol=1e-9, atol=1e-15)
    worst = worst_profile(mechanism, economy, types)
    assert (worst.profile, worst.trader) == np.unravel_index(gains.argmax(), gains.shape)


def test_the_worst_profile_is_the_largest_of_all_gains():
    mechanism, economy = NaiveWalrasian(MIXED), MIXED
    types = profiles(economy, 3 * PIECE + 5)
    gains = exact_gain(mechanism, economy, types)
    worst = worst_profile(mechanism, economy, types)
    assert worst.gain == pytest.approx(gains.max(), rel=1e-12)
    assert (worst.profile, worst.trader) == np.unravel_index(gains.argmax(), gains.shape)
    np.testing.assert_array_equal(worst.types, types[worst.profile])
    np.testing.assert_allclose(worst.largest, gains.max(axis=0), rtol=1e-12)
    np.testing.assert_allclose(worst.mean, gains.mean(axis=0), rtol=1e-10)
    assert worst.profiles == len(types)


def test_drawn_profiles_are_those_of_the_seed():
    economy, batch = fundamental_value(5), 2 * PIECE + 3
    mechanism, law = UniformConditional(), NormalTypes.independent(5, mean=0.4)
    rng = np.random.default_rng(2)
    pieces = [law.sample(rng, size) for size in (PIECE, PIECE, 3)]
    given = worst_profile(mechanism, economy, np.concatenate(pieces))
    drawn = worst_drawn_profile(
        mechanism, economy, batch, np.random.default_rng(2), distribution=law
    )
    assert (drawn.gain, drawn.profile, drawn.trader) == (given.gain, given.profile, given.trader)
    np.testing.assert_array_equal(drawn.types, given.types)


def test_no_more_than_a_piece_of_the_profiles_is_drawn_at_once():
    sizes = []

    class Watched(type(UniformBox.common(4))):
        def sample(self, rng, batch):
            sizes.append(batch)
            return super().sample(rng, batch)

    law = Watched(-np.ones(4), np.ones(4))
    rng = np.random.default_rng(0)
    worst = worst_drawn_profile(NaiveWalrasian(PRIVATE), PRIVATE, 5000, rng, distribution=law)
    assert sum(sizes) == worst.profiles == 5000
    assert max(sizes) == PIECE


def test_menus_that_one_clearing_does_not_give_are_asked_for_one_by_one():
    pay_as_bid = PayAsBid(0.5)
    within = replace(PRIVATE, type_low=np.full(4, -1.0), type_high=np.full(4, 1.0))
    bounded = NaiveWalrasian(within)
    types = np.random.default_rng(1).uniform(-1, 1, (30, 4))
    for mechanism, economy in ((pay_as_bid, PRIVATE), (bounded, within)):
        assert all_menus(mechanism, Revelation(mechanism, economy).bids(types)) is None
        worst = worst_profile(mechanism, economy, types)
        assert worst.gain == one_by_one(mechanism, economy, types).max() > 0


def test_a_menu_of_its_own_is_not_overlooked():
    """A rule whose own menu says other than its clearing must be asked for it."""

    class Generous(type(UniformDoubleAuction())):
        def menu(self, bids, trader):
            menu = super().menu(bids, trader)
            return LineMenu(
                menu.intercept, menu.slope, menu.linear, 0.5 * menu.quadratic, menu.regular
            )

    types = profiles(PRIVATE)
    assert all_menus(Generous(), Revelation(Generous(), PRIVATE).bids(types)) is None
    alone = one_by_one(Generous(), PRIVATE, types)
    np.testing.assert_array_equal(exact_gain(Generous(), PRIVATE, types), alone)
    assert not np.allclose(alone, exact_gain(UniformDoubleAuction(), PRIVATE, types))


class NoLines(UniformDoubleAuction):
    """Clears in its own way, and says nothing of residual curves."""

    def clear(self, bids):
        outcome = super().clear(bids)
        return replace(outcome, residual_slope=np.full(outcome.quantity.shape, np.nan))


class WrongLines(UniformDoubleAuction):
    """States residual curves that are not those of its menus."""

    def clear(self, bids):
        outcome = super().clear(bids)
        return replace(outcome, residual_slope=2 * outcome.residual_slope)


@pytest.mark.parametrize("rule", [NoLines, WrongLines])
def test_what_a_clearing_of_its_own_says_of_curves_is_not_believed(rule):
    types = np.random.default_rng(3).normal(size=(5, 4))
    expected = exact_gain(UniformDoubleAuction(), PRIVATE, types)
    assert expected.max() > 1e-4
    np.testing.assert_allclose(exact_gain(rule(), PRIVATE, types), expected, rtol=1e-12)


def test_a_single_profile_with_a_planted_gain_is_detected():
    """Honest bids that are wrong at one profile out of thousands."""

    class Slips(type(Revelation(SigmaDCDA(0.2), MIXED))):
        def bids(self, view, rng=None):
            types = np.array(view, dtype=float)
            types[(types == PLANTED).all(axis=1), 2] += 0.5
            return super().bids(types, rng)

    mechanism = SigmaDCDA(0.2)
    types = profiles(MIXED, 2 * PIECE + 9)
    types[PIECE + 7] = PLANTED
    worst = worst_profile(mechanism, MIXED, types, others=Slips(mechanism, MIXED))
    assert (worst.profile, worst.trader) == (PIECE + 7, 2)
    np.testing.assert_array_equal(worst.types, PLANTED)
    assert worst.gain > 1e-3
    honest = worst_profile(mechanism, MIXED, types)
    assert honest.gain < 1e-25


PLANTED = np.array([0.25, -0.5, 1.5, 0.125])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: worst_profile(SigmaDCDA(), MIXED, np.zeros((0, 4))),
            InvalidInputError,
            "at least one profile",
        ),
        (
            lambda: worst_profile(SigmaDCDA(), MIXED, np.zeros((2, 3))),
            InvalidInputError,
            "types must have shape",
        ),
        (
            lambda: worst_profile(SigmaDCDA(), MIXED, np.full((2, 4), np.nan)),
            InvalidInputError,
            "types must be finite",
        ),
        (
            lambda: worst_drawn_profile(SigmaDCDA(), MIXED, 0, np.random.default_rng(0)),
            InvalidInputError,
            "profiles must be",
        ),
        (
            lambda: worst_drawn_profile(
                SigmaDCDA(),
                MIXED,
                9,
                np.random.default_rng(0),
                distribution=NormalTypes.independent(3),
            ),
            InvalidInputError,
            "distribution must be of 4 types",
        ),
        (
            lambda: worst_profile(
                SigmaDCDA(), MIXED, np.zeros((2, 4)), others=Alike(SigmaDCDA(), MIXED)
            ),
            RefusedError,
            "in profiles 0 to 1, .* autarky in market 0",
        ),
        (
            lambda: worst_profile(NaiveWalrasian(MIXED), saturating(4), np.zeros((2, 4))),
            RefusedError,
            "need a linear-quadratic economy",
        ),
    ],
    ids=["none", "shape", "nan", "count", "law", "autarky", "smooth"],
)
def test_what_cannot_be_measured_is_refused_in_one_sentence(call, error, message):
    with pytest.raises(error, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


class Alike(Revelation.__mro__[1]):
    """Everybody submits the same hyperplane: no market clears."""

    name = "alike"
    n_traders = 4

    def __init__(self, mechanism, economy):
        self.mechanism, self.economy = mechanism, economy

    def bids(self, view, rng=None):
        bids = Revelation(self.mechanism, self.economy).bids(view)
        rows = np.repeat(bids.as_array()[:, :1], 4, axis=1)
        return LinearBids.from_array(rows)


# What environment steps do: many candidates, most markets far from autarky.


@pytest.mark.parametrize("trader", [0, 2])
@pytest.mark.parametrize("shared", [False, True])
def test_rank_one_outcomes_equal_fresh_clearings_near_autarky_and_far_from_it(shared, trader):
    """Candidates that lean ever more on a copy of another trader's bid end in autarky."""
    rng = np.random.default_rng(11)
    mechanism, batch, n = SigmaDCDA(0.3), 30, 4
    honest = Revelation(mechanism, MIXED).bids(rng.normal(size=(batch, n)))
    array = honest.as_array()
    if not shared:
        array[..., :-1] *= 1 + 0.1 * rng.normal(size=array[..., :-1].shape)
    bids = honest if shared else LinearBids.from_array(array)
    own, other = bids.of_trader(trader), bids.of_trader((trader + 1) % n)
    leaning = np.concatenate([[0.0, 0.5], 1 - 10.0 ** -np.arange(1.0, 17.0), [1.0]])
    candidates = own[:, None] + leaning[:, None] * (other - own)[:, None]
    candidates = np.concatenate([candidates, own[:, None] + [[[0.0] * 5 + [2.0]]]], axis=1)
    fast = mechanism.clear_deviations(bids, trader, candidates)
    slow = Mechanism.clear_deviations(mechanism, bids, trader, candidates)
    clear_cut = np.r_[0:12, -2, -1]
    np.testing.assert_array_equal(fast.traded[:, clear_cut], slow.traded[:, clear_cut])
    assert not fast.traded[:, -2].any()
    assert fast.traded[:, [0, -1]].all()
    some = (slice(None), [*range(6), -1])
    assert_outcomes_agree(fast, slow, 1e-7, 1e-9, fields=FIELDS[:3], rows=(some, some))


def test_candidates_that_move_the_level_only_need_no_update_and_mix_with_others():
    rng = np.random.default_rng(4)
    mechanism = SigmaDCDA(0.3)
    bids = Revelation(mechanism, MIXED).bids(rng.normal(size=(25, 4)))
    own = bids.of_trader(1)
    moved = own.copy()
    moved[:, -1] += rng.normal(size=25)
    other = own * (1 + 0.2 * rng.normal(size=own.shape))
    some = own.copy()
    some[::2] = other[::2]
    candidates = np.stack([moved, other, own, own, some, moved], axis=1)
    fast = mechanism.clear_deviations(bids, 1, candidates)
    slow = Mechanism.clear_deviations(mechanism, bids, 1, candidates)
    assert_outcomes_agree(fast, slow, 1e-10, 1e-12, fields=FIELDS[:3])
    none = mechanism.clear_deviations(bids, 1, candidates[:, :0])
    assert none.quantity.shape == (25, 0)


@pytest.mark.parametrize("mechanism", [SigmaDCDA(0.3), UniformConditional(), NaiveWalrasian(MIXED)])
def test_rewards_of_many_markets_are_gains_of_fresh_clearings(mechanism):
    core = deviation_core(market(mechanism, MIXED, trader=2))
    rng = np.random.default_rng(8)
    types, action = core.draw(rng, 50), rng.uniform(-1, 1, (50, core.box.size))
    bids = core.market.strategy.bids(types)
    candidates = np.stack([bids.of_trader(2), core.bid(types, action)], axis=1)
    outcome = Mechanism.clear_deviations(mechanism, bids, 2, candidates)
    units = np.zeros((2, 50, 4))
    units[..., 2] = outcome.quantity.T
    worth = (
        np.stack([MIXED.utility(unit, types)[:, 2] for unit in units], axis=1) - outcome.transfer
    )
    expected = (worth[:, 1] - worth[:, 0]) / core.reward_unit
    np.testing.assert_allclose(core.reward(types, action), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("economy", [MIXED, two_groups(4), saturating(4)], ids=lambda e: e.name)
def test_one_traders_utility_is_a_column_of_everybodys(economy):
    rng = np.random.default_rng(3)
    quantity, types = rng.normal(size=(7, 5)), 0.1 * rng.normal(size=(7, 4))
    for trader in range(4):
        units = rng.normal(size=(5, 7, 4))
        units[..., trader] = quantity.T
        right = np.stack([economy.utility(unit, types)[:, trader] for unit in units], axis=1)
        result = economy.utility_of(trader, quantity, types)
        np.testing.assert_allclose(result, right, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    "asked",
    [
        lambda economy, types: exact_gain("sigma-dcda", economy, types),
        lambda economy, types: exact_gain(SigmaDCDA(0.2), "two-groups", types),
        lambda economy, types: worst_profile("sigma-dcda", economy, types),
        lambda economy, types: worst_drawn_profile(SigmaDCDA(0.2), types, 9, None),
        lambda economy, types: type_grid_regret(SigmaDCDA(0.2), None, [0.0, 1.0]),
    ],
)
def test_names_and_swapped_arguments_are_refused_in_a_sentence(asked):
    with pytest.raises(InvalidInputError, match=r"must be an? (Mechanism|Economy)"):
        asked(two_groups(4), np.zeros((2, 4)))

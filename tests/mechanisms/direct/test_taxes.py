"""VCG with other taxes and with discrete units, against slow plain versions of each."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deviator.economies import (
    affects_others_alike,
    factored,
    fundamental_value,
    heterogeneous,
    linear_quadratic,
    private_values,
    single_crossing_violation,
    two_groups,
)
from deviator.errors import InvalidInputError, NotConvergedError, RefusedError
from deviator.mechanisms import (
    CallableTax,
    DiscreteVCG,
    EntryFeeVCG,
    PowerTax,
    Reports,
    SigmaVCG,
    SpreadVCG,
    SumTax,
    TaxVCG,
)
from deviator.mechanisms.direct.pivotal_pricing import OwnQuantity, own_quantity, signs
from deviator.mechanisms.direct.taxes import Tax
from deviator.numerics.newton import increasing_root
from deviator.plugins import make

GENERAL = linear_quadratic(
    [[1.1, 0.2, 0, 0.1], [0.1, 0.9, 0.1, 0], [0, 0.1, 1, 0.1], [0.2, 0, 0.1, 1.2]],
    [1.0, 1.3, 0.8, 1.1],
    [0.3, -0.2, 0.0, 0.5],
)
BOUNDED = linear_quadratic(
    [[1.1, 0.2, 0.1], [0.1, 0.9, 0.1], [0.0, 0.1, 1.0]],
    [1.0, 1.3, 0.8],
    type_low=[-1.0, -2.0, -1.0],
    type_high=[2.0, 1.0, 1.0],
)
TWO_IN_EACH = two_groups(4, alpha=1.0, beta=1.55, slope=1.0)
RULES = [
    SpreadVCG(GENERAL, 0.3),
    EntryFeeVCG(fundamental_value(4), 0.15),
    TaxVCG(GENERAL, [[0.1, 1], [0.3, 3]]),
    DiscreteVCG(GENERAL, 0.4, sigma=0.1, half_spread=0.05),
]


def normal(batch, n, seed=0):
    return np.random.default_rng(seed).standard_normal((batch, n))


def dense_transfer(rule, types, trader, units=3001):
    """The integral of mu_i(x, s_i(x), s_-i), with pivotal types by bisection of allocations."""
    economy = rule.economy
    quantity = rule.allocate(types[None]).quantity[0, trader]
    x = quantity * (np.arange(units) + 0.5) / units
    low, high = np.full(units, types[trader] - 40), np.full(units, types[trader] + 40)
    if economy.has_bounded_types:
        low, high = (np.full(units, end[trader]) for end in economy.type_set)
    profiles = np.tile(types, (units, 1))
    for _ in range(60):
        profiles[:, trader] = (low + high) / 2
        below = rule.allocate(profiles).quantity[:, trader] < x
        low, high = np.where(below, (low + high) / 2, low), np.where(below, high, (low + high) / 2)
    profiles[:, trader] = high
    price = economy.value(profiles)[:, trader] - economy.slope[trader] * x
    return quantity * price.mean()


@pytest.mark.parametrize(
    "rule",
    [*RULES, SpreadVCG(BOUNDED, 0.2), DiscreteVCG(BOUNDED, 0.25)],
    ids=lambda rule: rule.name,
)
def test_transfers_are_integrals_over_pivotal_types(rule):
    n = rule.economy.n_traders
    types = np.clip(normal(3, n, seed=1), *rule.economy.type_set)
    transfer = rule.clear(Reports(types)).transfer
    for market, trader in product(range(3), range(n)):
        dense = dense_transfer(rule, types[market], trader)
        assert dense == pytest.approx(transfer[market, trader], abs=2e-3)


def test_units_that_every_type_gets_cost_the_lowest_type_s_marginal_utility():
    economy = private_values(3, slope=1.0)
    bounded = linear_quadratic(economy.weights, 1.0, type_low=[1.0, -9, -9], type_high=[2.0, 9, 9])
    types = np.array([[1.5, -1.0, -1.0]])
    # q(s) = s - (s - 2) / 3, and the rent is counted from the lowest type, 1.
    quantity = (2 * 1.5 + 2) / 3
    rent = (1.5**2 - 1) / 3 + (1.5 - 1) * 2 / 3
    utility = 1.5 * quantity - quantity**2 / 2
    paid = SpreadVCG(bounded).clear(Reports(types)).transfer[0, 0]
    assert paid == pytest.approx(utility - rent, abs=1e-12)
    assert paid > SigmaVCG(economy).clear(Reports(types)).transfer[0, 0]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_batch_equals_the_loop_and_deviations_equal_clearing(rule):
    n = rule.economy.n_traders
    types = normal(8, n, seed=2)
    whole = rule.clear(Reports(types))
    for market in range(8):
        alone = rule.clear(Reports(types[[market]]))
        np.testing.assert_allclose(alone.quantity[0], whole.quantity[market], atol=1e-12)
        np.testing.assert_allclose(alone.transfer[0], whole.transfer[market], atol=1e-12)
    found = rule.clear_deviations(Reports(types), 1, types[:, [1], None] + [[[0.0], [0.7]]])
    np.testing.assert_allclose(found.transfer[:, 0], whole.transfer[:, 1], atol=1e-12)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_no_markets_and_no_candidates_have_no_outcomes(rule):
    n = rule.economy.n_traders
    nothing = Reports(np.zeros((0, n)))
    assert rule.clear(nothing).transfer.shape == (0, n)
    assert rule.clear_deviations(nothing, 0, np.zeros((0, 3, 1))).transfer.shape == (0, 3)
    some = Reports(np.zeros((2, n)))
    assert rule.clear_deviations(some, 0, np.zeros((2, 0, 1))).transfer.shape == (2, 0)


@given(st.integers(0, 10_000), st.floats(0, 2), st.integers(3, 7))
@settings(max_examples=40, deadline=None)
def test_a_spread_clears_at_bid_and_ask_or_nobody_trades(seed, half_spread, n):
    rng = np.random.default_rng(seed)
    own = rng.uniform(0.5, 1.5, n)
    weights = own * rng.uniform(0, 0.9, (n, n))
    np.fill_diagonal(weights, own)
    economy = linear_quadratic(weights, rng.uniform(0.5, 2, n), rng.normal(size=n))
    types = rng.standard_normal((20, n))
    price, quantity = SpreadVCG(economy, half_spread).allocate(types)
    marginal = economy.marginal_utility(quantity, types) - price[:, None]
    side = np.sign(quantity)
    assert np.abs(quantity.sum(axis=1)).max() < 1e-12
    assert np.abs(marginal - side * half_spread)[side != 0].max(initial=0) < 1e-12
    assert np.abs(marginal)[side == 0].max(initial=0) <= half_spread + 1e-12
    idle = np.ptp(economy.value(types), axis=1) <= 2 * half_spread
    np.testing.assert_array_equal(idle, (quantity == 0).all(axis=1))


def best_set(economy, fee, types):
    """Quantities of the largest total less fees, one market, every set of traders tried."""
    value, best, n = economy.value(types[None])[0], (0.0, np.zeros(len(types))), len(types)
    for size in range(2, n + 1):
        for chosen in map(list, combinations(range(n), size)):
            y = 1 / economy.slope[chosen]
            price = value[chosen] @ y / y.sum()
            quantity = np.zeros(n)
            quantity[chosen] = y * (value[chosen] - price)
            total = value @ quantity - economy.slope @ quantity**2 / 2 - fee * size
            best = max(best, (total, quantity), key=lambda pair: pair[0])
    return best[1]


@pytest.mark.parametrize(
    "economy",
    [private_values(6), heterogeneous(6), linear_quadratic(np.eye(5), [0.5, 0.8, 1.0, 1.5, 2.0])],
)
@pytest.mark.parametrize("fee", [0.0, 0.05, 0.3])
def test_an_entry_fee_leaves_the_best_of_all_sets_of_traders(economy, fee):
    types = normal(60, economy.n_traders, seed=3)
    rule = EntryFeeVCG(economy, fee)
    found = rule.allocate(types).quantity
    brute = np.array([best_set(economy, fee, profile) for profile in types])
    np.testing.assert_allclose(found, brute, atol=1e-12)
    clearing = rule.price_clearing(types)
    np.testing.assert_allclose(
        clearing.quantity[clearing.exists], brute[clearing.exists], atol=1e-12
    )
    assert np.isnan(clearing.price[~clearing.exists]).all()
    assert clearing.exists.all() == (fee == 0)


def test_where_the_fee_market_falls_in_the_own_type_it_is_refused_with_the_witness():
    """mathematics: N = 4, alpha = 1, weight .775 within groups, phi = .3: q_1 falls at s_1 = .75."""
    rng = np.random.default_rng(5)
    rule, types = EntryFeeVCG(TWO_IN_EACH, 0.3), 2 * rng.standard_normal((200, 4))
    with pytest.raises(
        RefusedError, match=r"trader \d's falls from .* as his type rises"
    ) as caught:
        rule.clear(Reports(types))
    text = str(caught.value)
    trader = int(text.split("trader ")[1].split("'")[0])
    pair = np.tile([float(s) for s in text.split("[")[1].split("]")[0].split(",")], (2, 1))
    pair[1, trader] = float(text.split("rises to ")[1].split(" ")[0])
    stated = [float(text.split(word)[1].split(" ")[0]) for word in ("falls from ", " to ")]
    assert pair[1, trader] > pair[0, trader]
    assert stated[1] < stated[0]
    np.testing.assert_allclose(rule.allocate(pair).quantity[:, trader], stated, atol=1e-4)
    assert "truthful" not in rule.claims


def test_single_crossing_decides_whether_spreads_leave_quantities_monotone():
    crossing = linear_quadratic([[1, 0, 0], [1.3, 2, 0], [0, 0, 2]], 1.0)
    assert single_crossing_violation(crossing) == (0, 1)
    # Only traders 0 and 1 trade: the price rises by more than the own value.
    types = crossing.types_behind(np.array([[2.0, -2.0, 0.0]]))
    with pytest.raises(RefusedError, match="weaken the interdependence"):
        SpreadVCG(crossing, 1.5).clear(Reports(types))
    assert "truthful" not in SpreadVCG(crossing, 1.5).claims
    assert "truthful" in SpreadVCG(GENERAL, 1.5).claims
    alike = factored([1.0] * 3, [[0.1]] * 3, [[1.0, 0.5, 0.2]], 1.0)
    assert single_crossing_violation(alike) is None
    assert affects_others_alike(alike)
    assert not affects_others_alike(GENERAL)


def test_a_spread_is_refused_where_the_quantity_falls_on_its_last_piece_only():
    """Trader 0's quantity rises to .75 at s_0 = .755 and has fallen to .7 at his type, 1."""
    crossing = linear_quadratic(np.eye(5) + 1.4 * np.outer(np.eye(5)[4], np.eye(5)[0]), 1.0)
    with pytest.raises(RefusedError, match=r"trader 0's falls from .* in market 0"):
        SpreadVCG(crossing, 0.3).clear(Reports([[1.0, 0.0, 0.0, 0.0, -2.4]]))


@pytest.mark.parametrize(
    ("tax", "same"),
    [
        ([[0.4, 2]], SigmaVCG(GENERAL, 0.4)),
        (PowerTax(0.3, 1), SpreadVCG(GENERAL, 0.3)),
        ([], SigmaVCG(GENERAL)),
        (
            CallableTax(lambda x: 0.2 * x**2, lambda x: 0.4 * x, lambda x: 0.4 + 0 * x),
            SigmaVCG(GENERAL, 0.4),
        ),
    ],
)
def test_special_taxes_are_the_mechanisms_of_their_own(tax, same):
    types = Reports(normal(30, 4, seed=4))
    found, wanted = TaxVCG(GENERAL, tax).clear(types), same.clear(types)
    for field in ("price", "quantity", "transfer"):
        np.testing.assert_allclose(getattr(found, field), getattr(wanted, field), atol=1e-11)


def test_taxes_add_up_and_are_written_in_other_units():
    tax = PowerTax(0.1, 1) + PowerTax(0.3, 2.5)
    assert isinstance(tax, SumTax)
    x = np.linspace(0, 3, 7)
    cosh = CallableTax(lambda x: np.cosh(x) - 1, np.sinh, np.cosh, largest=5.0)
    for one in (tax, cosh, PowerTax(0.2, 3)):
        other = one.rescaled(7.0, 0.3)
        np.testing.assert_allclose(other.amount(0.3 * x), 2.1 * one.amount(x), rtol=1e-12)
        np.testing.assert_allclose(other.marginal(0.3 * x), 7 * one.marginal(x), rtol=1e-12)
        np.testing.assert_allclose(other.bend(0.3 * x), 7 / 0.3 * one.bend(x), rtol=1e-12)


@pytest.mark.parametrize(
    ("bad", "rule"),
    [
        (lambda: PowerTax(0.1, 0.5), "convex, so its exponent at least 1, got 0.5"),
        (lambda: PowerTax(0.1, 1.5), "twice differentiable at 0.*got 1.5"),
        (lambda: PowerTax(-0.1, 2), "coefficient must be non-negative, got -0.1"),
        (lambda: CallableTax(lambda x: -x, lambda x: 0 * x - 1, lambda x: 0 * x), "increasing"),
        (
            lambda: CallableTax(
                np.sqrt, lambda x: 0.5 / np.sqrt(x + 1), lambda x: -((x + 1) ** -1.5)
            ),
            "convex",
        ),
        (lambda: CallableTax(lambda x: x**2 + 1, lambda x: 2 * x, lambda x: 2 + 0 * x), "0 where"),
        (lambda: CallableTax(lambda x: x**2, lambda x: x, lambda x: 1 + 0 * x), "its derivative"),
        (lambda: CallableTax(lambda x: x**2, lambda x: 2 * x, lambda x: 0 * x), "second deriv"),
        (lambda: TaxVCG(GENERAL, "free"), "tax must be a Tax or pairs"),
        (lambda: TaxVCG(GENERAL, [[1, 2, 3]]), "tax must be a Tax or pairs"),
        (lambda: SpreadVCG(GENERAL, -0.1), "half_spread must be non-negative, got -0.1"),
        (lambda: EntryFeeVCG(GENERAL, np.inf), "fee must be finite"),
        (lambda: DiscreteVCG(GENERAL, 0.0), "unit_size must be positive, got 0"),
        (lambda: DiscreteVCG(GENERAL, 1.5), r"unit_size \(Delta of Appendix G\) must be at most 1"),
        (lambda: SpreadVCG("economy"), "economy must be a linear-quadratic economy, got str"),
        (lambda: SpreadVCG(BOUNDED).clear(Reports([[5.0, 0, 0]])), "must be in its set of types"),
        (lambda: SpreadVCG(GENERAL).clear(Reports([[5.0, 0, 0]])), "designer's 4 traders, got 3"),
    ],
)
def test_bad_input_is_one_clear_sentence(bad, rule):
    with pytest.raises(InvalidInputError, match=rule) as caught:
        bad()
    assert "\n" not in str(caught.value)


def test_what_cannot_be_promised_is_refused():
    with pytest.raises(RefusedError, match="assumption A3"):
        SpreadVCG(linear_quadratic(np.diag([1.0, 0.0, 1.0]), 1.0))
    with pytest.raises(RefusedError, match="at most 65536, got"):
        EntryFeeVCG(linear_quadratic(np.eye(20), np.arange(1.0, 21.0)), 0.1)


def brute_force_units(rule, types, most=7):
    """Counts of the largest taxed utility, one market of three traders."""
    unit, value, slope = rule.unit_size, rule.economy.value(types[None])[0], rule.economy.slope
    best = (-np.inf, None)
    for first, second in product(range(-most, most + 1), repeat=2):
        q = unit * np.array([first, second, -first - second])
        tax = rule.sigma * abs(q) * (abs(q) + unit) / 2 + rule.half_spread * abs(q)
        total = (value * q - slope * q**2 / 2 - tax).sum()
        best = max(best, (total, tuple(q)), key=lambda pair: pair[0])
    return np.array(best[1])


@pytest.mark.parametrize(("unit", "sigma", "spread"), [(1.0, 0, 0), (0.5, 0.3, 0), (0.7, 0.1, 0.4)])
def test_exchange_of_units_equals_brute_force(unit, sigma, spread):
    economy = linear_quadratic([[1.1, 0.2, 0.1], [0.1, 0.9, 0.1], [0, 0.1, 1]], [1, 1.3, 0.8])
    rule = DiscreteVCG(economy, unit, sigma, spread)
    types = normal(40, 3, seed=6)
    brute = [brute_force_units(rule, profile) for profile in types]
    np.testing.assert_allclose(rule.allocate(types).quantity, brute, atol=1e-12)


def test_ties_go_to_who_comes_first_and_leave_transfers_as_they_are():
    rule = DiscreteVCG(private_values(4), 1.0)
    outcome = rule.clear(Reports([[1.0, 1.0, -1.0, 3.0], [1.0, 1.0, -3.0, 1.0]]))
    np.testing.assert_array_equal(outcome.quantity, [[0, 0, -2, 2], [1, 1, -3, 1]])
    tied = rule.clear(Reports([[0.6, 0.6, -0.7, -0.3]]))
    np.testing.assert_array_equal(tied.quantity, [[1, 0, -1, 0]])


def test_a_quantity_that_falls_and_what_never_gets_nothing_are_errors():
    def falls(types, markets):
        own = np.where(types[:, [0]] < 0.5, 2 * types[:, [0]], types[:, [0]])
        return np.concatenate([own, -own, 0 * own], axis=1)

    def always(types, markets):
        return np.tile([1.0, -1.0, 0.0], (len(types), 1))

    types, step = np.array([[1.0, 0.0, 0.0]]), np.ones(1)
    with pytest.raises(RefusedError, match="falls from"):
        OwnQuantity(falls, signs, types, 0).areas(types[:, :1], step)
    with pytest.raises(NotConvergedError, match="must get nothing"):
        OwnQuantity(always, own_quantity, types, 0).areas(types[:, :1], step)
    with pytest.raises(NotConvergedError, match=r"x in row 1 must be found .* in 200 steps"):
        increasing_root(
            lambda x: (np.array([x[0], np.nan]), np.ones(2)),
            -np.ones(2),
            np.ones(2),
            np.ones(2),
            lambda row: f"x in row {row}",
        )


# A stranger's taxes: villains of each rule.


@dataclass(frozen=True)
class StrangeTax(Tax):
    tau: Callable
    slope: Callable
    curvature: Callable
    money: float = 1.0
    units: float = 1.0

    def amount(self, quantity):
        return self.money * self.tau(quantity / self.units)

    def marginal(self, quantity):
        return self.money / self.units * self.slope(quantity / self.units)

    def bend(self, quantity):
        return self.money / self.units**2 * self.curvature(quantity / self.units)

    def rescaled(self, price, quantity):
        return replace(self, money=self.money * price * quantity, units=self.units * quantity)


def ones(x):
    return np.ones_like(x)


def late(x):
    """Convex up to 50 units, concave beyond."""
    return np.where(x < 50, x**2 / 2, 1250 + 50 * (x - 50) - (x - 50) ** 2 / 200)


STEEP = StrangeTax(
    lambda x: np.cosh(30 * x) - 1, lambda x: 30 * np.sinh(30 * x), lambda x: 900 * np.cosh(30 * x)
)
LATE = StrangeTax(
    late,
    lambda x: np.where(x < 50, x, 50 - (x - 50) / 100),
    lambda x: np.where(x < 50, 1.0, -0.01),
)


@pytest.mark.parametrize(
    ("tax", "rule"),
    [
        (StrangeTax(lambda x: 1 - np.exp(-x), lambda x: np.exp(-x), lambda x: -np.exp(-x)), "convex"),
        (StrangeTax(lambda x: -(x**2) / 2, lambda x: -x, lambda x: -ones(x)), "increasing"),
        (StrangeTax(lambda x: x**2, lambda x: x, ones), "the integral of its derivative"),
        (StrangeTax(lambda x: x**2 / 2, lambda x: x, lambda x: 2 * ones(x)), "its second derivative"),
        (StrangeTax(lambda x: 1 + x, ones, np.zeros_like), "0 where nothing is traded"),
        (StrangeTax(lambda x: np.nan * x, lambda x: x, ones), "finite, got nan at quantity 0"),
        (StrangeTax(lambda x: x**2 / 2, lambda x: np.where(x > 1, np.nan, x), ones), "finite, got nan"),
        (StrangeTax(np.sqrt, lambda x: 0.5 * x**-0.5, lambda x: -0.25 * x**-1.5), "finite, got inf"),
    ],
)  # fmt: skip
def test_a_stranger_s_tax_is_looked_at(tax, rule):
    scalar = replace(tax, curvature=lambda x: 1.0)
    with pytest.raises(InvalidInputError, match=r"StrangeTax.bend gives float64 of shape \(\)"):
        TaxVCG(private_values(4), scalar)
    for held in (tax, SumTax((PowerTax(0.1, 2.0), tax))):
        with pytest.raises(InvalidInputError, match=rule) as caught:
            TaxVCG(private_values(4), held)
        assert "\n" not in str(caught.value)


def test_a_stranger_s_tax_is_looked_at_as_far_as_somebody_might_trade():
    rule = TaxVCG(private_values(4), LATE)
    near, far = [1.0, 0, 0, -1], [90.0, 0, 0, -90]
    assert rule.clear(Reports([near])).quantity[0, 0] == pytest.approx(0.5)
    with pytest.raises(InvalidInputError, match="convex"):
        rule.clear(Reports([near, far]))
    bounded = linear_quadratic(np.eye(4), 1.0, type_low=[-90.0] * 4, type_high=[90.0] * 4)
    with pytest.raises(InvalidInputError, match="convex"):
        TaxVCG(bounded, LATE)
    stated = CallableTax(LATE.tau, LATE.slope, LATE.curvature, largest=40.0)
    with pytest.raises(InvalidInputError, match="convex"):
        TaxVCG(private_values(4), stated).clear(Reports([far]))
    with pytest.raises(InvalidInputError, match="sum of taxes must be of Tax objects, got 1"):
        SumTax((1, 2))


def test_a_sound_tax_of_a_stranger_clears_in_all_units_and_may_overflow_far_away():
    rule, types = TaxVCG(private_values(4), STEEP), np.array([[1.0, 0.2, 0, -1]])
    outcome = rule.clear(Reports(types))
    ours = CallableTax(STEEP.tau, STEEP.slope, STEEP.curvature, largest=5.0)
    same = TaxVCG(private_values(4), ours).clear(Reports(types))
    np.testing.assert_allclose(outcome.transfer, same.transfer, atol=1e-13)
    restated = rule.rescaled(1e-6, 1e5).clear(Reports(types * 1e-6))
    np.testing.assert_allclose(restated.quantity, outcome.quantity * 1e5, rtol=1e-9, atol=1e-9)


# What cannot be solved or promised is named by its market and by the assumption.

INTERDEPENDENT = linear_quadratic([[1, 0, 0], [5, 1, 0], [5, 0, 1]], [4.0, 1.0, 1.0])


@pytest.mark.parametrize(
    "rule",
    [
        SpreadVCG(INTERDEPENDENT, 0.1),
        EntryFeeVCG(INTERDEPENDENT, 0.1),
        TaxVCG(INTERDEPENDENT, [[0.1, 2]]),
        DiscreteVCG(INTERDEPENDENT, 0.5),
    ],
    ids=lambda rule: rule.name,
)
def test_outside_a4n_the_assumption_is_named_with_its_witness(rule):
    words = (
        r"trader 0's falls from .* in market 1 \(assumption A4\^N fails: phi_N = 5, by the type of "
        r"trader 0, is not below 0.25; single crossing fails: the type of trader 0 moves trader 1 by 5"
    )
    idle, falls = [0.0, 0.0, 0.0], [3.0, 1.0, -1.0]
    with pytest.raises(RefusedError, match=words):
        rule.clear(Reports([idle, falls]))
    with pytest.raises(RefusedError, match=words):
        rule.clear_deviations(Reports([idle, falls]), 0, [[[0.0]] * 2, [[3.0]] * 2])


def test_where_a_fee_alone_lets_quantities_fall_the_reason_is_named():
    economy = linear_quadratic([[1, 0.2, 0], [0, 1, 0], [0, 0, 1]], 1.0)
    assert "Examples 1 and 3" in EntryFeeVCG(economy, 0.1)._why_quantities_fall()


@pytest.mark.parametrize(
    ("module", "constant", "value", "rule", "words"),
    [
        ("numerics.newton", "STEPS", 1, TaxVCG(GENERAL, [[0.1, 3]]),
         r"under the tax SumTax.*coefficient=0.1, exponent=3.0.* in market 5 at s = \(9, 0, 0, -9\)"),
        ("mechanisms.direct.pivotal_pricing", "AGREES", -1.0, TaxVCG(GENERAL, [[0.1, 3]]),
         r"those of trader 0 do not in market 5 at s = \(9, 0, 0, -9\)"),
        ("mechanisms.direct.discrete_vcg", "following_unit", lambda count: 0 * count + 1, DiscreteVCG(GENERAL, 0.5, 0.1),
         r"within 180 exchanges, and with unit_size = 0.5, sigma = 0.1.* in market 5 at s = \(9, 0"),
    ],
)  # fmt: skip
def test_what_does_not_converge_is_named_by_its_market(
    module, constant, value, rule, words, monkeypatch
):
    monkeypatch.setattr(f"deviator.{module}.{constant}", value)
    # Markets are priced in pieces: the index is that of the whole batch.
    monkeypatch.setattr("deviator.mechanisms.direct.pivotal_mechanism.MARKETS", 2)
    idle = [[0.0, 0.0, 0.0, 0.0]] * 5
    rule = replace(rule, economy=replace(rule.economy, intercept=np.zeros(4)))
    with pytest.raises(NotConvergedError, match=words):
        rule.clear(Reports([*idle, [9.0, 0.0, 0.0, -9.0]]))


def test_a_deviation_outside_the_set_of_types_is_named_by_its_market():
    with pytest.raises(InvalidInputError, match=r"trader 0 .* got 9 in market 1"):
        SpreadVCG(BOUNDED).clear_deviations(
            Reports(np.zeros((2, 3))), 0, [[[0.0]] * 3, [[0.0], [0.0], [9.0]]]
        )


def test_too_many_units_are_refused_before_anything_is_allocated():
    rule = DiscreteVCG(private_values(4), 1 / 300_000)
    words = r"at most 10000 units.*, got 675000 with unit_size = 3.33333e-06.* in market 1 at s"
    with pytest.raises(RefusedError, match=words):
        rule.clear(Reports([[0.0, 0, 0, 0], [3.0, 0, 0, 0]]))


def test_units_are_priced_in_pieces_that_fit_the_memory(monkeypatch):
    rule, types = DiscreteVCG(GENERAL, 0.05, sigma=0.1), normal(6, 4, seed=8)
    whole = rule.clear(Reports(types))
    monkeypatch.setattr("deviator.mechanisms.direct.discrete_vcg.UNITS_TOGETHER", 64)
    assert rule.markets_together(whole.quantity) == 1
    np.testing.assert_allclose(rule.clear(Reports(types)).transfer, whole.transfer, atol=1e-14)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("spread-vcg", {"half_spread": 0.1}),
        ("entry-fee-vcg", {"fee": 0.1}),
        ("tax-vcg", {"tax": [[0.1, 1], [0.2, 3]]}),
        ("discrete-vcg", {"unit_size": 0.5}),
    ],
)
def test_they_are_made_by_name(name, settings):
    assert make(name, economy=private_values(4), **settings).name == name

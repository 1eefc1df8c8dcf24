"""VCG with other taxes and with discrete units, against slow plain versions of each."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.direct_markets import GENERAL
from helpers.outcomes import FIELDS, assert_outcomes_agree
from helpers.samples import normal_types

from deviator.economies import fundamental_value, linear_quadratic, private_values
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
from deviator.mechanisms.direct.own_line import OwnLine
from deviator.mechanisms.direct.pivotal_pricing import OwnQuantity
from deviator.numerics.newton import increasing_root
from deviator.plugins import make

BOUNDED = linear_quadratic(
    [[1.1, 0.2, 0.1], [0.1, 0.9, 0.1], [0.0, 0.1, 1.0]],
    [1.0, 1.3, 0.8],
    type_low=[-1.0, -2.0, -1.0],
    type_high=[2.0, 1.0, 1.0],
)
RULES = [
    SpreadVCG(GENERAL, 0.3),
    EntryFeeVCG(fundamental_value(4), 0.15),
    TaxVCG(GENERAL, [[0.1, 1], [0.3, 3]]),
    DiscreteVCG(GENERAL, 0.4, sigma=0.1, half_spread=0.05),
]


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
    types = np.clip(normal_types(2, n, seed=1)[1:], *rule.economy.type_set)
    transfer = rule.clear(Reports(types)).transfer[0]
    assert np.abs(transfer).max() > 0.05
    for trader in range(n):
        dense = dense_transfer(rule, types[0], trader)
        assert dense == pytest.approx(transfer[trader], abs=2e-3)


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
    types = normal_types(8, n, seed=2)
    whole = rule.clear(Reports(types))
    for market in range(8):
        alone = rule.clear(Reports(types[[market]]))
        np.testing.assert_allclose(alone.quantity[0], whole.quantity[market], atol=1e-12)
        np.testing.assert_allclose(alone.transfer[0], whole.transfer[market], atol=1e-12)
    result = rule.clear_deviations(Reports(types), 1, types[:, [1], None] + [[[0.0], [0.7]]])
    np.testing.assert_allclose(result.transfer[:, 0], whole.transfer[:, 1], atol=1e-12)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_no_markets_and_no_candidates_have_no_outcomes(rule):
    n = rule.economy.n_traders
    nothing = Reports(np.zeros((0, n)))
    assert rule.clear(nothing).transfer.shape == (0, n)
    assert rule.clear_deviations(nothing, 0, np.zeros((0, 3, 1))).transfer.shape == (0, 3)
    some = Reports(np.zeros((2, n)))
    assert rule.clear_deviations(some, 0, np.zeros((2, 0, 1))).transfer.shape == (2, 0)


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
    types = Reports(normal_types(30, 4, seed=4))
    result, expected = TaxVCG(GENERAL, tax).clear(types), same.clear(types)
    assert_outcomes_agree(result, expected, 1e-7, 1e-11, fields=FIELDS[:3])


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


def test_a_quantity_that_falls_and_what_never_gets_nothing_are_errors():
    def falls(value, markets, reports):
        own = np.where(reports[:, None] < 0.5, 2 * reports[:, None], reports[:, None])
        return np.concatenate([own, -own, 0 * own], axis=1)

    def always(value, markets, reports):
        return np.tile([1.0, -1.0, 0.0], (len(value), 1))

    line = OwnLine.of(private_values(3), np.array([[1.0, 0.0, 0.0]]), 0)
    with pytest.raises(RefusedError, match="falls from"):
        OwnQuantity(line, falls).areas(np.array([[1.0]]))
    with pytest.raises(NotConvergedError, match="must get nothing"):
        OwnQuantity(line, always).areas(np.array([[1.0]]))
    with pytest.raises(NotConvergedError, match=r"x in row 1 must be found .* in 200 steps"):
        increasing_root(
            lambda x: (np.array([x[0], np.nan]), np.ones(2)),
            -np.ones(2),
            np.ones(2),
            np.ones(2),
            lambda row: f"x in row {row}",
        )


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
        r"trader 0's falls from .* \(assumption A4\^N fails: phi_N = 5, by the type of "
        r"trader 0, is not below 0.25; single crossing fails: the type of trader 0 moves trader 1 by 5"
    )
    idle, falls = [0.0, 0.0, 0.0], [3.0, 1.0, -1.0]
    with pytest.raises(RefusedError, match=words):
        rule.clear(Reports([idle, falls]))
    with pytest.raises(RefusedError, match=words):
        rule.clear_deviations(Reports([idle, falls]), 0, [[[0.0]] * 2, [[3.0]] * 2])


@pytest.mark.parametrize(
    ("module", "constant", "value", "rule", "words"),
    [
        ("numerics.newton", "STEPS", 1, TaxVCG(GENERAL, [[0.1, 3]]),
         r"under the tax SumTax.*coefficient=0.1, exponent=3.0.* in market 5 at s = \(9, 0, 0, -9\)"),
        ("mechanisms.direct.cells", "AGREES", -1.0, TaxVCG(GENERAL, [[0.1, 3]]),
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

"""What a report pays: the same beside any other candidates, any present bid and any level."""

import numpy as np
import pytest
from helpers.direct_markets import GENERAL
from helpers.samples import normal_types

from deviator.economies import factored, fundamental_value, private_values, saturating
from deviator.errors import RefusedError
from deviator.mechanisms import (
    DiscreteVCG,
    EntryFeeVCG,
    Reports,
    SmoothSigmaVCG,
    SpreadVCG,
    TaxVCG,
)

ALIKE = fundamental_value(4, beta=0.6)
RULES = [
    SpreadVCG(GENERAL, 0.3),
    EntryFeeVCG(ALIKE, 0.1),
    TaxVCG(GENERAL, [[0.1, 1], [0.3, 3]]),
    DiscreteVCG(GENERAL, 0.4, sigma=0.1, half_spread=0.05),
    SmoothSigmaVCG(saturating(4), 0.3),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_what_else_is_asked_and_bid_at_present_changes_no_transfer(rule):
    types = normal_types(4, 4, seed=21)
    own = types[:, :1]
    far = 5.0 if isinstance(rule, SmoothSigmaVCG) else 1e3
    beside = np.concatenate([own, own - 3.0, own + 0.7, own + far], axis=1)[..., None]
    alone = rule.clear_deviations(Reports(types), 0, own[..., None]).transfer[:, 0]
    together = rule.clear_deviations(Reports(types), 0, beside).transfer[:, 0]
    turned = rule.clear_deviations(Reports(types), 0, beside[:, ::-1].copy()).transfer[:, -1]
    elsewhere = types.copy()
    elsewhere[:, 0] -= 2.0
    moved = rule.clear_deviations(Reports(elsewhere), 0, beside).transfer[:, 0]
    for other in (together, turned, moved):
        np.testing.assert_allclose(other, alone, rtol=0, atol=16 * rule.precision)


def test_a_short_stay_of_another_set_of_traders_is_priced():
    """Between two reports the fee leaves other traders in the market for a moment."""
    rng = np.random.default_rng(3)
    for _ in range(6):
        own, loading = 1 + rng.random(4), 0.3 * rng.random()
        economy = factored(own, np.full((4, 1), loading), rng.random((1, 4)), 1 + rng.random(4))
        rule, types = EntryFeeVCG(economy, 0.1), rng.standard_normal((40, 4))
        reports = np.linspace(-3, 3, 201)
        tried = np.broadcast_to(reports[None, :, None], (40, 201, 1))
        outcome = rule.clear_deviations(Reports(types), 0, tried)
        value = economy.value(types)[:, [0]]
        utility = (value - 0.5 * economy.slope[0] * outcome.quantity) * outcome.quantity
        honest = rule.clear(Reports(types))
        best = (utility - outcome.transfer).max(axis=1)
        got = (value[:, 0] - 0.5 * economy.slope[0] * honest.quantity[:, 0]) * honest.quantity[:, 0]
        assert (best - (got - honest.transfer[:, 0])).max() < 1e-13


@pytest.mark.parametrize("level", [1e8])
@pytest.mark.parametrize(
    "rule",
    [
        SpreadVCG(private_values(4), 0.3),
        EntryFeeVCG(private_values(4), 0.1),
        TaxVCG(private_values(4), [[0.1, 1], [0.3, 3]]),
        DiscreteVCG(private_values(4, slope=2.0), 0.25, sigma=0.3, half_spread=0.05),
    ],
    ids=lambda rule: rule.name,
)
def test_a_level_that_all_types_share_moves_the_price_and_nothing_else(rule, level):
    # Types on a grid of 2^-20 are exact at every level.
    types = np.round(normal_types(30, 4, seed=5) * 2**20) / 2**20
    low, high = rule.clear(Reports(types)), rule.clear(Reports(types + level))
    np.testing.assert_allclose(high.quantity, low.quantity, atol=1e-12)
    shifted = low.transfer + level * high.quantity
    np.testing.assert_allclose(high.transfer, shifted, rtol=4e-16, atol=1e-12)


def test_units_cost_the_same_under_every_report_that_gets_them():
    rule = DiscreteVCG(private_values(4, slope=2.0), 0.25, sigma=0.3, half_spread=0.05)
    types = normal_types(50, 4, seed=6) + 1e8
    tried = types[:, :1, None] + np.linspace(-2, 2, 41)[None, :, None]
    outcome = rule.clear_deviations(Reports(types), 0, tried)
    for quantity, transfer in zip(outcome.quantity, outcome.transfer, strict=True):
        for units in np.unique(quantity):
            assert np.unique(transfer[quantity == units]).size == 1


def test_a_fee_market_that_is_not_implementable_is_refused_at_every_profile():
    rule = EntryFeeVCG(GENERAL, 0.1)
    fall = rule.monotonicity_violation()
    pair = np.stack([fall.types, fall.types])
    pair[1, fall.trader] = fall.higher
    quantities = rule.allocate(pair).quantity[:, fall.trader]
    np.testing.assert_allclose(quantities, [fall.quantity, fall.lower_quantity], atol=1e-12)
    assert fall.lower_quantity < fall.quantity
    for types in (np.zeros((1, 4)), normal_types(3, 4, seed=1)):
        with pytest.raises(RefusedError, match=f"trader {fall.trader}'s falls from"):
            rule.clear(Reports(types))
        with pytest.raises(RefusedError, match=f"trader {fall.trader}'s falls from"):
            rule.clear_deviations(Reports(types), 1, types[:, 1:2, None])

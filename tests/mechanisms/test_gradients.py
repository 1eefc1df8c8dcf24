"""Gradients through clearing, in bids and in types, against finite differences."""

import numpy as np
import pytest
import torch
from helpers.portable_markets import (
    EVERY_MARKET,
    FACTORED,
    GROUPS,
    PRIVATE,
    STATISTICS,
    irregular_bids,
    irregular_factored_bids,
    net_utilities,
    perturbed_bids,
    types_of,
)

from deviator.mechanisms import LinearBids, SigmaDCDA, UniformConditional


def leaves(bids):
    """Return the record's fields as tensors of B markets that gradients are asked of."""
    arrays = vars(bids.from_array(bids.as_array())).values()
    return [torch.tensor(np.ascontiguousarray(array), requires_grad=True) for array in arrays]


@EVERY_MARKET
def test_gradients_in_bids_are_those_of_finite_differences(mechanism, economy):
    bids, types = perturbed_bids(mechanism, economy, batch=2), torch.tensor(types_of(economy, 2))

    def utilities(*numbers):
        return net_utilities(mechanism, economy, type(bids)(*numbers), types)

    assert torch.autograd.gradcheck(utilities, leaves(bids), atol=1e-6)


@EVERY_MARKET
def test_gradients_in_types_are_those_of_finite_differences(mechanism, economy):
    types = torch.tensor(types_of(economy, 2), requires_grad=True)

    def utilities(types):
        return net_utilities(mechanism, economy, mechanism.honest_bids(economy, types), types)

    assert torch.autograd.gradcheck(utilities, types, atol=1e-6)


def test_gradients_in_shared_coefficients_and_candidates_are_those_of_finite_differences():
    auction, types = SigmaDCDA(0.2), torch.tensor(types_of(GROUPS, 3))
    honest = auction.honest_bids(GROUPS, types)
    shared = [honest.quantity_weights.requires_grad_(), honest.price_weights.requires_grad_()]
    candidates = torch.tensor(
        np.random.default_rng(4).random((3, 2, honest.shape[2])), requires_grad=True
    )

    def transfers(weights, price, candidates):
        bids = LinearBids(weights, price, honest.level)
        return auction.clear_deviations(bids, 1, candidates).transfer

    assert torch.autograd.gradcheck(transfers, (*shared, candidates), atol=1e-6)


@pytest.mark.parametrize(
    ("mechanism", "economy", "bids"),
    [
        (SigmaDCDA(0.4), PRIVATE, irregular_bids(3)),
        (UniformConditional(), PRIVATE, irregular_bids(3)),
        (SigmaDCDA(0.4, STATISTICS), FACTORED, irregular_factored_bids(3)),
    ],
    ids=["dense", "uniform", "factored"],
)
def test_markets_in_autarky_have_gradient_zero_and_spoil_no_others(mechanism, economy, bids):
    types = torch.tensor(types_of(economy, bids.shape[0]))
    numbers = leaves(bids)
    together = net_utilities(mechanism, economy, type(bids)(*numbers), types)
    gradients = torch.autograd.grad(together.sum(), numbers)
    traded = mechanism.clear(bids).traded
    for gradient in gradients:
        assert gradient.isfinite().all()
        assert (gradient[~traded] == 0).all()
    kept = [number[traded].detach().requires_grad_() for number in numbers]
    alone = net_utilities(mechanism, economy, type(bids)(*kept), types[traded])
    for one, other in zip(gradients, torch.autograd.grad(alone.sum(), kept), strict=True):
        torch.testing.assert_close(one[traded], other, rtol=1e-9, atol=1e-9)


def test_the_honest_bid_is_where_the_gradient_vanishes():
    """A villain: the uniform price, whose gradient at the honest bid is not 0."""
    types = torch.tensor(types_of(GROUPS, 3))
    steepest = {}
    for mechanism in (SigmaDCDA(0.3), UniformConditional()):
        honest = mechanism.honest_bids(GROUPS, types)
        bid = honest.of_trader(0).requires_grad_()
        utility = net_utilities(mechanism, GROUPS, honest.with_candidates(0, bid[:, None]), types)
        steepest[mechanism.name] = torch.autograd.grad(utility[:, 0].sum(), bid)[0].abs().max()
    assert steepest["sigma-dcda"] < 1e-12
    assert steepest["uniform-conditional"] > 1e-2

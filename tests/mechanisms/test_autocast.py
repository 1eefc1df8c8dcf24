"""Inside `torch.autocast` markets are what they are outside, gradients included."""

import pytest
import torch
from helpers.portable_markets import EVERY_MARKET, MARKETS, perturbed_bids, types_of

from deviator.autocast import full_precision
from deviator.economies import walrasian_allocation

DTYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["32", "64"])
COARSE = pytest.mark.parametrize("coarse", [torch.bfloat16, torch.float16], ids=["bf16", "f16"])


def numbers_of(mechanism, economy, dtype):
    """Return all that a market computes from types and candidates, and gradients of it."""
    types = torch.tensor(types_of(economy), dtype=dtype, requires_grad=True)
    honest = mechanism.honest_bids(economy, types)
    bids = perturbed_bids(mechanism, economy).converted(types.detach())
    outcome = mechanism.clear(honest)
    candidates = (bids.of_trader(1)[:, None] * torch.tensor([[[1.0], [0.9]]], dtype=dtype)).detach()
    candidates.requires_grad_()
    deviated = mechanism.clear_deviations(bids, 1, candidates)
    utility = economy.utility(outcome.quantity, types) - outcome.transfer
    marginal = economy.marginal_utility(outcome.quantity, types)
    gained = (utility**2).sum() + (marginal**3).sum()
    paid = (deviated.transfer * deviated.quantity).sum()
    gradients = torch.autograd.grad(gained, types) + torch.autograd.grad(paid, candidates)
    return [*vars(honest).values(), *vars(outcome).values(), *vars(deviated).values(), *gradients]


@EVERY_MARKET
@DTYPES
@COARSE
def test_a_market_is_what_it_is_outside(mechanism, economy, dtype, coarse):
    outside = numbers_of(mechanism, economy, dtype)
    with torch.autocast("cpu", dtype=coarse):
        inside = numbers_of(mechanism, economy, dtype)
        assert torch.is_autocast_enabled("cpu")
    for one, other in zip(inside, outside, strict=True):
        assert one.dtype == other.dtype
        torch.testing.assert_close(one, other, rtol=0, atol=0, equal_nan=True)


@COARSE
def test_the_efficient_allocation_is_what_it_is_outside(coarse):
    for _, economy in MARKETS.values():
        types = torch.tensor(types_of(economy), dtype=torch.float32)
        outside = walrasian_allocation(economy, 0.1, types)
        with torch.autocast("cpu", dtype=coarse):
            inside = walrasian_allocation(economy, 0.1, types)
        torch.testing.assert_close(inside, outside, rtol=0, atol=0)


def test_networks_beside_a_market_stay_in_half_precision():
    """So that autocast is of use, and its state is the caller's after a backward pass."""
    mechanism, economy = MARKETS["sigma-dcda"]
    network = torch.nn.Linear(economy.n_traders, economy.n_traders)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        shaded = network(torch.tensor(types_of(economy), dtype=torch.float32))
        assert shaded.dtype == torch.bfloat16
        outcome = mechanism.clear(mechanism.honest_bids(economy, shaded.float()))
        outcome.transfer.sum().backward()
        assert torch.is_autocast_enabled("cpu")
    assert outcome.transfer.dtype == torch.float32
    assert network.weight.grad.isfinite().all()


def test_the_check_catches_matrices_in_half_precision():
    """The villain: a product that autocast may lower, which differs by more than rounding."""
    factor = torch.full((2, 2), 1.001, requires_grad=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        lowered, kept = factor @ factor, full_precision(torch.matmul)(factor, factor)
        (rough,) = torch.autograd.grad(lowered.float().sum(), factor)
        (fine,) = torch.autograd.grad(kept.sum(), factor)
    assert lowered.dtype == torch.bfloat16
    assert abs(float(rough[0, 0]) - 4.004) > 1e-3
    assert float(fine[0, 0]) == pytest.approx(4.004, rel=1e-6)

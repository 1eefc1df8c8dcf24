"""Compiled clearing of schedules is clearing, up to the last digit."""

import numpy as np
import pytest
import torch
from helpers.outcomes import FIELDS

from deviator.economies import private_values
from deviator.errors import InvalidInputError, RefusedError
from deviator.mechanisms import (
    NaiveWalrasian,
    PayAsBid,
    Schedules,
    SigmaDCDA,
    UniformDoubleAuction,
    compiled_clear,
)

AUCTION = UniformDoubleAuction()


def random_bids(batch, n=10, dtype=torch.float64, seed=0):
    source = torch.Generator().manual_seed(seed)
    level = torch.randn(batch, n, dtype=dtype, generator=source)
    return Schedules(level, 1 + torch.rand(batch, n, dtype=dtype, generator=source))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["32", "64"])
@pytest.mark.parametrize("batch", [1, 7, 30])
def test_outcomes_are_those_of_clear(dtype, batch):
    bids = random_bids(batch, dtype=dtype)
    got, want = compiled_clear(AUCTION, backend="aot_eager")(bids), AUCTION.clear(bids)
    for name in FIELDS:
        torch.testing.assert_close(getattr(got, name), getattr(want, name), rtol=1e-6, atol=1e-6)
        assert getattr(got, name).dtype == dtype
    assert got.traded.all()
    assert got.converged.all()


def test_gradients_are_those_of_clear():
    bids = random_bids(5)
    numbers = [bids.level.requires_grad_(), bids.steepness.requires_grad_()]

    def gradients(outcome):
        total = sum((getattr(outcome, name) ** 2).sum() for name in FIELDS)
        return torch.autograd.grad(total, numbers)

    got = gradients(compiled_clear(AUCTION, backend="aot_eager")(Schedules(*numbers)))
    torch.testing.assert_close(got, gradients(AUCTION.clear(Schedules(*numbers))))


def test_dtypes_stay_inside_autocast():
    bids = random_bids(3, dtype=torch.float32)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        outcome = compiled_clear(AUCTION, backend="aot_eager")(bids)
    torch.testing.assert_close(outcome.quantity, AUCTION.clear(bids).quantity)


@pytest.mark.parametrize(
    ("rule", "bids", "sentence"),
    [
        (SigmaDCDA(0.1), random_bids(1), "for rules that clear demand schedules, got SigmaDCDA"),
        (PayAsBid(0.1), random_bids(1), "for rules that clear demand schedules, got PayAsBid"),
        (NaiveWalrasian(private_values(4)), random_bids(1), "rules that clear demand schedules"),
        (AUCTION, Schedules(np.ones((1, 3)), np.ones((1, 3))), "takes torch tensors"),
    ],
)
def test_what_is_not_compiled_says_so(rule, bids, sentence):
    with pytest.raises(RefusedError, match=sentence):
        compiled_clear(rule, backend="eager")(bids)


def test_other_bids_are_refused():
    with pytest.raises(InvalidInputError, match="takes bids as Schedules"):
        compiled_clear(AUCTION, backend="eager")(np.ones((1, 3)))

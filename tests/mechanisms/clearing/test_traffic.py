"""What clearing of tensors moves through memory, which is what it takes on a device."""

import pytest
import torch

from benchmarks.traffic import Traffic
from deviator.mechanisms import LinearBids, Schedules, SigmaDCDA, UniformDoubleAuction


def bytes_moved(call):
    call()
    with Traffic() as counted:
        call()
    return counted


def numbers(*shape):
    return torch.rand(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("n", "most"), [(8, 28.0), (32, 18.0)])
def test_dense_clearing_reads_and_writes_few_matrices(n, most):
    markets = 50
    bids = LinearBids(
        torch.eye(n) + 0.1 * numbers(markets, n, n), 1 + numbers(markets, n), numbers(markets, n)
    )
    counted = bytes_moved(lambda: SigmaDCDA(0.4).clear(bids))
    matrices = 8 * markets * n * n
    assert counted.moved <= most * matrices
    assert counted.largest <= matrices


def test_uniform_prices_take_few_passes():
    """The villain looks for autarky, which schedules that decrease never end in."""
    bids, auction = Schedules(numbers(400, 10), 1 + numbers(400, 10)), UniformDoubleAuction()
    one_pass = 8 * 5 * 400 * 10

    def masked():
        outcome = auction.clear(bids)
        trades = outcome.traded[:, None]
        for name in ("quantity", "transfer", "residual_slope"):
            torch.where(trades, getattr(outcome, name), 0.0)

    assert bytes_moved(lambda: auction.clear(bids)).moved <= 3.3 * one_pass
    assert bytes_moved(masked).moved > 3.3 * one_pass


def test_views_and_what_is_broadcast_count_once():
    one = torch.ones(1000, dtype=torch.float64)
    assert bytes_moved(lambda: one[:10].reshape(2, 5)).moved == 0
    assert bytes_moved(lambda: one + 1.0).moved == 16_000
    assert bytes_moved(lambda: one[:1].expand(1000) + one).moved == 16_008

"""What each trader gains from moving their own bid alone, of all traders at once.

Pathwise slopes need a mechanism and an economy that take tensors. Where outcomes jump, as where
bids win or lose a unit, or only NumPy arrays are taken, slopes are differences between two bids.
"""

from typing import Any, NamedTuple, cast

import numpy as np
import torch

from deviator.economies import is_linear_quadratic
from deviator.evidence import Market
from deviator.mechanisms import PayAsBid, ResidualLineMechanism
from deviator.policies.situation import utilities
from deviator.validation import Floats


class OwnSlopes(NamedTuple):
    """Utilities (B, N), and the slope of each in the numbers of the own bid (B, N, K)."""

    utility: torch.Tensor
    slope: torch.Tensor


def takes_tensors(tested: Market) -> bool:
    """Return whether gradients pass through the market's clearing and utilities."""
    smooth = isinstance(tested.mechanism, ResidualLineMechanism | PayAsBid)
    return smooth and is_linear_quadratic(tested.economy)


def pathwise_slopes(tested: Market, types: torch.Tensor, bids: torch.Tensor) -> OwnSlopes:
    """Return exact slopes, the others' bids fixed, in one clearing of N copies of each market.

    In copy i only the bid of trader i is followed.

    Parameters
    ----------
    tested : Market
    types : tensor, shape (B, N)
    bids : tensor, shape (B, N, K)
    """
    batch, n, size = bids.shape
    leaf = bids.detach().clone().requires_grad_()
    followed = torch.eye(n, dtype=torch.bool)[:, None, :, None]
    copies = torch.where(followed, leaf[None], leaf.detach()[None]).reshape(n * batch, n, size)
    record, economy = tested.mechanism.language.record, tested.economy
    outcome: Any = tested.mechanism.clear(record.from_array(cast(Any, copies)))
    worth: Any = economy.utility(outcome.quantity, cast(Any, types.repeat(n, 1)))
    mine = torch.diagonal((worth - outcome.transfer).reshape(n, batch, n), dim1=0, dim2=2)
    (slope,) = torch.autograd.grad(mine.sum(), leaf)
    return OwnSlopes(mine.detach(), slope)


def difference_slopes(
    tested: Market, traders: tuple[int, ...], types: Floats, bids: Floats, width: Floats
) -> OwnSlopes:
    """Return slopes between bids to both sides, of some traders.

    Their mean over markets is the slope of mean utility smoothed over the width.

    Parameters
    ----------
    tested : Market
    traders : tuple of int
        Whose slopes are wanted; those of others are 0.
    types : ndarray of float, shape (B, N)
    bids : ndarray of float, shape (B, N, K)
    width : ndarray of float, shape (N, K)
        Distance to each side.
    """
    present = tested.mechanism.language.record.from_array(bids)
    utility, slope = np.zeros(bids.shape[:2]), np.zeros(bids.shape)
    for trader in traders:
        steps = np.diag(width[trader])
        own = bids[:, trader, None]
        tried = np.concatenate([own, own + steps, own - steps], axis=1)
        gained = utilities(tested.mechanism, tested.economy, present, types, trader, tried)
        up, down = np.split(gained[:, 1:], 2, axis=1)
        utility[:, trader] = gained[:, 0]
        slope[:, trader] = (up - down) / (2 * width[trader])
    return OwnSlopes(torch.as_tensor(utility), torch.as_tensor(slope))

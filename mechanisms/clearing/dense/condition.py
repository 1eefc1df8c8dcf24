"""How well conditioned the clearing system of linear conditional bids is."""

import numpy as np

from deviator.validation import Floats

from ...chunking import in_chunks, markets_per_chunk
from ...languages import LinearBids
from .clearing import scaled_market


def condition_numbers(bids: LinearBids) -> Floats:
    """Return the Frobenius condition numbers of clearing systems, (S,); infinite where singular.

    Of the scaled system on which autarky is decided, so that neither units nor the writing of a bid
    change it: sqrt(N + 1) at best, and no trade where it reaches 1 / `autarky.tolerance`.

    Parameters
    ----------
    bids : LinearBids
        Of B markets; S is 1 where all of them share their weights, else B.

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> from deviator.policies import Revelation
    >>> from deviator.mechanisms import SigmaDCDA
    >>> economy = private_values(3)
    >>> bids = Revelation(SigmaDCDA(0.5), economy).bids(np.zeros((1, 3)))
    >>> condition_numbers(bids).round(6)
    array([2.081666])
    """
    n = bids.price_weights.shape[1]
    chunk = markets_per_chunk(n**2)
    parts = in_chunks(_conditions, bids.quantity_weights, bids.price_weights, chunk=chunk)
    return np.concatenate([part for (part,) in parts])


def _conditions(quantity_weights: Floats, price_weights: Floats) -> tuple[Floats]:
    market = scaled_market(quantity_weights, price_weights)
    squares = np.einsum("sjk,sjk->s", market.columns, market.columns)
    squares += (market.last**2).sum(axis=1)
    return (np.where(np.isfinite(squares) & (squares > 0), np.sqrt(squares + 1.0), np.inf),)

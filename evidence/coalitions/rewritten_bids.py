"""Members who rewrite their conditional bids together, and move each other's payments at will.

A member of a conditional auction pays the area under the own residual demand curve. Its slope k_i
is set by all other bids, those of fellow members among them. Let d_1 .. d_M be how the market moves
with the level of each member's bid: the residual line of member i has direction d_i, and

    k_i = d_i[price] / d_i[q_i].

The members' hyperplanes may be replaced by any others through the same point: prices and quantities
stay as they are, while the residual lines become directions w_i in the span of the d_i that members
choose, if each bid is made flat along the lines of all fellow members. So they choose the k_i, and
each gains (k_i' - k_i) q_i^2 / 2 without bound, whatever the tax is, and without paying each other.
Where bids read all quantities, combinations of the members' own hyperplanes do it, which go through
the same point wherever that is: it takes no more than their own types.
"""

from typing import Any

import numpy as np

from deviator.errors import RefusedError
from deviator.mechanisms import AllocationLanguage
from deviator.mechanisms.languages import FactoredLanguage
from deviator.validation import Floats

from .joint_quadratic import Response
from .party import Party

ROUNDED = 1e-10
"""What is smaller, of the largest, is rounding: the sum of all quantities is 0."""


def rewritten_bids(party: Party, types: Floats, response: Response, factor: float) -> Floats:
    """Return bids of the party (B, M, K) that raise all members' residual slopes.

    Parameters
    ----------
    party : Party
        Of at least two bids.
    types : ndarray of float, shape (B, N)
    response : Response
        At these types.
    factor : float
        By how many times mu_i + sigma + k_i slopes rise: in the sigma-DCDA each member's gain is so
        many times what honesty brings, (mu_i + sigma + k_i) q_i^2 / 2.

    Raises
    ------
    RefusedError
        If bids are not hyperplanes, or of fewer numbers than there are members.
    """
    language, size = party.arena.mechanism.language, len(party.places)
    if not isinstance(language, AllocationLanguage) or party.arena.bid_size <= size:
        raise RefusedError(
            "members who move each other's residual slopes are followed in hyperplanes of more "
            f"numbers than there are members, got {party.arena.bid_size} numbers of "
            f"{language.name} and {size} members; name a learner instead"
        )
    lines = np.stack([_line(party, response, slot, factor) for slot in range(size)], axis=1)
    bids = party.base_bids(types)[:, list(party.places)]
    if not isinstance(language, FactoredLanguage):
        return np.asarray(np.linalg.solve(lines.swapaxes(1, 2), bids))
    return _flattened(party, language, response, lines, bids)


def _flattened(
    party: Party, language: FactoredLanguage, response: Response, lines: Floats, bids: Floats
) -> Floats:
    """Return bids on statistics (B, M, K), through the same point and flat along fellows' lines."""
    weights = language.statistics.weights
    quantity = np.einsum("bjm,bnm->bjn", lines, response.quantity_effect)
    price = np.einsum("bjm,bm->bj", lines, response.price_effect)
    for slot, place in enumerate(party.places):
        along = _read(weights, place, quantity, price)
        size = _read(np.abs(weights), place, np.abs(quantity), np.abs(price)).sum(axis=1)
        # Honest bids are lines[i, slot] along w_i; the new bid is nothing along fellow members'.
        excess = -lines[:, :, slot]
        excess[:, slot] = 0.0
        bids[:, slot, :-1] += _least_change(along, size, excess)
        here = _read(weights, place, response.quantity[:, None], response.price[:, None])[:, 0]
        bids[:, slot, -1] = (here * bids[:, slot, :-1]).sum(axis=1)
    return bids


def _least_change(along: Floats, size: Floats, wanted: Floats) -> Floats:
    """Return the least change of numbers (B, K - 1) that changes bids along lines as wanted.

    Each number is measured by the size of what it multiplies, so that units do not matter.
    """
    inverse = np.linalg.pinv(along / size[:, None], rcond=ROUNDED)
    return np.asarray(np.einsum("bkm,bm->bk", inverse, wanted) / size)


def _line(party: Party, response: Response, slot: int, factor: float) -> Floats:
    """Return w_i in coordinates of the d_j, (B, M): a sum of those of i and of the next member."""
    arena: Any = party.arena
    size, place = len(party.places), party.places[slot]
    slope = response.residual_slope[:, place]
    bend = arena.economy.slope[place] + arena.mechanism.tax_slope + slope
    steeper = slope + factor * bend
    excess = response.price_effect - steeper[:, None] * response.quantity_effect[:, place]
    following = (slot + 1) % size
    line = np.zeros((len(slope), size))
    line[:, slot] = excess[:, following]
    line[:, following] = -excess[:, slot]
    return np.asarray(line / np.abs(line).max(axis=1, keepdims=True))


def _read(statistics: Floats, place: int, quantity: Floats, price: Floats) -> Floats:
    """Return what a bid's numbers but its level multiply at J points: (B, J, K - 1)."""
    own, read = quantity[:, :, place, None], quantity @ statistics.T
    return np.concatenate([own, read, price[:, :, None]], axis=2)

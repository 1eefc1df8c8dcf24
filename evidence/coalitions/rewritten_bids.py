"""Members who rewrite their conditional bids together, and move each other's payments at will.

A member of a conditional auction pays the area under the own residual demand curve. Its slope k_i
is set by all other bids, those of fellow members among them. Let d_1 .. d_M be how the market moves
with the level of each member's bid: the residual line of member i has direction d_i, and

    k_i = d_i[price] / d_i[q_i].

The members' hyperplanes may be replaced by any others with the same intersection, combinations of
their own: prices and quantities stay as they are, while the residual lines become any directions
w_i in the span of the d_i. So members choose the k_i, and each of them gains (k_i' - k_i) q_i^2 / 2
without bound, whatever the tax is, without paying each other, and knowing their own types only.
"""

from typing import Any

import numpy as np

from deviator.errors import RefusedError
from deviator.mechanisms.languages import ConditionalLanguage
from deviator.validation import Floats

from .joint_quadratic import Response
from .party import Party


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
        If bids are not hyperplanes on all quantities.
    """
    rule: Any = party.arena.mechanism
    if not isinstance(rule.language, ConditionalLanguage):
        raise RefusedError(
            "members who move each other's residual slopes are followed in conditional bids on all "
            f"quantities only, got those of {rule.name}; leave statistics out, or name a learner"
        )
    rows = party.base_bids(types)[:, list(party.places)]
    lines = [_direction(party, response, slot, factor) for slot in range(rows.shape[1])]
    # Row i of the new bids is 1 along w_i, and 0 along the lines of the fellow members.
    return np.asarray(np.linalg.solve(np.stack(lines, axis=2), rows))


def _direction(party: Party, response: Response, slot: int, factor: float) -> Floats:
    """Return w_i in coordinates of the d_j, (B, M), made of those of two members, i and the next."""
    arena: Any = party.arena
    size, place = len(party.places), party.places[slot]
    slope = response.residual_slope[:, place]
    bend = arena.economy.slope[place] + arena.mechanism.tax_slope + slope
    steeper = slope + factor * bend
    excess = response.price_effect - steeper[:, None] * response.quantity_effect[:, place]
    following = (slot + 1) % size
    direction = np.zeros((len(slope), size))
    direction[:, slot] = excess[:, following]
    direction[:, following] = -excess[:, slot]
    return np.asarray(direction / np.abs(direction).max(axis=1, keepdims=True))

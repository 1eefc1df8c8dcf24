"""Strategies whose bids are affine in the own type, worked out once per market.

A strategy's own method works out the same numbers from the economy at every call, and some take
NumPy types alone.
"""

import numpy as np

from deviator.economies import QuadraticEconomy
from deviator.errors import DeviatorError
from deviator.evidence import Market
from deviator.mechanisms import Mechanism
from deviator.mechanisms.own_type_bids import OwnTypeBids
from deviator.policies import LinearBayes, Policy, Revelation


def own_type_bids(tested: Market) -> OwnTypeBids | None:
    """Return the bids of a market's strategy where they are known to be of this form, else None."""
    strategy, n = tested.strategy, tested.economy.n_traders
    if not _is_known(strategy):
        return None
    try:
        return OwnTypeBids.through(
            *(strategy.bids(np.full((1, n), number)) for number in (0.0, 1.0))
        )
    except DeviatorError:
        return None


def _is_known(strategy: Policy) -> bool:
    """Return whether a strategy is honesty as a mechanism's language has it, or a linear one."""
    if isinstance(strategy, LinearBayes):
        return True
    return (
        isinstance(strategy, Revelation)
        and isinstance(strategy.economy, QuadraticEconomy)
        and type(strategy.mechanism).honest_bids is Mechanism.honest_bids
    )

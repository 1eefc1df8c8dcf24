"""Diagnostics of markets in which several traders act."""

import numpy as np

from deviator.economies import QuadraticEconomy
from deviator.errors import RefusedError
from deviator.mechanisms import Bids, RoundsMechanism
from deviator.policies.best_point import all_menus
from deviator.validation import Floats

from .exchange_core import ExchangeCore, State, Step


def exchange_info(core: ExchangeCore, state: State, step: Step) -> dict[str, Floats]:
    """Return what each acting trader met in a round, each (B, A).

    ``gain`` in units of money, ``price``, ``quantity`` and ``transfer``; and ``regret`` where it is
    known exactly, what the best bid would have added while the others' bids stay.
    """
    acting, outcome = list(core.traders), step.outcome
    price = outcome.price if outcome.price.ndim == 2 else outcome.price[:, None]
    info = {
        "gain": step.reward * np.array(core.reward_units),
        "price": np.broadcast_to(price, outcome.quantity.shape)[:, acting],
        "quantity": outcome.quantity[:, acting],
        "transfer": outcome.transfer[:, acting],
    }
    regret = regrets(core, step.bids, state.types)
    return info if regret is None else info | {"regret": regret[:, acting]}


def regrets(core: ExchangeCore, bids: Bids, types: Floats) -> Floats | None:
    """Return what each trader's best bid would add to their utility, (B, N); None if unknown."""
    economy = core.market.economy
    # What a bid adds in one round of a rule over rounds depends on the rounds to come.
    one_shot = not isinstance(core.market.mechanism, RoundsMechanism)
    if not (one_shot and isinstance(economy, QuadraticEconomy) and economy.quasilinear):
        return None
    try:
        menus = all_menus(core.market.mechanism, bids)
        return None if menus is None else menus.shift(economy, types).gain
    except RefusedError:
        return None

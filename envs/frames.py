"""The market that an environment shows: what was bid in it, and what came of it."""

from typing import Any

import numpy as np

from deviator.errors import RefusedError
from deviator.policies.mixing import drawn_bids
from deviator.validation import Floats

from .core import DeviationCore
from .decision_problem import DecisionProblem
from .exchange_core import ExchangeCore, State
from .lots import parted, rule_with
from .rendering import Frame


def deviation_frame(core: DecisionProblem, types: Floats, action: Floats | None) -> Frame:
    """Return the market of types (1, N) in which one trader deviates, or nobody yet.

    Raises
    ------
    RefusedError
        If the core is not that of a single trader's bid.
    """
    if not isinstance(core, DeviationCore):
        raise RefusedError(
            f"markets of a DeviationCore can be rendered, got {type(core).__name__}; leave out "
            "render_mode"
        )
    market, n = core.market, core.market.economy.n_traders
    known, lots = parted(types, n)
    rule, gain = rule_with(market.mechanism, lots), np.full(n, np.nan)
    bids: Any = drawn_bids(market.strategy, known)
    title = f"{market.mechanism.name}: everybody follows the strategy"
    if action is not None:
        bids = bids.with_candidates(market.trader, core.bid(types, action)[:, None])
        gain[market.trader] = float(core.reward(types, action)[0]) * core.reward_unit
        title = f"{market.mechanism.name}: trader {market.trader} deviates"
    return Frame(title, known[0], bids, rule.clear(bids), gain)


def exchange_frame(core: ExchangeCore, state: State, actions: Floats | None) -> Frame:
    """Return the one market of a state in which actions (1, A, K) are taken, or none yet."""
    mechanism, gain = core.market.mechanism, np.full(state.types.shape[1], np.nan)
    name = f"{mechanism.name}, round {state.round + 1} of {core.rounds}"
    if actions is None:
        title, bids = f"{name}: everybody follows the strategy", state.present
        return Frame(title, state.types[0], bids, core.rule_at(state).clear(bids), gain)
    step = core.step(state, actions)
    gain[list(core.traders)] = step.reward[0] * np.array(core.reward_units)
    bids = core.bids(state, actions)
    return Frame(f"{name}: what was bid", state.types[0], bids, step.outcome, gain)

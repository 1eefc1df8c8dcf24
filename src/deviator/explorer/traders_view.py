"""What happens at one profile of types while everybody follows the strategy, trader by trader."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, final

import numpy as np

from deviator.errors import RefusedError
from deviator.evidence import Market
from deviator.evidence.constraints.trader_gains import (
    TraderGains,
    exact_trader_gains,
    trader_gains,
)
from deviator.evidence.constraints.violations import HonestMarkets, honest_markets, no_efficiency
from deviator.policies.mixing import drawn_bids
from deviator.validation import Floats, finite_array

from .bid_texts import bid_text


class TraderRow(NamedTuple):
    """One trader.

    Attributes
    ----------
    trader : int
    type : float
    bid : str
        As a person reads it.
    price, quantity, transfer : float
        What clearing gives the trader; the price is NaN in autarky.
    utility : float
        What the trader is left with, in units of payoff.
    gain : float or None
        What the trader's best deviation gains at this profile; None where it was not searched.
    """

    trader: int
    type: float
    bid: str
    price: float
    quantity: float
    transfer: float
    utility: float
    gain: float | None


@final
@dataclass(frozen=True)
class TradersView:
    """One cleared market.

    Attributes
    ----------
    rows : tuple of TraderRow
    budget : float
        Sum of the transfers.
    welfare, first_best : float
        Total utility of the allocation, and of the efficient one.
    gains_from_trade : float
        What the efficient allocation adds to no trade.
    gain_kind : {"exact", "searched"}
        Whether gains are the largest there are, or the largest that a search found.
    no_efficiency : str or None
        Why welfare is not compared with the first best; None where it is.
    """

    rows: tuple[TraderRow, ...]
    budget: float
    welfare: float
    first_best: float
    gains_from_trade: float
    gain_kind: Literal["exact", "searched"]
    no_efficiency: str | None


def traders_view(tested: Market, types: Floats) -> TradersView:
    """Return what happens at one profile; where gains are searched, only the deviator's is.

    Parameters
    ----------
    tested : Market
    types : ndarray of float, shape (N,)

    Raises
    ------
    InvalidInputError
        If the types are malformed.
    RefusedError, NotConvergedError
        If the market cannot be cleared.

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> from deviator.evidence import market
    >>> from deviator.mechanisms import NaiveWalrasian
    >>> economy = private_values(4, slope=2.0)
    >>> view = traders_view(market(NaiveWalrasian(economy), economy), np.array([1.0, 0, 0, 0]))
    >>> view.rows[0].quantity, round(view.rows[0].gain, 9) == 3 / 320
    (0.375, True)
    """
    profile = finite_array("types", types, (tested.economy.n_traders,))[None]
    markets = honest_markets(tested, profile)
    gains, traders = _gains(tested, profile)
    known = dict(zip(traders, gains.gain[0].tolist(), strict=True))
    return TradersView(
        rows=tuple(_rows(markets, known)),
        budget=float(markets.outcome.transfer.sum()),
        welfare=float(markets.worth.sum()),
        first_best=float(markets.first_best[0]),
        gains_from_trade=float(markets.gains_from_trade[0]),
        gain_kind=gains.kind,
        no_efficiency=no_efficiency(markets),
    )


def _gains(tested: Market, profile: Floats) -> tuple[TraderGains, list[int]]:
    """Return what can be gained, and by whom: everybody, or the deviator where it is searched."""
    everybody = list(range(tested.economy.n_traders))
    if not tested.bids_are_surfaces:
        try:
            return exact_trader_gains(tested, everybody, profile), everybody
        except RefusedError:
            pass
    return trader_gains(tested, [tested.trader], profile), [tested.trader]


def _rows(markets: HonestMarkets, gains: dict[int, float]) -> list[TraderRow]:
    outcome, types = markets.outcome, markets.types[0]
    bids = drawn_bids(markets.tested.strategy, markets.types)
    return [
        TraderRow(
            trader,
            float(types[trader]),
            bid_text(bids, trader),
            float(outcome.price_of(trader)[0]),
            float(outcome.quantity[0, trader]),
            float(outcome.transfer[0, trader]),
            float(np.asarray(markets.utility)[0, trader]),
            gains.get(trader),
        )
        for trader in range(len(types))
    ]

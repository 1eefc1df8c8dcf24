"""What one trader can reach while the others' bids are fixed, and the best point of it."""

from dataclasses import dataclass
from typing import Literal, final

import numpy as np

from deviator.errors import RefusedError
from deviator.evidence import Market
from deviator.evidence.constraints.trader_gains import searched_gain
from deviator.mechanisms import LineMenu, Menu
from deviator.policies.mixing import drawn_bids
from deviator.trust import foreign_methods
from deviator.validation import Floats, finite_array

POINTS = 121
"""Points of a menu that is a line."""

BEYOND = 2.0
"""How far a line is shown, of the larger of the honest and the best quantity."""


@final
@dataclass(frozen=True, eq=False)
class MenuView:
    """One trader's menu at one profile of types.

    Attributes
    ----------
    quantity, payment, payoff : ndarray of float, shape (M,)
        Points of the menu, what each costs, and what the trader is left with; empty where the rule
        states no menu.
    honest, best : tuple of float
        Quantity and payoff of the strategy's own bid, and of the best one.
    gain : float
        What the best bid adds; never negative.
    kind : {"exact", "searched"}
    is_line : bool
        Whether the menu lies on a straight residual curve.
    """

    quantity: Floats
    payment: Floats
    payoff: Floats
    honest: tuple[float, float]
    best: tuple[float, float]
    gain: float
    kind: Literal["exact", "searched"]
    is_line: bool


def menu_view(tested: Market, types: Floats) -> MenuView:
    """Return the menu of the market's deviator at one profile.

    Where the rule states no menu, the best bid is searched, and its point alone is shown.

    Parameters
    ----------
    tested : Market
    types : ndarray of float, shape (N,)

    Raises
    ------
    InvalidInputError
        If the types are malformed.
    RefusedError
        If bids are surfaces, or the gain is unbounded.

    Examples
    --------
    Footnote 28: the trader asks for less than honesty would, by the share 1 / (N + 1).

    >>> from deviator.economies import private_values
    >>> from deviator.evidence import market
    >>> from deviator.mechanisms import NaiveWalrasian
    >>> economy = private_values(4, slope=2.0)
    >>> view = menu_view(market(NaiveWalrasian(economy), economy), np.array([1.0, 0, 0, 0]))
    >>> round(view.honest[0], 9), round(view.best[0], 9), round(view.gain, 9) == 3 / 320
    (0.375, 0.3, True)
    """
    profile = finite_array("types", types, (tested.economy.n_traders,))[None]
    if tested.bids_are_surfaces:
        raise RefusedError(
            "a menu needs bids of numbers, and here bids are surfaces; the table shows "
            "what the best deviation gains"
        )
    menu = tested.mechanism.menu(drawn_bids(tested.strategy, profile), tested.trader)
    if menu is None or not menu.regular.all():
        return _searched(tested, profile)
    return _stated(tested, menu, profile)


def _stated(tested: Market, menu: Menu, profile: Floats) -> MenuView:
    """Return a menu that the rule states."""
    bids = drawn_bids(tested.strategy, profile)
    own = bids.of_trader(tested.trader)[:, None]
    present = tested.mechanism.clear_deviations(bids, tested.trader, own)
    best = menu.best(tested.economy, profile, tested.trader, present)
    kept = float(tested.honest_results(profile).utility[0])
    honest = float(present.quantity[0, 0])
    quantity = _shown_quantities(menu, present.quantity[:, 0], best.quantity)
    payment = np.array([float(menu.payment(np.array([each]))[0]) for each in quantity])
    reached = np.isfinite(payment)
    ours = not foreign_methods(tested.mechanism, ["menu", "clear", "clear_deviations"])
    return MenuView(
        quantity[reached],
        payment[reached],
        _payoffs(tested, profile, quantity[reached], payment[reached]),
        (honest, kept),
        (float(best.quantity[0]), kept + float(best.gain[0])),
        float(best.gain[0]),
        "exact" if ours else "searched",
        isinstance(menu, LineMenu),
    )


def _shown_quantities(menu: Menu, present: Floats, best: Floats) -> Floats:
    """Return the points of a finite menu, or of a line those around what matters."""
    if not isinstance(menu, LineMenu):
        return np.unique(np.concatenate([*menu.samples(present), present]))
    ends = np.array([0.0, present[0], best[0]])
    middle, reach = ends.mean(), BEYOND * np.ptp(ends) or 1.0
    low, high = np.ravel(menu.low)[0], np.ravel(menu.high)[0]
    spread = np.linspace(middle - reach, middle + reach, POINTS)
    return np.unique(np.clip(np.concatenate([spread, ends]), low, high))


def _payoffs(tested: Market, profile: Floats, quantity: Floats, payment: Floats) -> Floats:
    payoff = tested.economy.payoff_of(tested.trader, quantity[None], payment[None], profile)
    return np.asarray(payoff[0])


def _searched(tested: Market, profile: Floats) -> MenuView:
    """Return the honest and the best point alone; the best bid is searched."""
    gain, bid = searched_gain(tested, tested.trader, profile)
    situation = tested.situation(profile)
    both = situation.compared(situation.own if bid is None else bid)
    nothing = np.empty(0)
    points = [(float(both.quantity[0, each]), float(both.payoff[0, each])) for each in (0, 1)]
    return MenuView(
        nothing, nothing, nothing, points[0], points[1], float(gain[0]), "searched", False
    )

"""Exact honest markets: one rational clearing holds the residual lines of all traders.

Honest outcomes are affine in the types, so the markets at the zero profile and at each unit profile
say what they are at every profile. The others' bids fixed, a market of one of deviator's clearings
has one degree of freedom: whatever a trader bids, the market ends on the residual line that these
markets have, or trades nothing.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple, final

import numpy as np

from deviator.economies import QuadraticEconomy
from deviator.errors import RefusedError
from deviator.mechanisms import ResidualLineMechanism, exact_payment
from deviator.mechanisms.exact import RationalBids, RationalEconomy
from deviator.numerics.polynomial import Polynomial
from deviator.numerics.rational import Rationals, rational

from ..market import Market
from .certificate import Condition

MOST_TRADERS = 60
"""Rational elimination takes seconds at 50 traders, and grows with the cube and the digits."""


@final
@dataclass(frozen=True, eq=False)
class ExactHonestMarkets:
    """Exact honest outcomes at the zero profile and at each unit profile: N + 1 markets."""

    bids: RationalBids
    price: Rationals  # (N + 1,)
    quantity: Rationals  # (N + 1, N)
    transfer: Rationals  # (N + 1, N)
    slope: Rationals  # (N,)
    value: Rationals  # (N + 1, N), v = W s + c
    bend: Rationals  # (N,), the slopes of marginal utilities

    def seat(self, trader: int) -> "Seat":
        """Return one trader's side of the markets."""
        slope, quantity = self.slope[trader], self.quantity[:, trader]
        return Seat(
            self.price - slope * quantity,
            quantity,
            self.transfer[:, trader],
            slope,
            self.value[:, trader],
            self.bend[trader],
        )


class Seat(NamedTuple):
    """One trader's side of honest markets, each of shape (N + 1,)."""

    intercept: Rationals
    """Of the residual price curve, intercept + slope x."""
    quantity: Rationals
    transfer: Rationals
    slope: Fraction
    value: Rationals
    bend: Fraction


class MenuRule(NamedTuple):
    """T(x) = on_intercept a x + curvature x^2 / 2 on the residual line a + k x."""

    on_intercept: Fraction
    curvature: Fraction

    def transfer(self, intercept: Any, quantity: Any) -> Any:
        """Return what x units cost on the line of an intercept."""
        return (self.on_intercept * intercept + self.curvature * quantity / 2) * quantity


def unit_profiles(n_traders: int) -> Rationals:
    """Return the zero profile and each unit profile, shape (N + 1, N)."""
    n = n_traders
    return rational(np.concatenate([np.zeros((1, n), int), np.eye(n, dtype=int)]).tolist())


def honest_markets(
    tested: Market, mechanism: ResidualLineMechanism, economy: QuadraticEconomy
) -> ExactHonestMarkets | None:
    """Clear the honest markets exactly; None where they are in autarky."""
    n = tested.economy.n_traders
    try:
        bids = tested.strategy.exact_bids(unit_profiles(n))
    except NotImplementedError as error:
        raise RefusedError(f"an exact certificate needs exact bids: {error}") from None
    cleared = mechanism.clear_exact(bids)
    if cleared is None:
        return None
    solution, transfers = cleared
    exact = RationalEconomy.of(economy)
    value = np.concatenate([exact.intercept[None], exact.weights.T + exact.intercept])
    return ExactHonestMarkets(
        bids,
        solution.price,
        solution.quantity,
        transfers,
        solution.residual_slope,
        value,
        exact.slope,
    )


def menu_rule(
    mechanism: ResidualLineMechanism, slope: Fraction
) -> tuple[MenuRule | None, Condition]:
    """Evaluate the payment rule on the residual line with symbols for its intercept and x."""
    intercept, x = Polynomial.variable("a"), Polynomial.variable("x")
    paid = exact_payment(mechanism, intercept + slope * x, x, slope)
    transfer = paid if isinstance(paid, Polynomial) else Polynomial({(): paid})
    allowed = {("a", "x"), ("x", "x")}
    strange = [m for m, value in transfer.terms.items() if value != 0 and m not in allowed]
    name = "the menu comes from the payment rule and vanishes at 0"
    if strange:
        return None, Condition(name, False, f"it has a term in {'*'.join(strange[0]) or '1'}")
    rule = MenuRule(transfer.coefficient("a", "x"), 2 * transfer.coefficient("x", "x"))
    shown = f"T(x) = {float(rule.on_intercept):g} a x + {float(rule.curvature):.6g} x^2/2"
    return rule, Condition(name, True, shown)


def own_type_only(bids: RationalBids) -> Condition:
    """Check that no trader's bid at the zero and unit profiles moves with another's type.

    The bids' coefficients are the same at all profiles by their form; their levels are read here.
    """
    name = "a bid reads no type but its own trader's"
    moved = bids.levels[1:] - bids.levels[0]
    elsewhere = (moved != 0) & ~np.eye(len(moved), dtype=bool)
    if not elsewhere.any():
        return Condition(name, True, "the coefficients of the others' types are 0 in every level")
    whose, trader = (int(place) for place in np.argwhere(elsewhere)[0])
    detail = f"the bid of trader {trader} moves with the type of trader {whose}"
    return Condition(name, False, detail)


def lands_on_menu(honest: ExactHonestMarkets, trader: int, rule: MenuRule) -> Condition:
    """Compare a deviation, and honesty, with the menu.

    As honest bids read the own type only, the unit profile of a trader is the zero profile with a
    deviation of that trader, in the level of the bid.
    """
    name = "deviations land on the residual line and pay the menu"
    seat, own = honest.seat(trader), 1 + trader
    on_line = honest.price[own] == seat.intercept[0] + seat.slope * seat.quantity[own]
    paid = seat.transfer[own] == rule.transfer(seat.intercept[0], seat.quantity[own])
    honestly = seat.transfer == rule.transfer(seat.intercept, seat.quantity)
    if not (on_line and paid and honestly.all()):
        return Condition(name, False, "a deviation leaves the line or pays another amount")
    detail = "one degree of freedom is left where the others' bids are fixed; checked in the level"
    return Condition(name, True, detail)

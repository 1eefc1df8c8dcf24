"""Joint deviations as a quadratic problem, read off a market of straight residual lines.

Fix the others' bids. They and market clearing are linear equations, so that whatever M members
submit together, price and quantities lie in one space of M dimensions, and the levels of their M
bids reach all of it: p = p0 + pi . x, q = q0 + Q x for level shifts x. With linear-quadratic
utilities and a payment of degree two in price and quantity each person's gain is a quadratic
function of x,

    g(x) = start + slope . x + x' bend x / 2.

These are all deviations there are where payments depend on price and quantity alone, or where a
bid is nothing but its level. Elsewhere (payments that use the residual slope, in languages with
shapes) members also move each other's residual slopes, and the quadratic speaks of bids of the
strategy's shapes: `rewritten_bids` has the rest.
"""

from dataclasses import dataclass
from functools import reduce
from typing import Any, final

import numpy as np

from deviator.economies import is_linear_quadratic
from deviator.errors import RefusedError
from deviator.mechanisms import ResidualLineMechanism
from deviator.numerics.polynomial import Polynomial
from deviator.policies.best_point import CLEARED
from deviator.validation import Floats

from ..certificates import is_all_ours
from .party import Party

DEGREE = 2
"""Largest degree of payments in price and quantity."""


@final
@dataclass(frozen=True, eq=False)
class JointQuadratic:
    """What each of P people gains by level shifts x of the party's M bids, in B markets.

    Attributes
    ----------
    start : ndarray of float, shape (B, P)
        The gain of the strategy's own bids in the arena: 0 in a coalition.
    slope : ndarray of float, shape (B, P, M)
    bend : ndarray of float, shape (B, P, M, M)
    """

    start: Floats
    slope: Floats
    bend: Floats

    def gains(self, shift: Floats) -> Floats:
        """Return each person's gain (B, P) by level shifts (B, M)."""
        linear = np.einsum("bpm,bm->bp", self.slope, shift)
        return np.asarray(
            self.start + linear + 0.5 * np.einsum("bm,bpmn,bn->bp", shift, self.bend, shift)
        )

    def weighted(self, weights: Floats) -> tuple[Floats, Floats]:
        """Return slope (B, M) and bend (B, M, M) of a sum of gains with weights (B, P)."""
        slope = np.einsum("bp,bpm->bm", weights, self.slope)
        return slope, np.einsum("bp,bpmn->bmn", weights, self.bend)


@final
@dataclass(frozen=True, eq=False)
class Response:
    """How arenas move with the levels of a party's bids.

    Attributes
    ----------
    price : ndarray of float, shape (B,)
    quantity, residual_slope : ndarray of float, shape (B, N')
        At the strategy's own bids.
    price_effect : ndarray of float, shape (B, M)
    quantity_effect : ndarray of float, shape (B, N', M)
    """

    price: Floats
    quantity: Floats
    residual_slope: Floats
    price_effect: Floats
    quantity_effect: Floats


def linear_rule(party: Party) -> ResidualLineMechanism:
    """Return the arena's rule where joint deviations are a quadratic problem.

    Raises
    ------
    RefusedError
        If they are not, or that is not known.
    """
    rule, arena = party.arena.mechanism, party.arena
    known = isinstance(rule, ResidualLineMechanism) and type(rule).clear in CLEARED
    limited = any(rule.bid_limits(place) is not None for place in party.places)
    economies = (party.tested.economy, arena.economy)
    quadratic = all(is_linear_quadratic(economy) for economy in economies)
    if not isinstance(rule, ResidualLineMechanism) or not known or not is_all_ours(rule):
        raise RefusedError(
            "an exact joint deviation needs a built-in rule of straight residual lines, which "
            f"{rule.name} is not; name a learner instead"
        )
    if limited or not quadratic:
        raise RefusedError(
            "an exact joint deviation needs linear-quadratic utilities and bids without limits, "
            f"got {party.tested.economy.name}; name a learner instead"
        )
    return rule


def response_of(party: Party, types: Floats) -> Response:
    """Return how the arenas at some profiles move with the party's levels.

    Raises
    ------
    RefusedError
        As in `linear_rule`, and where a market is in autarky.
    """
    rule: Any = linear_rule(party)
    bids, level = party.base_bids(types), rule.language.level
    record = rule.language.record
    base = rule.clear(record.from_array(bids))
    if not base.traded.all():
        raise RefusedError(
            "an exact joint deviation needs markets that trade, got autarky in market "
            f"{int(np.flatnonzero(~base.traded)[0])}"
        )
    # Differences of levels 0 and 1 do not cancel, however large the types are.
    bids[:, :, level] = 0.0
    zero = rule.clear(record.from_array(bids))
    effects = []
    for place in party.places:
        bids[:, place, level] = 1.0
        moved = rule.clear(record.from_array(bids))
        bids[:, place, level] = 0.0
        effects.append((moved.price - zero.price, moved.quantity - zero.quantity))
    prices, quantities = zip(*effects, strict=True)
    return Response(
        base.price,
        base.quantity,
        base.residual_slope,
        np.stack(prices, axis=-1),
        np.stack(quantities, axis=-1),
    )


def payment_of(rule: ResidualLineMechanism, residual_slope: Any) -> Polynomial:
    """Return the payment as a polynomial in price and quantity.

    Raises
    ------
    RefusedError
        If it has a degree above two, or is not read off.
    """
    price, quantity = Polynomial.variable("price"), Polynomial.variable("quantity")
    try:
        paid = rule.payment(price, quantity, residual_slope, rule.tax_slope)
    except TypeError as error:
        raise RefusedError(
            f"an exact joint deviation needs a payment of + - * and division, that of {rule.name} "
            f"uses more ({error}); name a learner instead"
        ) from None
    polynomial = paid if isinstance(paid, Polynomial) else Polynomial({(): paid})
    if any(len(monomial) > DEGREE for monomial in polynomial.terms):
        raise RefusedError(
            f"an exact joint deviation needs a payment of degree {DEGREE}, that of {rule.name} has "
            "a higher one; name a learner instead"
        )
    return polynomial


def uses_residual_slope(rule: ResidualLineMechanism) -> bool:
    """Return whether what a trader pays depends on the residual slope itself."""
    price, quantity, slope = map(Polynomial.variable, ("price", "quantity", "slope"))
    paid = rule.payment(price, quantity, slope, rule.tax_slope)
    return isinstance(paid, Polynomial) and any("slope" in monomial for monomial in paid.terms)


def joint_quadratic(party: Party, types: Floats, response: Response) -> JointQuadratic:
    """Return what each person gains by shifts of the party's levels.

    Parameters
    ----------
    party : Party
    types : ndarray of float, shape (B, N)
    response : Response
        At these types.
    """
    economy: Any = party.tested.economy
    value, honest = economy.value(types), party.honest(types).utility
    base = party.kept(types, party.base_bids(types)).utility
    slopes, bends = [], []
    for person in party.people:
        mine = [i for i, owner in zip(party.places, party.owners, strict=True) if owner == person]
        quantity = response.quantity[:, mine].sum(axis=1)
        effect = response.quantity_effect[:, mine].sum(axis=1)
        marginal = value[:, person] - economy.slope[person] * quantity
        paid = [_payment_terms(party, response, place) for place in mine]
        slopes.append(marginal[:, None] * effect - sum(slope for slope, _ in paid))
        bends.append(
            -economy.slope[person] * _outer(effect, effect) - sum(bend for _, bend in paid)
        )
    start = np.zeros_like(honest) if party.kind == "coalition" else base - honest
    return JointQuadratic(start, np.stack(slopes, axis=1), np.stack(bends, axis=1))


def _payment_terms(party: Party, response: Response, place: int) -> tuple[Floats, Floats]:
    """Return slope (B, M) and bend (B, M, M) of what one bid pays, in level shifts."""
    rule: Any = party.arena.mechanism
    paid = payment_of(rule, response.residual_slope[:, place])
    price, quantity = response.price, response.quantity[:, place]
    by_price, by_quantity = response.price_effect, response.quantity_effect[:, place]

    def number(*monomial: str) -> Floats:
        return np.broadcast_to(np.asarray(paid.coefficient(*monomial), float), price.shape)

    both, squared = number("price", "quantity"), 2 * number("quantity", "quantity")
    prices = 2 * number("price", "price")
    on_price = number("price") + both * quantity + prices * price
    on_quantity = number("quantity") + both * price + squared * quantity
    slope = on_price[:, None] * by_price + on_quantity[:, None] * by_quantity
    parts = (
        squared[:, None, None] * _outer(by_quantity, by_quantity),
        prices[:, None, None] * _outer(by_price, by_price),
        both[:, None, None] * (_outer(by_price, by_quantity) + _outer(by_quantity, by_price)),
    )
    return slope, reduce(np.add, parts)


def _outer(left: Floats, right: Floats) -> Floats:
    return np.asarray(left[:, :, None] * right[:, None, :])

"""Branch and bound: a bound on the gain over a stated box, for payments that are smooth arithmetic.

The others' bids fixed, whatever one trader bids ends on the residual line of price a + k x at some
quantity x, or in autarky, where x is 0 and nothing is paid. Honest traders get q where v = mu q +
p + sigma q, an identity in all types that is checked in rational numbers. So the gain from x is a
function of a, q and d = x - q, see `branch_and_bound`. The box with the largest bound is halved
until bounds are near a gain that is known, or a budget ends.

Types stay in a stated box, and a and q in a rectangle around what they are there. Quantities beyond
the box are covered too where the gain is seen to fall out there.
"""

from fractions import Fraction
from typing import NamedTuple

import numpy as np

from deviator.economies import QuadraticEconomy, is_linear_quadratic
from deviator.errors import DeviatorError, RefusedError
from deviator.mechanisms import ResidualLineMechanism
from deviator.mechanisms.exact import RationalEconomy
from deviator.numerics.interval import Interval
from deviator.numerics.rational import Rationals, rational
from deviator.policies import Information
from deviator.policies.mixing import unmixed_bids
from deviator.validation import Floats

from ..market import Market
from .branch_and_bound import Boxes, Gain, search
from .certificate import Certificate, Condition
from .honest_markets import MOST_TRADERS, unit_profiles
from .premises import all_honest, all_known, check_law

KIND = "bounded search"
THEOREM = "a bounded search"

SPREADS = 4.0
"""Types are searched this many standard deviations around their means, where unbounded."""

REACH = 4.0
"""Deviations are searched up to this multiple of the largest honest quantity in the box."""

MOST_BOXES = 20_000
"""Boxes that are bounded at most."""

MOST_BEYOND = 1000
"""The same beyond the box."""

RINGS = 12
"""Pieces of what is beyond it, each four times as wide as the one before, the last without end."""

NEGLIGIBLE = 1e-9
"""Or where it is below this share of the largest honest utility in the box."""

NOTHING = 1e-300
"""What intervals may make of an exact 0."""

SEED = 3_000_029
SAMPLED = 32
"""Profiles, from that seed, at which some deviations are cleared and compared with the bound."""

LEVELS = np.array([-3.0, -1.0, -0.2, 0.1, 0.5, 2.0])
"""By how much levels of bids are moved there, of the usual level."""

ROUNDING = 1e-9
"""What still counts as rounding, of the utilities that a gain is a difference of."""


def certify_bounded_search(tested: Market, information: Information = "profile") -> Certificate:
    """Bound the gain of every deviation over a box of types and quantities, by branch and bound.

    The certificate speaks of its box and of nothing else: `Certificate.region` states it. There is
    a cap where the box holds all types of the law and all quantities; elsewhere a condition
    fails, and the bound is told beside it.

    Parameters
    ----------
    tested : Market
        A linear-quadratic economy; honest traders; a `ResidualLineMechanism` of known parts whose
        payment is arithmetic: + - * / and whole powers.
    information : {"profile", "own"}
        What the deviator knows; the bound holds on every rung.

    Raises
    ------
    RefusedError
        If the payment branches or is no arithmetic, honest bids are not optimal for price takers,
        or no bound is found.

    Examples
    --------
    >>> from deviator.economies import UniformBox, fundamental_value
    >>> from deviator.evidence import market
    >>> from deviator.mechanisms import SigmaDCDA
    >>> law = UniformBox.common(4, -1.0, 1.0)
    >>> tested = market(SigmaDCDA(0.2), fundamental_value(4), distribution=law)
    >>> certify_bounded_search(tested).cap < 1e-20
    True
    """
    del information
    mechanism, economy = _parts(tested)
    premises = all_known(THEOREM, tested), all_honest(THEOREM, tested)
    check_law(THEOREM, tested.distribution)
    types = _types(tested)
    seat = _seat(tested, mechanism, economy, types)
    gain = Gain(
        mechanism,
        Interval.of(seat.slope),
        Interval.of(seat.slope + Fraction(mechanism.tax_slope)),
        Interval.of(seat.bend),
    )
    autarky = _autarky_is_on_the_menu(gain, seat)
    reach = REACH * float(seat.quantity.magnitude.high)
    if reach == 0:
        still = Condition("honest markets trade", False, "not in the box")
        return Certificate(KIND, (*premises, still), None, False, trades=False)
    stake = NEGLIGIBLE * float((gain.climb.magnitude + gain.bend).high) * (reach / REACH) ** 2
    found = search(gain, _inside(seat, reach), stake, MOST_BOXES)
    if not np.isfinite(found.bound):
        raise RefusedError(
            f"no bound on the gain in {mechanism.name} was found for {types.detail} and quantities "
            f"up to {reach:.6g}: its payment may divide by 0 there"
        )
    beyond = _beyond(gain, seat, reach, max(found.bound, stake))
    cap, where = max(found.bound, beyond.bound), f"{types.detail}, {beyond.detail}"
    detail = f"for {where}: at most {cap:.6g}, of which {found.known:.6g} was found at a point"
    bound = Condition("the gain is bounded over a box", True, detail)
    complete = types.is_all and beyond.is_all
    whole = Condition("the box holds all types of the law and all quantities", complete, where)
    runs = _what_runs(tested, types, seat, reach, cap)
    conditions = (*premises, autarky, bound, whole, runs)
    known = cap if complete and runs.holds else None
    return Certificate(KIND, conditions, known, False, region=where)


class _Types(NamedTuple):
    """The box of types."""

    low: Floats  # (N,)
    high: Floats  # (N,)
    detail: str
    is_all: bool  # whether the law has no other types


class _Beyond(NamedTuple):
    """What is known of the gain beyond the box."""

    bound: float
    detail: str  # up to where
    is_all: bool = False  # whether that is everywhere


class _Seat(NamedTuple):
    """The deviator's side of honest markets over the box of types."""

    intercept: Interval  # a, of the residual price a + k x
    quantity: Interval  # q
    slope: Fraction  # k
    bend: Fraction  # mu


def _parts(tested: Market) -> tuple[ResidualLineMechanism, QuadraticEconomy]:
    mechanism, economy = tested.mechanism, tested.economy
    if not isinstance(mechanism, ResidualLineMechanism):
        raise RefusedError(
            f"{THEOREM} needs a mechanism of straight residual curves, which {mechanism.name} is "
            "not; derive it from ResidualLineMechanism"
        )
    if not is_linear_quadratic(economy):
        raise RefusedError(
            f"{THEOREM} needs a linear-quadratic economy, got {type(economy).__name__}"
        )
    if economy.n_traders > MOST_TRADERS:
        raise RefusedError(
            f"{THEOREM} clears markets in rational arithmetic, of at most {MOST_TRADERS} traders, "
            f"got {economy.n_traders}"
        )
    return mechanism, economy


def _types(tested: Market) -> _Types:
    """Return the law's support where it ends, and so many deviations around the means elsewhere."""
    law = tested.distribution
    low, high = law.support
    if np.isfinite([low, high]).all():
        return _Types(low, high, "types where the law has them", True)
    reach = SPREADS * law.deviation
    low, high = np.maximum(low, law.mean - reach), np.minimum(high, law.mean + reach)
    where = f"types within {SPREADS:g} standard deviations of their means"
    return _Types(low, high, where, False)


def _seat(
    tested: Market, mechanism: ResidualLineMechanism, economy: QuadraticEconomy, types: _Types
) -> _Seat:
    """Clear honest markets exactly at the zero profile and each unit profile: all are affine.

    Raises
    ------
    RefusedError
        If honest traders do not bid their marginal utilities less the tax.
    """
    n, trader = economy.n_traders, tested.trader
    profiles = unit_profiles(n)
    try:
        solution = mechanism.clearing.solve_exact(tested.strategy.exact_bids(profiles))
    except (DeviatorError, NotImplementedError) as error:
        raise RefusedError(f"{THEOREM} needs exact honest markets: {error}") from None
    if solution is None:
        raise RefusedError(f"{THEOREM} needs honest markets that trade, and these are in autarky")
    quantity, slope = solution.quantity[:, trader], solution.residual_slope[trader]
    exact = RationalEconomy.of(economy)
    bend, tax = exact.slope[trader], Fraction(mechanism.tax_slope)
    value = exact.value(profiles)[:, trader]
    if (value != (bend + tax) * quantity + solution.price).any():
        raise RefusedError(
            f"{THEOREM} needs honest bids at which marginal utility is the price and the tax "
            f"slope times the quantity, and those of {mechanism.name} differ from them here"
        )
    intercept = solution.price - slope * quantity
    return _Seat(_range(intercept, types), _range(quantity, types), slope, bend)


def _range(values: Rationals, types: _Types) -> Interval:
    """Return what an affine function, given at the zero and unit profiles, is in the box."""
    weights = values[1:] - values[0]
    low, high = rational(types.low), rational(types.high)
    rises = weights > 0
    least = values[0] + (weights * np.where(rises, low, high)).sum()
    most = values[0] + (weights * np.where(rises, high, low)).sum()
    return Interval(Interval.of(least).low, Interval.of(most).high)


def _autarky_is_on_the_menu(gain: Gain, seat: _Seat) -> Condition:
    """Return that no units cost nothing, as in autarky.

    Raises
    ------
    RefusedError
        If they do not.
    """
    at_nothing = gain.payment(seat.intercept, Interval.of(0.0)).value
    if not float(at_nothing.magnitude.high) <= NOTHING:
        raise RefusedError(
            f"{THEOREM} needs a payment of 0 where nothing is traded, and that of "
            f"{gain.mechanism.name} is not"
        )
    return Condition("autarky is on the menu: no units, no payment", True, "at every intercept")


def _inside(seat: _Seat, reach: float) -> Boxes:
    """Return the box as one box."""
    sides = seat.intercept, seat.quantity, Interval(np.array(-reach), np.array(reach))
    return Boxes(*(Interval(np.ravel(side.low), np.ravel(side.high)) for side in sides))


def _beyond(gain: Gain, seat: _Seat, reach: float, limit: float) -> _Beyond:
    """Return up to which quantities nobody gains more than a limit, beyond the box."""
    edges = np.append(reach * 4.0 ** np.arange(RINGS), np.inf)
    low, high = np.append(edges[:-1], -edges[1:]), np.append(edges[1:], -edges[:-1])
    a, q, _ = _inside(seat, reach).at(np.zeros(len(low), dtype=int))
    rings = Boxes(a, q, Interval(low, high))
    ends = np.isinf(rings.widths[:, 2])
    near = search(gain, rings.at(~ends), limit, MOST_BEYOND).bound
    if near > limit:
        return _Beyond(0.0, f"quantities up to {reach:.6g} beside honest ones")
    far = search(gain, rings.at(ends), limit, MOST_BEYOND).bound
    if far > limit:
        return _Beyond(near, f"quantities up to {edges[-2]:.6g} beside honest ones")
    return _Beyond(max(near, far), "every quantity", True)


def _what_runs(tested: Market, types: _Types, seat: _Seat, reach: float, cap: float) -> Condition:
    """Clear some deviations at sampled profiles: none in the box may gain more than the bound."""
    law, trader = tested.distribution, tested.trader
    drawn = np.clip(law.sample(np.random.default_rng(SEED), SAMPLED), types.low, types.high)
    bids = unmixed_bids(tested.strategy, drawn)
    own = bids.of_trader(trader)
    level = tested.mechanism.language.level
    usual = float(np.abs(bids.as_array()[..., level]).max()) or 1.0
    candidates = np.repeat(own[:, None], 1 + len(LEVELS), axis=1)
    candidates[:, 1:, level] += usual * LEVELS
    candidates = tested.mechanism.allowed_bids(trader, candidates, own)
    alone = tested.mechanism.clear_deviations(bids, trader, candidates)
    worth = tested.economy.utility_of(trader, alone.quantity, drawn)
    utility, size = worth - alone.transfer, np.abs(worth) + np.abs(alone.transfer)
    excess = utility - utility[:, :1] - cap - ROUNDING * (size + size[:, :1])
    inside = np.abs(alone.quantity - alone.quantity[:, :1]) <= reach
    holds = not bool((inside & (excess > 0)).any())
    name = "what runs agrees: no deviation that was cleared gains more"
    return Condition(name, holds, f"{len(LEVELS)} levels of bids at {SAMPLED} profiles")

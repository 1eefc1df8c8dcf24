"""Witnesses that honest bidding breaks a constraint: one profile of types, in small numbers.

Incentive compatibility needs a deviation, and has `find_witness`. The other constraints speak of
what happens while everybody is honest, so a profile of types is all that a witness takes. Where
mechanism, economy and strategy have exact forms, the market is cleared again in rational
arithmetic; elsewhere the mechanism clears it alone.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, final

import numpy as np

from deviator.economies import QuadraticEconomy
from deviator.errors import InvalidInputError
from deviator.mechanisms import ResidualLineMechanism, SurfaceBids
from deviator.mechanisms.exact import RationalBids, RationalEconomy
from deviator.numerics.rational import Rationals, rational
from deviator.policies.mixing import drawn_bids
from deviator.validation import Floats, finite_array

from .market import Market
from .outside import sells_no_more
from .plain_data import fractions, market_as_data, number
from .results import payoff_rounding
from .rounding import outcome_rounding
from .witness import DECIMALS, bids_as_rows, has_exact_forms

if TYPE_CHECKING:  # exact constraints have witnesses, which are made here
    from .constraints import Constraint

FORMAT, VERSION = "deviator profile witness", 1

OF_A_PROFILE: tuple["Constraint", ...] = (
    "market_clearing",
    "budget_surplus",
    "individual_rationality",
    "efficiency",
)
"""Constraints on what happens while everybody is honest."""


@final
@dataclass(frozen=True, eq=False)
class _HonestMarket:
    """What happens at one profile; arrays of float, or of Fraction where bids are exact."""

    bids: RationalBids | None
    price: list[Any]  # what each trader meets, None in autarky
    quantity: Any  # (N,), as are the others
    transfer: Any
    utility: Any  # after transfers: payoffs
    worth: Any  # before transfers
    marginal: Any  # marginal utility at the quantities
    first_best: Any
    best_worth: Any  # utilities of the first best
    rounding: Floats  # what rounding may make of each trader's money
    payoff_rounding: Floats  # and of each one's payoff
    outside: float = 0.0  # what somebody outside receives
    tells_efficiency: bool = True  # whether total utilities do

    @property
    def gains_from_trade(self) -> Any:
        """Total utility of the first best, where no trade is worth 0."""
        return self.best_worth.sum()


def profile_witness(
    tested: Market, constraint: "Constraint", types: Floats
) -> dict[str, Any] | None:
    """Return a readable witness that honest bidding breaks a constraint at a profile of types.

    Types are rounded to the fewest decimals that keep the violation within a factor of two, inside
    the economy's sets of types, and the market is cleared again.

    Parameters
    ----------
    tested : Market
    constraint : str
        Any of the five but incentive compatibility, which takes a deviation.
    types : ndarray of float, shape (N,) or (1, N)

    Returns
    -------
    dict or None
        Plain data, described in ``docs/witnesses.md``; None where nothing holds up beyond rounding.

    Raises
    ------
    InvalidInputError
        If the constraint is of no profile, or the types are malformed.

    Examples
    --------
    The VCG mechanism loses money wherever there is trade.

    >>> from deviator.economies import private_values
    >>> from deviator.evidence import market
    >>> from deviator.mechanisms import SigmaDCDA
    >>> tested = market(SigmaDCDA(0.0), private_values(3, slope=1.0))
    >>> witness = profile_witness(tested, "budget_surplus", np.array([1.01, 0.02, -0.98]))
    >>> witness["types"], round(witness["violation"], 6), witness["exact"]["violation"]
    ([1.0, 0.0, -1.0], 0.5, '1/2')
    """
    if constraint not in OF_A_PROFILE:
        raise InvalidInputError(
            f"constraint must be one of {', '.join(OF_A_PROFILE)}, got {constraint!r}; "
            "find_witness shows deviations that pay"
        )
    profile = finite_array("types", np.ravel(types), (tested.economy.n_traders,))
    wanted = _violation(_plain_market(tested, profile), constraint)[0]
    if wanted <= 0:
        return None
    cleared = _exact_market if has_exact_forms(tested) else _plain_market
    for written in (*_rounded(tested, profile), profile):
        if not 0.5 * wanted <= _violation(_plain_market(tested, written), constraint)[0]:
            continue
        witness = _described(tested, constraint, written, cleared(tested, written))
        if witness is not None and 0.5 * wanted <= witness["violation"] <= 2 * wanted:
            return witness
    return None


def witness_at(tested: Market, constraint: "Constraint", types: Floats) -> dict[str, Any] | None:
    """Return the witness at just this profile, (N,), or None where rounding explains it."""
    cleared = _exact_market if has_exact_forms(tested) else _plain_market
    return _described(tested, constraint, types, cleared(tested, types))


def _rounded(tested: Market, profile: Floats) -> list[Floats]:
    low, high = tested.economy.type_set
    return [np.clip(np.round(profile, decimals) + 0.0, low, high) for decimals in DECIMALS]


def _violation(honest: _HonestMarket, constraint: "Constraint") -> tuple[Any, int | None]:
    """Return a violation in money, 0 where there is none, and whose it is."""
    trader, zero = None, 0 * honest.gains_from_trade
    if constraint == "market_clearing":
        violation = abs(honest.quantity.sum() + honest.outside) * max(abs(honest.marginal))
    elif constraint == "budget_surplus":
        violation = max(zero, -honest.transfer.sum())
    elif constraint == "efficiency":
        lost = honest.gains_from_trade - honest.worth.sum()
        violation = max(zero, lost) if honest.tells_efficiency else zero
    else:
        trader = int(np.argmin(honest.utility))
        violation = max(zero, -honest.utility[trader])
    return violation, trader


def _described(
    tested: Market, constraint: "Constraint", types: Floats, honest: _HonestMarket
) -> dict[str, Any] | None:
    """Return the witness as plain data, or None where rounding explains the violation."""
    violation, trader = _violation(honest, constraint)
    rounding = float(honest.rounding.sum() if trader is None else honest.payoff_rounding[trader])
    if float(violation) <= rounding:
        return None
    bids = drawn_bids(tested.strategy, types[None])
    whole = honest.gains_from_trade
    numbers = {
        "prices": honest.price,
        "quantities": honest.quantity,
        "transfers": honest.transfer,
        "utilities": honest.utility,
        "first_best": {"quantities": honest.first_best, "total": whole},
        "violation": violation,
        "gains_from_trade": whole,
        "share": violation / whole if whole > 0 and tested.economy.quasilinear else None,
    } | ({"outside": honest.outside} if honest.outside else {})
    return {
        "format": FORMAT,
        "version": VERSION,
        "constraint": constraint,
        **market_as_data(tested),
        "trader": trader,
        "types": types.tolist(),
        "honest_bids": None if isinstance(bids, SurfaceBids) else bids.as_array()[0].tolist(),
        **_floats(numbers),
        "arithmetic": "floating point" if honest.bids is None else "rational",
        "exact": None if honest.bids is None else _exact_data(tested, honest.bids, numbers),
    }


def _exact_data(tested: Market, bids: RationalBids, numbers: dict[str, Any]) -> dict[str, Any]:
    rows = bids_as_rows(bids, tested.mechanism.language.level)
    written: dict[str, Any] = fractions({"honest_bids": rows} | numbers)
    return written


def _floats(value: Any) -> Any:
    """Return numbers in any nesting as floats, None where there is none."""
    if isinstance(value, dict):
        return {name: _floats(each) for name, each in value.items()}
    if isinstance(value, np.ndarray) and value.dtype == np.float64 and np.isfinite(value).all():
        return value.tolist()
    if isinstance(value, list | np.ndarray):
        return [_floats(each) for each in value]
    return None if value is None else number(value)


def _plain_market(tested: Market, types: Floats) -> _HonestMarket:
    """Clear one honest market by the mechanism itself."""
    economy, profile = tested.economy, types[None]
    outcome = tested.mechanism.clear(drawn_bids(tested.strategy, profile))
    quantity, transfer = outcome.quantity, outcome.transfer
    worth = economy.utility(quantity, profile)[0]
    first_best = economy.efficient_allocation(profile)
    prices = [number(outcome.price_of(trader)[0]) for trader in range(economy.n_traders)]
    marginal = economy.marginal_utility(quantity, profile)[0]
    rounding, outside = outcome_rounding(tested, profile, outcome), float(outcome.outside[0])

    def payoff_at(transfer: Floats) -> Floats:
        return economy.payoff(quantity, transfer, profile)

    return _HonestMarket(
        None,
        prices,
        quantity[0],
        transfer[0],
        payoff_at(transfer)[0],
        worth,
        marginal,
        first_best[0],
        economy.utility(first_best, profile)[0],
        rounding[0],
        (rounding if economy.quasilinear else payoff_rounding(payoff_at, transfer, rounding))[0],
        outside,
        tells_efficiency=economy.quasilinear
        and bool(sells_no_more(outcome.outside, first_best)[0]),
    )


def _exact_market(tested: Market, types: Floats) -> _HonestMarket:
    """Clear one honest market in rational arithmetic; nobody trades where it is irregular."""
    mechanism, economy = tested.mechanism, tested.economy
    assert isinstance(mechanism, ResidualLineMechanism)
    assert isinstance(economy, QuadraticEconomy)
    profile = rational(types[None])
    exact, bids = RationalEconomy.of(economy), tested.strategy.exact_bids(profile)
    value, n = exact.value(profile)[0], economy.n_traders
    cleared = mechanism.clear_exact(bids)
    if cleared is None:
        price: list[Any] = [None] * n
        quantity, transfer = rational(np.zeros(n)), rational(np.zeros(n))
    else:
        price = [cleared[0].price[0]] * n
        quantity, transfer = cleared[0].quantity[0], cleared[1][0]
    worth = _worth(exact, value, quantity)
    first_best = _first_best(exact, value)
    paid = np.array([0 if each is None else abs(each) for each in price]) * abs(quantity)
    rounding = tested.precision * (abs(worth) + abs(transfer) + paid).astype(np.float64)
    return _HonestMarket(
        bids,
        price,
        quantity,
        transfer,
        worth - transfer,
        worth,
        value - exact.slope * quantity,
        first_best,
        _worth(exact, value, first_best),
        rounding,
        rounding,
    )


def _worth(economy: RationalEconomy, value: Rationals, quantity: Rationals) -> Rationals:
    worth: Rationals = value * quantity - economy.slope * quantity**2 / 2
    return worth


def _first_best(economy: RationalEconomy, value: Rationals) -> Rationals:
    steepness = Fraction(1) / economy.slope
    quantity: Rationals = steepness * (value - (steepness @ value) / steepness.sum())
    return quantity

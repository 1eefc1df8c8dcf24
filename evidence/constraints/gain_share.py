"""The largest share of the gains from trade that one trader gains by the best deviation."""

from flint import fmpq

from deviator.errors import RefusedError
from deviator.numerics.quadratic_form import QuadraticForm
from deviator.numerics.rational import as_float, exact_number
from deviator.validation import Floats, trader_index

from ..market import Market
from .honest_forms import honest_forms
from .largest_share import ROUNDING, shares_of
from .outcome_forms import HonestForms

MENU = (("a", "x"), ("x", "x"))
"""Terms of a menu that is quadratic on the residual line a + k x, and 0 at 0."""


def exact_gain_share(tested: Market, trader: int) -> tuple[float, float | None, Floats | None]:
    """Return how much of the gains from trade one trader gains by the best deviation, at most.

    On the own residual line the best deviation is worth a square in the types, so that its largest
    ratio to the gains from trade is found and bounded like every other.

    Parameters
    ----------
    tested : Market
    trader : int
        Who deviates; the market's own trader does not matter.

    Returns
    -------
    share : float
        The largest share found; 0 where no deviation pays beyond rounding at any profile.
    cap : float or None
        No profile has a larger share, proved in exact numbers; None where there is no bound.
    types : ndarray of float, shape (N,), or None
        The profile of the share; None where there is none.

    Raises
    ------
    RefusedError
        If the market has no exact forms, or the deviator's problem no best point.

    Examples
    --------
    Under a uniform price one of three equal traders gains at most a twelfth.

    >>> from deviator.economies import private_values
    >>> from deviator.evidence import market
    >>> from deviator.mechanisms import UniformConditional
    >>> share, cap, types = exact_gain_share(market(UniformConditional(), private_values(3)), 0)
    >>> round(share, 6), round(cap, 6)
    (0.083333, 0.083333)
    """
    forms = honest_forms(tested)
    if forms is None:
        return 0.0, 0.0, None
    gain = _best_gain(tested, forms, trader_index(trader, forms.n_traders))
    if not gain.terms or not forms.has_gains:
        return 0.0, 0.0, None
    shares = shares_of(tested, forms)
    if shares.never_negative_locally(-gain, trader):
        return 0.0, 0.0, None
    found = shares.largest(gain)
    if found.cap is not None and found.cap <= ROUNDING:
        return 0.0, found.cap, None
    if not found.exact and shares.within_rounding(gain):
        return 0.0, 0.0, None
    return found.share, found.cap, found.types


def _best_gain(tested: Market, forms: HonestForms, trader: int) -> QuadraticForm:
    """Return (v - mu q - T'(q))^2 / (2 (mu + T'')) of the menu T on the residual line."""
    menu, slope = forms.menus[trader], forms.residual_slope[trader]
    if tested.mechanism.bid_limits(trader) is not None:
        raise RefusedError(
            "the best deviation has an exact form where bids have no limits, and types are bounded "
            f"in {tested.mechanism.name}; search profiles instead"
        )
    strange = [m for m, value in menu.terms.items() if value and m not in MENU]
    if strange:
        raise RefusedError(
            f"the best deviation has an exact form where the menu is quadratic and 0 at 0, and "
            f"that of {tested.mechanism.name} has a term in {'*'.join(strange[0]) or '1'}; search "
            "profiles instead"
        )
    on_intercept = exact_number(menu.coefficient("a", "x"))
    curvature = exact_number(menu.coefficient("x", "x")) * 2
    bend = forms.slope[trader] + curvature
    if bend <= 0:
        raise RefusedError(
            f"the best deviation has an exact form where the deviator's problem is concave, got "
            f"mu + T'' = {as_float(bend):.6g} for trader {trader}; gains may have no bound"
        )
    # The intercept of the residual line is p - k q.
    distance = {
        forms.value_place + trader: fmpq(1),
        trader: -forms.slope[trader] + on_intercept * slope - curvature,
        forms.price_place: -on_intercept,
    }
    return QuadraticForm.square(distance, 1 / (2 * bend))

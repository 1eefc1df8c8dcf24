"""Exact best gains through menus, on each rung of the information ladder.

Others' bids fixed, a deviator picks a point of a one-dimensional menu. With linear-quadratic
utility and a quadratic transfer the objective is a parabola of bend mu_i + T'', so the best gain
over the honest quantity is (bend / 2) shift^2, where shift is the best quantity minus the honest
one: computed this way it has no cancellation and is never negative. What a deviator gains who knows
less than all types is in `affine_shift`.
"""

import numpy as np

from deviator.economies import Economy, TypeDistribution
from deviator.errors import InvalidInputError
from deviator.mechanisms import Mechanism, quantity_per_level
from deviator.mechanisms.menu import linear_economy
from deviator.validation import Floats, finite_array

from .affine_shift import affine_shift, check_shape_is_free, conditional_shift, interim_gain
from .base import Policy, check_market
from .best_point import all_menus, best_point
from .information import Information, knows_profile, rung_within
from .mixing import unmixed_bids
from .revelation import Revelation


def exact_gain(
    mechanism: Mechanism,
    economy: Economy,
    types: Floats,
    *,
    others: Policy | None = None,
    information: Information = "profile",
    distribution: TypeDistribution | None = None,
    trader: int | None = None,
) -> Floats:
    """Return the exact best gain over a strategy that all others follow.

    Parameters
    ----------
    mechanism : Mechanism
    economy : Economy
        Linear-quadratic, but for mechanisms with a finite menu.
    types : ndarray of float, shape (B, N)
    others : Policy, optional
        The strategy deviated from; honesty by default.
    information : {"profile", "own", "statistics", "signal:DEVIATION"} or Rung
        Whether the deviator knows all types (gain at each profile, ex post) or what the rung shows
        (expected gain given that, interim; see `deviator.policies.information`).
    distribution : TypeDistribution, optional
        Law of the types; needed for all but "profile".
    trader : int, optional
        One deviator; by default each in turn.

    Returns
    -------
    ndarray of float, shape (B, N), or (B,) for one trader
        In units of money per market, non-negative.

    Raises
    ------
    RefusedError
        If the mechanism has no menu, a market is in autarky, the gain is unbounded, or the
        own-type rung has no closed form for this distribution and bid language.
    InvalidInputError
        If an argument is malformed.

    Examples
    --------
    The naive Walrasian auction of footnote 28, u = s q - q^2: d^2 (N - 1) / (4 N^2 (N + 1)).

    >>> from deviator.economies import private_values
    >>> from deviator.mechanisms import NaiveWalrasian
    >>> economy = private_values(4, alpha=1.0, slope=2.0)
    >>> gain = exact_gain(NaiveWalrasian(economy), economy, np.array([[1.0, 0.0, 0.0, 0.0]]))
    >>> round(float(gain[0, 0]), 12) == 3 / 320
    True
    """
    check_market(mechanism, economy)
    policy = others or Revelation(mechanism, economy)
    checked = finite_array("types", types, (None, economy.n_traders))
    rung = rung_within(information, mechanism, economy)
    if knows_profile(rung):
        if trader is None:
            return all_gains(mechanism, economy, policy, checked)
        return best_point(mechanism, economy, policy, checked, trader).gain
    market, law = linear_economy(economy), required_distribution(distribution)
    if trader is not None:
        return interim_gain(mechanism, market, policy, law, trader, rung)(checked)
    traders = range(economy.n_traders)
    gains = [interim_gain(mechanism, market, policy, law, i, rung)(checked) for i in traders]
    return np.stack(gains, axis=1)


def all_gains(mechanism: Mechanism, economy: Economy, policy: Policy, types: Floats) -> Floats:
    """Return the exact best gain of every trader at each profile, all types known, (B, N).

    All menus come from one clearing where that is known to give them (`all_menus`).
    """
    menus = all_menus(mechanism, unmixed_bids(policy, types))
    if menus is not None:
        return menus.shift(linear_economy(economy), types).gain
    traders = range(economy.n_traders)
    return np.stack([best_point(mechanism, economy, policy, types, i).gain for i in traders], 1)


def expected_exact_gain(
    mechanism: Mechanism,
    economy: Economy,
    distribution: TypeDistribution,
    trader: int,
    *,
    others: Policy | None = None,
    information: Information = "profile",
) -> float:
    """Return the mean of the exact best gain over the distribution, in closed form.

    Arguments and errors are those of `exact_gain`.
    """
    check_market(mechanism, economy)
    market = linear_economy(economy)
    policy = others or Revelation(mechanism, market)
    check_shape_is_free(mechanism)
    shift = affine_shift(mechanism, market, policy, trader)
    rung = rung_within(information, mechanism, economy)
    if not knows_profile(rung):
        best = conditional_shift(mechanism, policy, shift, distribution, trader, rung)
        return 0.5 * best.bend * best.mean_square(distribution)
    mean = shift.constant + shift.effect @ distribution.mean
    variance = shift.effect @ distribution.covariance @ shift.effect
    return float(0.5 * shift.bend * (mean**2 + variance))


def level_shift(
    mechanism: Mechanism,
    economy: Economy,
    policy: Policy,
    distribution: TypeDistribution,
    trader: int,
) -> float:
    """Return the root mean square of the best shift of a bid's level, whole profile known.

    In the level's units; the natural measure of how far a worthwhile deviation goes.
    """
    market = linear_economy(economy)
    shift = affine_shift(mechanism, market, policy, trader)
    gain = expected_exact_gain(mechanism, market, distribution, trader, others=policy)
    bids = unmixed_bids(policy, distribution.mean[None])
    response = float(quantity_per_level(mechanism, bids, trader)[0])
    return float(np.sqrt(2 * gain / shift.bend)) / abs(response)


def required_distribution(distribution: TypeDistribution | None) -> TypeDistribution:
    """Return the law of types for expected gains; InvalidInputError if it is missing."""
    if distribution is None:
        raise InvalidInputError(
            "information other than 'profile' needs a distribution of types, got None; pass "
            "distribution="
        )
    return distribution

"""The certificate by theorem in linear-quadratic economies, of any number of traders.

Let y_j = 1 / (mu_j + sigma), v = W s + c, p = sum(y v) / sum(y) and q_i = y_i (v_i - p).

*sigma-VCG* (Definition 2). Against truthful others a report x of trader i moves price and own
quantity along p + k_i (q - q_i), k_i = (dp/ds_i) / (dq_i/ds_i), where dq_i/ds_i = y_i (w_ii -
dp/ds_i) is positive by hypothesis: quantities and reports are one to one. The transfer is the area
under that line from 0 to q, plus sigma q^2 / 2, plus an amount that no report of i changes (units
that no report reaches, where types are bounded). So the own utility is a quadratic function of q
with second derivative -(mu_i + sigma + k_i) = -w_ii / (dq_i/ds_i), negative as w_ii > 0, and first
derivative v_i - mu_i q - p - k_i (q - q_i) - sigma q, which is 0 at the honest q_i by definition of
q_i. Honesty is the best report at every profile; where types are bounded, among the reports that
are types, at every profile of the box.

*sigma-DCDA* (Proposition 3). Honest bids are rows of W^-1 [diag(mu + sigma), 1] with levels
s + W^-1 c. W has an inverse by hypothesis (INJ), so they clear where diag(mu + sigma) q + p = v, at
sigma-VCG's outcome, and as trader i's bid shifts the market moves as it does with s_i: the residual
curves are the same lines, and exist for all as dq_i/ds_i is not 0. Any bid of i leads to that line
or to autarky. Autarky is worth 0, and honest utility is (mu_i + sigma + k_i) q_i^2 / 2 >= 0. So the
same objective is maximised, over all q, at the honest q_i.

The hypotheses are sums of N products per trader, decided in O(N^2) steps, or O(N G) where W =
diag(own) + L V (`decided`).
"""

from typing import Any

import numpy as np

from deviator.economies import (
    Factored,
    QuadraticEconomy,
    is_linear_quadratic,
    public_statistics,
    walrasian_allocation,
    walrasian_response,
)
from deviator.errors import DeviatorError, RefusedError
from deviator.mechanisms import SigmaDCDA, SigmaVCG
from deviator.mechanisms.conditional_auction import ConditionalAuction
from deviator.mechanisms.statistics import PublicStatistics
from deviator.validation import Floats

from ..market import Market
from .certificate import EVERY_PROFILE, TYPE_SETS, Certificate, Condition
from .decided import falling_quantity, has_inverse, not_positive
from .premises import all_honest, all_known

KIND = "theorem with checked hypotheses"
THEOREM = "this theorem"

SEED = 3_000_017
SAMPLED = 4
"""Profiles, from that seed, at which the code's outcome is compared with the theorem's."""

AGREEMENT = 1e-8
"""How far outcomes may be from the theorem's, of the largest value."""

SPANNED = 1e-12
"""What statistics may miss of what honest bids condition on, of its length: rounding."""


def certify_quadratic_by_theorem(tested: Market) -> Certificate:
    """Certify by Definition 2, or Proposition 3, that no deviation from honesty gains.

    Parameters
    ----------
    tested : Market
        A linear-quadratic economy of any size, and `SigmaDCDA` or `SigmaVCG`; types may be bounded.

    Raises
    ------
    RefusedError
        If the theorem does not speak of the market.

    Examples
    --------
    >>> from deviator.economies import fundamental_value
    >>> from deviator.evidence import market
    >>> certificate = certify_quadratic_by_theorem(market(SigmaDCDA(0.2), fundamental_value(100)))
    >>> certificate.cap, certificate.region
    (0.0, 'every profile')
    """
    economy, mechanism = tested.economy, tested.mechanism
    if not is_linear_quadratic(economy):
        raise RefusedError(
            f"{THEOREM} is about linear-quadratic economies, got {type(economy).__name__}"
        )
    if type(mechanism) not in (SigmaDCDA, SigmaVCG):
        raise RefusedError(
            f"{THEOREM} is about sigma-dcda and sigma-vcg, and not about {mechanism.name}"
        )
    premises = all_known(THEOREM, tested), all_honest(THEOREM, tested)
    rule: Any = mechanism  # One of the two, which are final.
    conditions = (
        *premises,
        *_hypotheses(rule, economy),
        _runs_as_proved(rule, economy),
    )
    proved = all(condition.holds for condition in conditions)
    bounded = economy.has_bounded_types and isinstance(rule, SigmaVCG)
    region = TYPE_SETS if bounded else EVERY_PROFILE
    return Certificate(KIND, conditions, 0.0 if proved else None, proved, region=region)


def _hypotheses(rule: SigmaDCDA | SigmaVCG, economy: QuadraticEconomy) -> list[Condition]:
    if isinstance(rule, SigmaVCG):
        return _responses(economy, rule.sigma)
    return conditional_bids_are_honest(rule, economy)


def conditional_bids_are_honest(
    rule: ConditionalAuction, economy: QuadraticEconomy
) -> list[Condition]:
    """Return the conditions under which conditional bids clear at the taxed allocation.

    Own types matter, quantities rise with them, types can be told from the allocation, and public
    statistics, where bids read these, tell what honest bids condition on.

    Parameters
    ----------
    rule : SigmaDCDA or UniformConditional
    economy : QuadraticEconomy
    """
    inverse = has_inverse(economy) is True
    detail = "its determinant is not 0 modulo a prime" if inverse else "its determinant may be 0"
    inverts = Condition("the type effects have an inverse (INJ)", inverse, detail)
    found = [*_responses(economy, rule.tax_slope), inverts]
    if isinstance(rule.statistics, PublicStatistics):
        found.append(_spanned(rule.statistics, economy, rule.tax_slope))
    return found


def _responses(economy: QuadraticEconomy, sigma: float) -> list[Condition]:
    trader, detail = falling_quantity(economy, sigma)
    rises = Condition("every quantity rises with the own type", trader is None, detail)
    without = not_positive(economy.own_type_effects)
    shown = f"least {economy.own_type_effects.min():.6g}"
    return [Condition("own type effects are positive (A3)", without is None, shown), rises]


def _spanned(statistics: PublicStatistics, economy: QuadraticEconomy, sigma: float) -> Condition:
    """Check that the statistics tell what honest bids condition on."""
    if isinstance(economy, Factored):
        rows = public_statistics(economy, sigma)
        rest = statistics.residual(rows)
    else:
        rows = economy.types_behind(np.eye(economy.n_traders)).T * (economy.slope + sigma)
        own = statistics.read(rows, np.arange(economy.n_traders))[0]
        rest = statistics.residual(rows - np.diag(own))
    missed = float(np.max(_lengths(rest) / _lengths(rows), initial=0.0))
    detail = f"as rounded to doubles, they miss {missed:.1g} of it at most"
    return Condition("statistics span what honest bids read", missed <= SPANNED, detail)


def _lengths(rows: Floats) -> Floats:
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", rows, rows)))


def _runs_as_proved(rule: SigmaDCDA | SigmaVCG, economy: QuadraticEconomy) -> Condition:
    """Clear honest markets by the code, and compare with the theorem's outcome.

    Raises
    ------
    RefusedError
        If they cannot be cleared.
    """
    types = _profiles(economy)
    try:
        outcome = rule.clear(rule.honest_bids(economy, types))
    except DeviatorError as error:
        raise RefusedError(
            f"the theorem needs honest markets that can be cleared: {error}"
        ) from None
    price, quantity = walrasian_allocation(economy, rule.sigma, types)
    slope = walrasian_response(economy, rule.sigma).residual_slope
    transfer = price[:, None] * quantity + (rule.sigma - slope) * quantity**2 / 2
    apart = far_apart(outcome.quantity, quantity)
    if not (economy.has_bounded_types and isinstance(rule, SigmaVCG)):
        apart = max(apart, far_apart(outcome.transfer, transfer))
    regular = bool(outcome.traded.all())
    detail = f"to {apart:.1g} of the largest value" if regular else "some are in autarky"
    return Condition(
        "the rule that runs has the theorem's outcomes",
        regular and apart <= AGREEMENT,
        f"{detail} at {SAMPLED} profiles",
    )


def far_apart(values: Floats, wanted: Floats) -> float:
    """Return how far values are from those wanted, of the largest one."""
    return float(np.abs(values - wanted).max() / (np.abs(wanted).max() or 1.0))


def _profiles(economy: QuadraticEconomy) -> Floats:
    """Draw types in their sets, about as large as what else makes up values."""
    unit = float(np.abs(economy.intercept).max() / np.abs(economy.own_type_effects).max()) or 1.0
    low, high = economy.type_set
    low = np.where(np.isfinite(low), low, np.where(np.isfinite(high), high - unit, -unit))
    high = np.where(np.isfinite(high), high, low + 2 * unit)
    rng = np.random.default_rng(SEED)
    return np.asarray(rng.uniform(low, high, (SAMPLED, economy.n_traders)))

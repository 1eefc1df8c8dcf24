"""Truthful reports are best at every profile in pivotal mechanisms whose quantities never fall.

Fix the others' types. Values are linear in the own type, so a trader of type s who reports r gets
u(q(r); s) - t(r) with t(r) = u(q(r); r) - w_ii A(r) and A(r) the integral of the own quantity q
from the pivotal type to r, whose lower end no report moves. So reporting r instead of s gains

    w_ii integral from s to r of (q(x) - q(r)) dx,

which is never positive where q never falls and w_ii > 0. With bounded types the same holds on the
set of types: A then starts at an end of it where no report gets nothing, which no report moves.
Why q never falls, whichever way ties are broken:

Single crossing, w_ki < w_ii for all k != i, and utilities less taxes that are concave (a spread, a
convex tax, discrete units). Some price p supports the allocation: q_k is a best quantity at the
margin v_k - p, and a larger margin never has a smaller best quantity. Let s_i rise by d > 0, and
suppose that q_i fell. Then v_i - p did not rise, so p rose by w_ii d at least, which is more than
w_ki d, so every other margin fell and no other quantity rose. But quantities sum to 0 before and
after: a contradiction.

Types that affect others alike, w_ki = c_i < w_ii for all k != i, and any tax on each trader's own
quantity, concave or not (an entry fee). The largest total V(s_i) is a maximum of functions that
are linear in s_i, so it is convex and its slopes do not fall; they are sum_k w_ki q_k =
(w_ii - c_i) q_i, since quantities sum to 0. Private values are the case c_i = 0.

Straight demand, where everybody always trades at one slope (no spread, no fee, no tax but a
quadratic one): q_i = y_i (v_i - p) with p the average of values at weights y = 1 / (mu + sigma), so
q_i moves with s_i at the rate y_i (w_ii - sum_k y_k w_ki / sum y), which must be positive.
"""

from fractions import Fraction
from typing import Any

import numpy as np

from deviator.economies import LinearQuadratic, QuadraticEconomy, is_linear_quadratic
from deviator.errors import DeviatorError, RefusedError
from deviator.mechanisms import (
    DiscreteVCG,
    EntryFeeVCG,
    PowerTax,
    SpreadVCG,
    SumTax,
    Tax,
    TaxVCG,
)
from deviator.mechanisms.direct.pivotal_mechanism import PivotalMechanism
from deviator.mechanisms.exact import RationalEconomy
from deviator.mechanisms.outcome import TraderOutcome
from deviator.numerics.rational import Rationals, rational
from deviator.policies import Information
from deviator.policies.mixing import unmixed_bids
from deviator.validation import Floats

from ..market import Market
from .certificate import EVERY_PROFILE, TYPE_SETS, Certificate, Condition
from .premises import all_honest, all_known, check_rule

THEOREM = "truthfulness at pivotal prices"

KIND = "quantities that never fall, at pivotal prices"

RULES = (SpreadVCG, TaxVCG, DiscreteVCG, EntryFeeVCG)

MOST_TRADERS = 200
"""Weights of a factored economy are written out in rational numbers up to here."""

SEED = 3_000_019
SAMPLED = 24
"""Profiles, from that seed, at which what runs is compared with what was proved."""

SAMPLED_SLOWLY = 8
"""The same where prices are solved for, or are those of single units."""

FEW_TRADERS = 10
"""Beyond so many traders profiles become fewer as traders become more."""

CLEARED = 1
"""How many of them are cleared for all traders, which costs a price for each."""

STEPS = np.array([-20.0, -4.0, -1.0, -0.3, 0.0, 0.1, 0.5, 2.0, 20.0])
"""Reports that are tried: multiples of the law's spread away from the own type."""

MOST_UNITS = 50
"""How many units a far report buys at most, in round numbers, where the good comes in units."""

AGREEMENT = 1e-9
"""What still counts as rounding, of the largest utility and payment in the market."""


def certify_single_crossing(tested: Market, information: Information = "profile") -> Certificate:
    """Certify that no report beats the truth in a pivotal mechanism, at any profile.

    Parameters
    ----------
    tested : Market
        A linear-quadratic economy; honest traders; `SpreadVCG`, `TaxVCG` with a tax of powers,
        `DiscreteVCG` or `EntryFeeVCG`.
    information : {"profile", "own"}
        What the deviator knows; the answer holds on every rung.

    Raises
    ------
    RefusedError
        If the mechanism is another one, quantities may fall (with the pair of traders at fault), or
        the rule cannot clear honest markets.

    Examples
    --------
    >>> from deviator.economies import fundamental_value
    >>> from deviator.evidence import market
    >>> economy = fundamental_value(4)
    >>> certificate = certify_single_crossing(market(SpreadVCG(economy, 0.3), economy))
    >>> certificate.cap, certificate.every_profile
    (0.0, True)
    """
    del information
    mechanism, economy = pivotal_parts(tested)
    try:
        reasons = rising_quantities(mechanism, economy)
    except RefusedError as reason:
        raise RefusedError(f"{reason}{_what_the_rule_says(tested)}") from None
    premises = all_known(THEOREM, tested), all_honest(THEOREM, tested)
    runs, trades = _what_runs(tested, mechanism, economy)
    conditions = (*premises, *reasons, runs)
    cap = 0.0 if runs.holds else None
    region = TYPE_SETS if economy.has_bounded_types else EVERY_PROFILE
    return Certificate(KIND, conditions, cap, runs.holds, trades, region)


def pivotal_parts(tested: Market) -> tuple[PivotalMechanism, QuadraticEconomy]:
    """Return the rule and the economy that theorems on pivotal prices speak of.

    Raises
    ------
    RefusedError
        If they are others.
    """
    mechanism, economy = tested.mechanism, tested.economy
    check_rule(THEOREM, mechanism, RULES)
    if not (isinstance(mechanism, PivotalMechanism) and is_linear_quadratic(economy)):
        raise RefusedError(
            f"{THEOREM} needs a linear-quadratic economy, got {type(economy).__name__}"
        )
    if isinstance(mechanism, TaxVCG) and not _is_of_powers(mechanism.tax):
        raise RefusedError(
            f"{THEOREM} needs a tax that is convex at every quantity, as sums of PowerTax are, "
            f"got {type(mechanism.tax).__name__}, whose shape is sampled"
        )
    return mechanism, economy


def rising_quantities(
    mechanism: PivotalMechanism, economy: QuadraticEconomy
) -> tuple[Condition, Condition]:
    """Return why no quantity ever falls in the own type.

    Raises
    ------
    RefusedError
        If that is not proved.
    """
    weights = _exact_weights(economy)
    return _own_types_matter(weights), _why_quantities_rise(mechanism, economy, weights)


def _is_of_powers(tax: Tax) -> bool:
    """Return whether a tax is a sum of powers, which are convex by how they are built."""
    if type(tax) is SumTax:
        return all(_is_of_powers(part) for part in tax.parts)
    return type(tax) is PowerTax


def _own_types_matter(weights: Any) -> Condition:
    """Return that w_ii > 0 for all, which the rules demand of an economy as it is rounded."""
    trader = int(np.diagonal(weights).argmin())
    least = weights[trader, trader]
    if least <= 0:
        raise RefusedError(
            f"{THEOREM} needs own types that raise values (assumption A3), got w_ii = "
            f"{float(least):.6g} for trader {trader}"
        )
    return Condition("own types raise values", True, f"w_ii is at least {float(least):.6g}")


def _why_quantities_rise(
    mechanism: PivotalMechanism, economy: QuadraticEconomy, weights: Any
) -> Condition:
    """Return the reason that applies, decided on the numbers as they are, without rounding.

    Raises
    ------
    RefusedError
        If none does.
    """
    slopes = straight_slopes(mechanism, economy)
    if slopes is not None:
        return _straight_demand(mechanism, rational(weights), slopes)
    if isinstance(mechanism, EntryFeeVCG):
        return _others_alike(mechanism, weights)
    return _crossing(mechanism, weights)


def _exact_weights(economy: QuadraticEconomy) -> Any:
    """Return W, entries of which can be compared without rounding."""
    if isinstance(economy, LinearQuadratic):
        return economy.weights
    if economy.n_traders > MOST_TRADERS:
        raise RefusedError(
            f"{THEOREM} writes out the weights of a factored economy in rational numbers, of at "
            f"most {MOST_TRADERS} traders, got {economy.n_traders}"
        )
    return RationalEconomy.of(economy).weights


def straight_slopes(mechanism: PivotalMechanism, economy: QuadraticEconomy) -> Rationals | None:
    """Return mu + sigma where everybody always trades on a straight demand, else None.

    Shape (N,), in exact numbers.
    """
    sigma: Fraction | None = None
    if isinstance(mechanism, TaxVCG):
        sigma = _quadratic_slope(mechanism.tax)
    elif isinstance(mechanism, SpreadVCG | EntryFeeVCG):
        kink = mechanism.half_spread if isinstance(mechanism, SpreadVCG) else mechanism.fee
        sigma = Fraction(0) if kink == 0 else None
    if sigma is None:
        return None
    slopes: Rationals = rational(economy.slope) + sigma
    return slopes


def _quadratic_slope(tax: Tax) -> Fraction | None:
    """Return the slope of a tax of powers if it is quadratic, else None."""
    if isinstance(tax, SumTax):
        slopes = [_quadratic_slope(part) for part in tax.parts]
        return None if None in slopes else sum((s for s in slopes if s is not None), Fraction(0))
    if isinstance(tax, PowerTax) and (tax.exponent == 2 or tax.coefficient == 0):
        return Fraction(tax.coefficient)
    return None


def _straight_demand(
    mechanism: PivotalMechanism, weights: Rationals, slopes: Rationals
) -> Condition:
    response = 1 / slopes
    rates = np.diagonal(weights) - response @ weights / response.sum()
    trader = int(rates.argmin())
    if rates[trader] <= 0:
        raise RefusedError(
            f"no transfers make {mechanism.name} truthful here: the quantity of trader {trader} "
            f"moves with its own type at the rate {float(rates[trader] * response[trader]):.6g}, "
            "which must be positive"
        )
    detail = f"w_ii exceeds the price's response by {float(rates[trader]):.6g} at least"
    return Condition("quantities rise with the own type, demand being straight", True, detail)


def _others_alike(mechanism: PivotalMechanism, weights: Any) -> Condition:
    n = len(weights)
    for owner in range(n):
        others = np.delete(weights[:, owner], owner)
        if not ((others == others[0]).all() and others[0] < weights[owner, owner]):
            low, high = (float(end) for end in (others.min(), others.max()))
            raise RefusedError(
                f"{mechanism.name} is proved truthful where each type moves all other traders "
                f"alike, and less than its owner, and the type of trader {owner} moves others by "
                f"{low:.6g} to {high:.6g}, itself by {float(weights[owner, owner]):.6g}"
            )
    private = not any(np.delete(weights[:, owner], owner).any() for owner in range(n))
    detail = "others' types do not matter: values are private" if private else "and less than own"
    return Condition("each type moves all other traders alike", True, detail)


def _crossing(mechanism: PivotalMechanism, weights: Any) -> Condition:
    own = np.diagonal(weights)
    margins = own - weights
    np.fill_diagonal(margins, np.inf)
    reacting, owner = divmod(int(margins.argmin()), len(weights))
    moved = (
        f"the type of trader {owner} moves trader {reacting} by "
        f"{float(weights[reacting, owner]):.6g}, itself by {float(own[owner]):.6g}"
    )
    if ((weights < own).sum(axis=0) < len(weights) - 1).any():
        raise RefusedError(
            f"{mechanism.name} is proved truthful where each type moves its owner most (single "
            f"crossing), and {moved}"
        )
    name = "each type moves its owner most (single crossing)"
    return Condition(name, True, f"the nearest pair: {moved}")


def _what_the_rule_says(tested: Market) -> str:
    """Return the rule's own refusal of honest markets, which names a quantity that falls."""
    types = tested.distribution.sample(np.random.default_rng(SEED), SAMPLED)
    try:
        tested.mechanism.clear(unmixed_bids(tested.strategy, types))
    except DeviatorError as error:
        return f"; {error}"
    return ""


def _what_runs(
    tested: Market, mechanism: PivotalMechanism, economy: QuadraticEconomy
) -> tuple[Condition, bool]:
    """Compare what runs with what was proved, and return whether honest markets trade.

    At sampled profiles, every report of a list is taken for the truth in turn, and no other of the
    list may beat it: that bounds payments from both sides by the integral of the quantity.

    Raises
    ------
    RefusedError
        If the rule cannot clear them.
    """
    trader, (types, reports) = tested.trader, _tried(tested, mechanism, economy)
    try:
        bids = mechanism.honest_bids(economy, types)
        alone = mechanism.clear_deviations(bids, trader, reports[..., None])
        whole = mechanism.clear(mechanism.honest_bids(economy, types[:CLEARED]))
    except DeviatorError as error:
        raise RefusedError(f"{THEOREM} needs honest markets that can be cleared: {error}") from None
    own = int(np.flatnonzero(STEPS == 0)[0])
    honest, priced = whole.transfer[:, trader], alone.transfer[:CLEARED, own]
    falls = float(-np.diff(alone.quantity, axis=1).min(initial=0.0))
    gain = _best_misreport(economy, trader, types, reports, alone)
    holds = (
        falls <= AGREEMENT * np.abs(alone.quantity).max()
        and gain <= AGREEMENT
        and np.abs(honest - priced).max() <= AGREEMENT * np.abs(alone.transfer).max()
    )
    name = "what runs agrees: quantities rise, and no report beats the truth"
    detail = (
        f"{len(STEPS)} reports at {len(types)} profiles gain at most {gain:.2g} of what they move"
    )
    # What a report leads to is what honest traders trade where it is true.
    trades = bool(whole.quantity.any() or alone.quantity.any())
    return Condition(name, bool(holds), detail), trades


def _tried(
    tested: Market, mechanism: PivotalMechanism, economy: QuadraticEconomy
) -> tuple[Floats, Floats]:
    """Return profiles (B, N), fewer where they cost more, and the trader's reports there (B, M)."""
    trader, law = tested.trader, tested.distribution
    slow = isinstance(mechanism, TaxVCG | DiscreteVCG)
    share = min(1.0, FEW_TRADERS / economy.n_traders)
    count = max(2, round(share * (SAMPLED_SLOWLY if slow else SAMPLED)))
    types = law.sample(np.random.default_rng(SEED), count)
    low, high = (end[trader] for end in economy.type_set)
    spread = float(law.deviation[trader])
    if isinstance(mechanism, DiscreteVCG):
        # Each unit is priced by itself: far reports need no more of them than a few dozen.
        worth = MOST_UNITS * mechanism.unit_size * economy.slope[trader]
        spread = min(spread, float(worth / economy.own_type_effects[trader] / STEPS.max()))
    return types, np.clip(types[:, [trader]] + spread * STEPS, low, high)


def _best_misreport(
    economy: QuadraticEconomy, trader: int, types: Floats, reports: Floats, alone: TraderOutcome
) -> float:
    """Return the largest gain from a report where another is true, of the money that it moves."""
    choices = reports.shape[1]
    true = np.repeat(types, choices, axis=0)
    true[:, trader] = reports.ravel()
    quantity, transfer = (
        np.repeat(each, choices, axis=0) for each in (alone.quantity, alone.transfer)
    )
    worth = economy.utility_of(trader, quantity, true)
    own = np.tile(np.arange(choices), len(types))[:, None]
    utility, size = worth - transfer, np.abs(worth) + np.abs(transfer)
    gain = utility - np.take_along_axis(utility, own, axis=1)
    moved = size + np.take_along_axis(size, own, axis=1)
    return float((gain / np.where(moved > 0, moved, 1.0)).max())

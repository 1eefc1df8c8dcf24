"""Appendix G: allocations and transfers in units, and their limits as units become small."""

import numpy as np

from deviator.economies.efficiency_frontiers import proposition_1_deficit, proposition_2_deficit
from deviator.mechanisms import DiscreteVCG, Reports, TaxVCG
from deviator.mechanisms.direct.discrete_vcg import Units, following_unit, last_unit
from deviator.validation import Bools, Floats

from ..bounds.discrete import proposition_6_deficit, proposition_7_deficit
from ..checks.taxed_markets import crossing_markets, pivotal_profiles
from ..checks.unit_markets import UnitMarket, half_markets, unit_markets, unit_value, units_up_to
from ..statement import Finding, Formula, gap, statement, worst

SHRINKING = (0.5, 0.2, 0.05)
"""Decreasing unit sizes."""

TINY = 1e-7
"""A unit size close to 0."""


def no_exchange_pays(units: Units, count: Floats) -> Bools:
    """Return whether no unit moved between two traders raises taxed utility: (G.1), corrected."""
    following = units.taxed(following_unit(count))
    last = units.taxed(last_unit(count))
    return _no_pair_above(following, last)


def printed_indices(units: Units, count: Floats) -> Bools:
    """Return whether (G.1) holds with the unit indices as printed, q_i + Delta and q_j."""
    # There is no unit 0; its value is that of the step from 0 to Delta, a forward difference.
    own, following = (np.where(unit == 0, 1.0, unit) for unit in (count, count + 1))
    return _no_pair_above(units.taxed(following), units.taxed(own))


def forward_differences(units: Units, count: Floats) -> Bools:
    """Return whether (G.1) holds with marginal utilities as printed, too."""

    def adjusted(unit: Floats) -> Floats:
        quantity = unit * units.unit_size
        forward = units.value - units.slope * (quantity + 0.5 * units.unit_size)
        return np.asarray(forward - units.sigma * quantity - units.half_spread * np.sign(unit))

    return _no_pair_above(adjusted(count + 1), adjusted(count))


def _no_pair_above(receives: Floats, gives: Floats) -> Bools:
    apart = ~np.eye(receives.shape[1], dtype=bool)
    size = np.abs(gives).max()
    above = receives[:, :, None] > gives[:, None, :] + 1e-12 * size
    return np.asarray(~(above & apart).any(axis=(1, 2)))


@statement(
    "Appendix G: allocation (G.1)",
    "(G.1)",
    "An allocation maximizes the sum of taxed utilities where m~u_i(q_i + Delta, s) <= m~u_j(q_j, "
    "s) for all i != j, with mu_i(q_i, s) = (u_i(q_i + Delta, s) - u_i(q_i, s)) / Delta.",
    corrected="Unit x is the step to x from the one nearer to 0, and the left side is that of "
    "unit q_i + Delta if q_i >= 0, else of q_i, the right side that of unit q_j if q_j > 0, else "
    "of q_j - Delta.",
)
def _check_condition(condition: Formula = no_exchange_pays) -> Finding:
    wrong, cases = 0, 0
    printed = {printed_indices: 0, forward_differences: 0}
    for market in unit_markets(seed=70):
        units, best = market.units(), market.brute_force(market.types)
        cases += len(best)
        wrong += int((~condition(units, best)).sum())
        for reading in printed:
            printed[reading] += int((~reading(units, best)).sum())
        for giver, receiver in ((0, 1), (1, 2), (2, 0)):
            moved = best.copy()
            moved[:, giver] -= 1
            moved[:, receiver] += 1
            wrong += int(condition(units, moved).sum())
    text = (
        f"at {cases} allocations that maximize taxed utility by brute force the corrected "
        f"condition fails {wrong} times, and it fails wherever a unit was moved; with the printed "
        f"indices of units it fails at {printed[printed_indices]} of the maximizers, with forward "
        f"differences as well at {printed[forward_differences]}"
    )
    return Finding(wrong / cases, text, min(printed.values()) / cases)


def forward_value(value: Floats, slope: float, units: Floats, unit_size: float) -> Floats:
    """Return mu_i(x) as printed, the forward difference from x to x + Delta."""
    return value - slope * (units + 0.5 * unit_size)


@statement(
    "Appendix G: transfers (G.2)",
    "(G.2)",
    "t_i = Delta sum_{x = Delta}^{q_i} mu_i(x, s_i(x), s_-i) for q_i > 0, with mu_i(x) = (u_i(x + "
    "Delta) - u_i(x)) / Delta; for q_i < 0 with the other sign.",
    corrected="The same with mu_i(x) = (u_i(x) - u_i(x - Delta)) / Delta for x > 0.",
)
def _check_transfers(worth: Formula = unit_value) -> Finding:
    transfers, literal, printed = [], [], []
    for market in unit_markets(seed=71):
        outcome = market.rule.clear(Reports(market.types[:3]))
        for profile, trader in ((0, 0), (1, 1), (2, 2)):
            quantity = float(outcome.quantity[profile, trader])
            arguments = (market, market.types[profile], trader, quantity)
            transfers.append(outcome.transfer[profile, trader])
            literal.append(_literal_transfer(*arguments, worth))
            printed.append(_literal_transfer(*arguments, forward_value))
    right, wrong = gap(transfers, literal), gap(transfers, printed)
    text = (
        f"in {len(transfers)} drawn cases transfers are sums over units at pivotal types, found by "
        f"bisection on brute-force allocations, to {right:.2g}; with forward differences the sums "
        f"are off by {wrong:.2g} of the largest"
    )
    return Finding(right, text, wrong)


def _literal_transfer(
    market: UnitMarket, types: Floats, trader: int, quantity: float, worth: Formula
) -> float:
    """Return (G.2) for one trader: Delta times the sum of the values of its units at s_i(x)."""
    unit = market.rule.unit_size
    side = float(np.sign(quantity))
    units = units_up_to(side, round(abs(quantity) / unit), unit)
    if not len(units):
        return 0.0
    # The trader gets unit x > 0 when its quantity passes x - Delta / 2, and sells -x likewise.
    profiles = pivotal_profiles(
        lambda s: market.brute_force(s) * unit, types, trader, units - side * 0.5 * unit
    )
    value = market.economy.value(profiles)[:, trader]
    slope = float(market.economy.slope[trader])
    return float(side * unit * worth(value, slope, units, unit).sum())


@statement(
    "Appendix G: limit",
    "Appendix G",
    "As Delta falls to 0, the mechanism with a slope and a spread becomes the one without units.",
)
def _check_limit(rule: Formula = DiscreteVCG) -> Finding:
    rates, shares = [], []
    for index, (economy, tax, types) in enumerate(crossing_markets(seed=72, count=4)):
        sigma = 0.3 * (index % 2)
        smooth = TaxVCG(economy, [[tax, 1], [sigma, 2]]).clear(Reports(types[:2]))
        errors = []
        for unit in SHRINKING:
            discrete = rule(economy, unit, sigma, tax).clear(Reports(types[:2]))
            apart = np.abs(discrete.quantity - smooth.quantity).max()
            shares.append(float(apart) / (economy.n_traders * unit))
            errors.append(float(np.abs(discrete.transfer - smooth.transfer).max()))
        rates.append(errors[-1] / errors[0])
    excess = max(max(shares) - 1.0, max(rates) - 0.25, 0.0)
    text = (
        f"quantities are within {max(shares):.2f} N Delta of those without units, and transfers "
        f"come nearer by a factor of {1 / max(rates):.0f} and more as Delta falls from "
        f"{SHRINKING[0]:g} to {SHRINKING[-1]:g}"
    )
    return Finding(excess, text)


@statement(
    "Appendix G: limit of the bounds",
    "Propositions 6 and 7",
    "They are the discrete-allocation analogues of Propositions 1 and 2: as Delta falls to 0, the "
    "deficits that they bound become those of (2.7) and (3.12).",
    tolerance=1e-5,
)
def _check_bounds_limit(
    lower: Formula = proposition_6_deficit, upper: Formula = proposition_7_deficit
) -> Finding:
    rng = np.random.default_rng(73)
    gaps = []
    for market in half_markets(seed=73):
        bounds = market.bounds
        epsilon = float(rng.uniform(0.0, 0.2)) * bounds.largest_trade
        sigma = float(rng.uniform(0.0, 0.5)) * bounds.steepest
        size = bounds.n_traders * bounds.steepest * bounds.largest_trade**2
        apart = (
            lower(bounds, epsilon, TINY) - proposition_1_deficit(bounds, epsilon),
            upper(bounds, sigma, 0.0, TINY) - proposition_2_deficit(bounds, sigma),
        )
        gaps += [abs(difference) / size for difference in apart]
    text = (
        f"with Delta = {TINY:g} the bounds of Propositions 6 (corrected) and 7 are within "
        f"{worst(gaps):.2g} N m_bar qbar^2 of those of Propositions 1 and 2, in "
        f"{len(gaps) // 2} sets of constants"
    )
    return Finding(worst(gaps), text)

"""Example 6 with Normal beliefs: a continuum of them for one economy, and the double auction.

Moments and projections are compared with those of values and signals built shock by shock, the
solution of (C.4) with the fixed point for N traders and with how the auction clears, and efficiency
in large economies with the equations of the limit.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, replace
from functools import partial
from itertools import pairwise
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from scipy.optimize import root

from deviator.economies import NormalInformation, heterogeneous_information
from deviator.validation import Floats

from ..checks.normal_models import (
    BELIEFS,
    Shocks,
    auction_equilibrium,
    common_weights,
    extrapolated,
    regression,
)
from ..closed_forms.heterogeneous import Heterogeneous
from ..closed_forms.heterogeneous_beliefs import (
    HeterogeneousBeliefs,
    PriceMoments,
    linear_equilibrium,
    price_moments,
    price_projection,
    projection_sensitivity,
    sigma_vcg_reaction,
)
from ..statement import Finding, Formula, against_printed, gap, statement, worst

SLOPES: Mapping[str, float] = MappingProxyType({"slope_small": 2.0, "slope_big": 0.6})
"""mu_S and mu_B."""


def _drawn_heterogeneous(seed: int) -> Iterator[HeterogeneousBeliefs]:
    rng = np.random.default_rng(seed)
    for _ in range(BELIEFS):
        n, alpha = 2 * int(rng.integers(3, 7)), float(rng.uniform(0.2, 0.6))
        beta = float(rng.uniform(0.05, 0.6)) * (1 - alpha)
        noise, group = (float(number) for number in rng.uniform(0.2, 2.0, 2))
        yield HeterogeneousBeliefs(n, alpha, beta, noise, group * float(rng.integers(2)))


class _Drawn(NamedTuple):
    """Values and signals of Example 6 with exact sample moments, shapes (samples, N)."""

    values: Floats
    signals: Floats

    def price(self, own: float, other: float) -> Floats:
        """Return own mean(s^S) + other mean(s^B)."""
        half = self.signals.shape[1] // 2
        means = self.signals[:, :half].mean(axis=1), self.signals[:, half:].mean(axis=1)
        return np.asarray(own * means[0] + other * means[1])


def _draw_shocks(beliefs: HeterogeneousBeliefs, variances: Sequence[float]) -> _Drawn:
    n = beliefs.n_traders
    shocks = Shocks(n, 5 + 2 * n)
    common, group, own = variances
    of_groups = np.repeat(shocks.several(group, 2), n // 2, axis=1)
    values = shocks.several(common, 1) + of_groups + shocks.several(own, n)
    noise = np.repeat(shocks.several(beliefs.var_noise_group, 2), n // 2, axis=1)
    return _Drawn(values, values + noise + shocks.several(beliefs.var_noise_own, n))


@statement(
    "Example 6: beliefs",
    "Section 4, equation (4.21)",
    "For fixed alpha and beta a continuum of Bayesian models has these weights: var(theta_i^id) = "
    "alpha var(eps_i) / (1 - alpha), var(theta_G) = alpha var(eps_G) / (1 - alpha), var(theta) = "
    "beta (2 var(eps_i) + N var(eps_G)) / (2 N (1 - alpha) (1 - alpha - beta)).",
)
def _check_example_6_beliefs(variances: Formula = HeterogeneousBeliefs.variances) -> Finding:
    gaps = []
    for beliefs in _drawn_heterogeneous(8):
        wanted = common_weights(beliefs.n_traders, beliefs.alpha, beliefs.beta)
        for group in (0.0, 0.3, 2.0):
            changed = replace(beliefs, var_noise_group=group)
            drawn = _draw_shocks(changed, variances(changed))
            gaps.append(gap(regression(drawn.values, drawn.signals), wanted))
    text = f"{len(gaps)} beliefs, three for each pair alpha, beta, give just these weights"
    return Finding(worst(gaps), text)


@statement(
    "Example 6: price moments",
    "Appendix C, Example 6, part 3",
    "With v = var(theta) and g = a_G/(b_G + b_-G), Cov(s_i, p) = v + g (var(theta_G) + var(eps_G) "
    "+ 2 (var(theta_id) + var(eps_id))/N), Cov(theta_i, p) = v + g (var(theta_G) + 2 "
    "var(theta_id)/N), Var(p) = v + (a_G^2 + a_-G^2)/(b_G + b_-G)^2 (var(theta_G) + ...).",
    corrected="The same with v (a_S + a_B)/(b_S + b_B) in the two covariances and v ((a_S + "
    "a_B)/(b_S + b_B))^2 in Var(p) in the place of v.",
)
def _check_example_6_moments(moments: Formula = price_moments) -> Finding:
    gaps, printed = list[float](), list[float]()
    for beliefs, own, other in _drawn_prices(9):
        drawn = _draw_shocks(beliefs, beliefs.variances())
        seen = np.stack([drawn.signals[:, 0], drawn.price(own, other)])
        samples = seen.shape[1]
        wanted = seen @ seen.T / samples, seen @ drawn.values[:, 0] / samples
        for stated, gaps_of in (
            (moments(beliefs, own, other), gaps),
            (_printed_moments(beliefs, own, other), printed),
        ):
            gaps_of.append(worst(gap(*pair) for pair in zip(stated, wanted, strict=True)))
    return against_printed(gaps, printed, f"moments agree under {len(gaps)} beliefs")


def _drawn_prices(seed: int) -> Iterator[tuple[HeterogeneousBeliefs, float, float]]:
    """Draw beliefs and weights of a price on the two groups' signals."""
    rng = np.random.default_rng(seed)
    for beliefs in _drawn_heterogeneous(seed):
        own, other = rng.uniform(0.1, 1.0, 2)
        yield beliefs, float(own), float(other)


def _printed_moments(beliefs: HeterogeneousBeliefs, own: float, other: float) -> PriceMoments:
    """Return the moments of Appendix C as printed: no factor on sigma_theta^2."""
    corrected, total = price_moments(beliefs, own, other), own + other
    missing = beliefs.variances().common * np.array([[0.0, total - 1], [total - 1, total**2 - 1]])
    return PriceMoments(
        corrected.covariance - missing, corrected.with_value - np.array([0.0, missing[0, 1]])
    )


@statement(
    "Example 6: projection",
    "Appendix C, equation (C.3)",
    "E[theta_i | s_i, p] = a~_G s_i - b~_G p with, v = var(eps_id) and w = var(eps_G), b~_G = "
    "(alpha - 1) beta (b_G + b_-G) (a_G (N - 2) v + a_-G N (v + w)) / (2 (alpha - 1) (a_G^2 (N - "
    "2) v + a_-G^2 N (v + w)) + beta (N - 2) v (a_G - a_-G)^2).",
    corrected="b~_G = (1 - alpha) beta (b_G + b_-G) (a_G (N - 2) v + a_-G N (v + w)) / (2 (alpha "
    "- 1) (a_G^2 (N - 2) v + a_-G^2 N (v + w)) + beta (N - 2) v (a_G - a_-G)^2), of the other "
    "sign; a~_G stands.",
)
def _check_example_6_projection(projection: Formula = price_projection) -> Finding:
    gaps, printed = [], []
    for beliefs, own, other in _drawn_prices(10):
        total = own + other + 0.5
        drawn = _draw_shocks(beliefs, beliefs.variances())
        price = drawn.price(own / total, other / total)
        seen = np.stack([drawn.signals[:, 0], price], axis=1)
        on_signal, on_price = np.linalg.lstsq(seen, drawn.values[:, 0], rcond=None)[0]
        stated = projection(beliefs, own, other, total)
        gaps.append(gap(stated, [on_signal, -on_price]))
        printed.append(gap([stated[0], -stated[1]], [on_signal, -on_price]))
    text = "regressions of theta_i on s_i and p have the weights a~ and -b~ under"
    return against_printed(gaps, printed, f"{text} {len(gaps)} beliefs")


@statement(
    "Example 6: sensitivity",
    "Appendix C, Example 6, part 4",
    "a~_G depends on var(eps_i) and var(eps_G) at fixed alpha and beta: its derivatives.",
    tolerance=1e-6,
)
def _check_example_6_sensitivity(sensitivity: Formula = projection_sensitivity) -> Finding:
    gaps, step = [], 1e-5
    for beliefs, own, other in _drawn_prices(11):
        changed = replace(beliefs, var_noise_group=beliefs.var_noise_group + 0.2)
        differences = []
        for name in ("var_noise_own", "var_noise_group"):
            size = getattr(changed, name)
            up, down = (
                price_projection(replace(changed, **{name: size + shift}), own, other, 1.0)[0]
                for shift in (step, -step)
            )
            differences.append((up - down) / (2 * step))
        gaps.append(gap(sensitivity(changed, own, other), differences))
    return Finding(worst(gaps), f"both derivatives, not 0, under {len(gaps)} beliefs")


@statement(
    "Example 6: double auction",
    "Appendix C, equations (C.1), (C.2) and (C.4)",
    "The linear equilibrium solves (C.4).",
    tolerance=1e-8,
)
def _check_example_6_equilibrium(equilibrium: Formula = linear_equilibrium) -> Finding:
    gaps, slopes = [], {"slope_small": 2.0, "slope_big": 0.8}
    for beliefs in _drawn_heterogeneous(12):
        half = beliefs.n_traders // 2
        stated = equilibrium(beliefs, **slopes)
        auction = auction_equilibrium(_information(beliefs), np.repeat([2.0, 0.8], half), half)
        strategy = auction.strategy
        gaps.append(gap(stated.intercept, strategy.intercept[[0, -1]]))
        gaps.append(gap(stated.slope, strategy.slope[[0, -1]]))
        means = auction.types.reshape(-1, 2, half).mean(axis=2)
        gaps.append(gap(means @ (stated.intercept / stated.slope.sum()), auction.outcome.price))
    return Finding(worst(gaps), f"equilibria and prices agree under {len(gaps) // 3} beliefs")


def _information(beliefs: HeterogeneousBeliefs) -> NormalInformation:
    return heterogeneous_information(*astuple(beliefs))


@statement(
    "Example 6: continuum of equilibria",
    "Section 4",
    "The continuum of models gives rise to a continuum of different equilibria.",
)
def _check_example_6_continuum(equilibrium: Formula = linear_equilibrium) -> Finding:
    economies, outcomes = [], []
    beliefs = HeterogeneousBeliefs(8, 0.5, 0.3, var_noise_own=1.0, var_noise_group=0.0)
    for group in np.linspace(0.0, 2.0, 9):
        changed = replace(beliefs, var_noise_group=float(group))
        economies.append(_information(changed).weights())
        solved = equilibrium(changed, slope_small=2.0, slope_big=0.6)
        outcomes.append(solved.intercept / solved.slope.sum())
    same = worst(gap(weights, economies[0]) for weights in economies)
    apart = min(gap(after, before) for before, after in pairwise(outcomes))
    text = f"9 beliefs, one economy, price weights that differ by {apart:.2g} or more"
    return Finding(worst([same, max(1e-4 - apart, 0.0)]), text)


@statement(
    "Example 6: large economies",
    "Section 4, equation (4.22)",
    "As N grows the double auction becomes efficient only without group noise; sigma_N-VCG always "
    "does.",
    tolerance=1e-8,
)
def _check_example_6_limits(
    equilibrium: Formula = linear_equilibrium, reaction: Formula = sigma_vcg_reaction
) -> Finding:
    def lost(beliefs: HeterogeneousBeliefs, taxed: bool, n: int) -> float:
        large = replace(beliefs, n_traders=n)
        efficient = [reaction(large, group, **SLOPES) for group in (0, 1)]
        if taxed:
            tax = Heterogeneous(large.alpha, large.beta, **SLOPES).sigma_n(n)
            traded = [reaction(large, group, **SLOPES, sigma=tax) for group in (0, 1)]
        else:
            traded = [equilibrium(large, **SLOPES).reaction(group) for group in (0, 1)]
        return 1 - _surplus(large, traded) / _surplus(large, efficient)

    gaps, losses = [], []
    for drawn in _drawn_heterogeneous(13):
        for group in (0.0, drawn.var_noise_own / 4, drawn.var_noise_own):
            beliefs = replace(drawn, var_noise_group=group)
            in_auction = extrapolated(partial(lost, beliefs, False))
            gaps += [abs(extrapolated(partial(lost, beliefs, True)))]
            gaps += [abs(in_auction - _limit_loss(beliefs))]
            losses += [in_auction] * (group > 0)
    text = (
        f"of the efficient utility the double auction loses {min(losses):.2g} to "
        f"{max(losses):.2g} in the limit with group noise, and nothing without; sigma_N-VCG nothing"
    )
    return Finding(worst([*gaps, max(1e-6 - min(losses), 0.0)]), text)


def _surplus(beliefs: HeterogeneousBeliefs, reactions: Sequence[Floats]) -> float:
    slopes = SLOPES["slope_small"], SLOPES["slope_big"]
    return sum(
        beliefs.expected_utility(reaction, slope)
        for reaction, slope in zip(reactions, slopes, strict=True)
    )


def _limit_loss(beliefs: HeterogeneousBeliefs) -> float:
    """Return the share of the efficient utility that is lost in the limit of large N.

    Price impacts are 0, group averages contain group shocks only, and their price g_S theta_S +
    g_B theta_B clears (4.22) on average: a fixed point in g.
    """
    alpha, beta, group_noise = beliefs.alpha, beliefs.beta, beliefs.var_noise_group
    if group_noise == 0:
        return 0.0  # Group averages reveal the group shocks, and the price adds no information.
    rest = 1 - alpha
    common = beta * group_noise / (2 * rest * (rest - beta))
    of_group, own = group_noise / rest, beliefs.var_noise_own / rest
    covariance = common + np.array(
        [[of_group + own, of_group, 0], [of_group, of_group, 0], [0, 0, of_group]]
    )
    value = np.array([alpha, beta / 2, beta / 2])
    bends = np.array([SLOPES["slope_small"], SLOPES["slope_big"]])
    efficient = alpha * np.array([[1, -w, w - 1] for w in (bends[1], bends[0]) / bends.sum()])

    def error(weights: Floats) -> Floats:
        on_signal, on_price = _limit_projections(covariance, value, weights)
        return np.asarray(weights * ((1 - on_price) / bends).sum() - on_signal / bends)

    weights = root(error, (1 / bends) / (1 / bends).sum(), options={"xtol": 1e-14}).x
    on_signal, on_price = _limit_projections(covariance, value, weights)
    prices = np.stack([[0, *weights], [0, *weights[::-1]]])
    traded = on_signal[:, None] * np.array([1.0, 0, 0]) - (1 - on_price)[:, None] * prices
    utilities = [
        sum(q / mu @ covariance @ (value - q / 2) for q, mu in zip(reactions, bends, strict=True))
        for reactions in (traded, efficient)
    ]
    return float(1 - utilities[0] / utilities[1])


def _limit_projections(covariance: Floats, value: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return each group's weights of E[theta_i | s_i, p] on s_i and on p."""
    projections = []
    for own in (weights, weights[::-1]):
        seen = np.array([[1.0, 0.0, 0.0], [0.0, *own]])
        projections.append(np.linalg.solve(seen @ covariance @ seen.T, seen @ covariance @ value))
    on_signal, on_price = np.array(projections).T
    return on_signal, on_price

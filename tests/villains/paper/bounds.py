"""For each statement on bounds and deficits a wrong formula that must make it fail."""

from fractions import Fraction

import numpy as np

from deviator.economies import sigma_n_from, walrasian_response
from deviator.economies.efficiency_frontiers import (
    c_2,
    d_2,
    d_3,
    deficit_frontiers,
    proposition_1_deficit,
    proposition_2_deficit,
    worst_case_traders,
)
from deviator.mechanisms import Mutated, SigmaVCG
from deviator.paper.bounds.continuous import (
    harmless_interdependence,
    least_relative_inefficiency,
    most_transfer,
    price_sensitivity,
    proposition_2_inefficiency,
    proposition_5_inefficiency,
)
from deviator.paper.statements.uniqueness import printed_radius

VILLAINS = {
    # As printed.
    "Lemma 1: one trader's utility": {"loss": lambda bounds, m, epsilon: m * epsilon},
    "Lemma 1: welfare": {
        "loss": lambda bounds, distance: (
            bounds.flattest * distance.shape[-1] * (distance**2).max(axis=-1) / 2,
            bounds.steepest * (distance**2).sum(axis=-1) / 2,
        )
    },
    # A C_2 that is too small by four fifths.
    "Proposition 1": {
        "deficit": lambda bounds, epsilon: (
            proposition_1_deficit(bounds, epsilon) + bounds.n_traders * 0.8 * c_2(bounds) * epsilon
        )
    },
    # Without the units beyond the efficient quantity less epsilon.
    "Proposition 1: best transfer": {
        "most": lambda bounds, trade, epsilon: (
            most_transfer(bounds, trade, epsilon) - bounds.steepest * epsilon**2 / 2
        )
    },
    # The first line as printed, dp/ds.
    "Equation (A.3)": {
        "sensitivity": lambda bounds: (
            (bounds.own_effect + bounds.interdependence * (bounds.n_traders - 1)) / bounds.n_traders
        )
    },
    # D_3 without its bracket.
    "Proposition 2: efficiency": {
        "inefficiency": lambda bounds, sigma: sigma * bounds.largest_trade / bounds.flattest
    },
    "Proposition 2: individual rationality": {
        "mechanism": lambda economy, sigma: Mutated(SigmaVCG(economy, sigma), "transfer", 3.0)
    },
    "Proposition 2: incentive compatibility": {
        "mechanism": lambda economy, sigma: Mutated(
            SigmaVCG(economy, sigma), "residual-slope", 0.05
        )
    },
    # The price taken to be unmoved by the others' slopes: dp/ds over y_i w_ii.
    "Equation (B.5)": {
        "slope": lambda economy, sigma: (
            walrasian_response(economy, sigma).price_effect
            / (walrasian_response(economy, sigma).steepness * economy.own_type_effects)
        )
    },
    # As printed.
    "Equation (B.9)": {
        "shift": lambda bounds, sigma: (
            sigma
            * bounds.largest_trade
            * (bounds.steepest - bounds.flattest)
            / (2 * (sigma + bounds.steepest))
        )
    },
    # C_1 without 1/2.
    "Section 3: frontiers": {
        "frontiers": lambda bounds, epsilons: (
            2 * deficit_frontiers(bounds, epsilons)[0],
            deficit_frontiers(bounds, epsilons)[1],
        )
    },
    # As printed.
    "Section 3: slack of the frontier": {
        "slack": lambda bounds: 2 * bounds.steepest / bounds.flattest
    },
    # p_q^max alone, without the tax's own effect on the price.
    "Equation (3.13)": {"sigma_n": lambda bounds: price_sensitivity(bounds)},
    "Proposition 2: budget": {"sigma_n": lambda bounds: 0.6 * sigma_n_from(bounds)},
    # D_1 X less twice the tax.
    "Proposition 2: deficit": {
        "deficit": lambda bounds, sigma: max(
            0.0, proposition_2_deficit(bounds, sigma) - bounds.n_traders * d_2(bounds) * sigma
        )
    },
    # 1/N in the place of 1/(N - 1).
    "Proposition 2: counterexample": {
        "sigma_n": lambda n, phi, steepest: (
            steepest * (Fraction(1, n) + phi) / (1 - Fraction(1, n) - 2 * phi)
        )
    },
    "Proposition 2: where the printed claim holds": {
        "threshold": lambda bounds: 1.1 * harmless_interdependence(bounds)
    },
    "Proposition 5: identity": {
        "inefficiency": lambda bounds: (
            proposition_5_inefficiency(bounds) / (1 + proposition_5_inefficiency(bounds))
        )
    },
    # sigma_N/m_bar itself, which is tight in the limit only.
    "Proposition 5: tightness": {"least": proposition_5_inefficiency},
    "Proposition 5: budget balance": {"slope": lambda bounds: 1.001 * sigma_n_from(bounds)},
    "Section 7: equilibrium uniqueness": {
        # Not divided by the own effects, and with them on the diagonal.
        "radius": lambda economy: np.abs(np.linalg.eigvals(economy.weights)).max()
    },
    "Section 7: uniqueness in Example 1": {
        "unique": lambda n, alpha, beta: (n - 1) * beta < n * alpha
    },
}

# Further wrong formulas, each of which its statement must notice as well.
MORE_VILLAINS = [
    ("Section 7: equilibrium uniqueness", {"radius": printed_radius}),
    # As printed: N traders lose, also where N is odd.
    ("Proposition 1", {"deficit": lambda bounds, epsilon: (
        bounds.n_traders / worst_case_traders(bounds) * proposition_1_deficit(bounds, epsilon))}),
    # D_3 without its bracket, and with m_bar in the place of m_low.
    ("Section 3: slack of the frontier", {"third": lambda bounds: bounds.largest_trade / bounds.flattest}),
    ("Section 3: slack of the frontier", {"third": lambda bounds: d_3(bounds) * bounds.flattest / bounds.steepest}),
    ("Proposition 1", {"deficit": lambda bounds, epsilon: 2 * proposition_1_deficit(bounds, epsilon)}),
    ("Equation (B.5)", {"bound": lambda bounds, sigma: 0.5 * price_sensitivity(bounds, sigma)}),
    ("Equation (B.9)", {"shift": lambda bounds, sigma: 0.0}),
    ("Proposition 5: tightness", {"most": lambda bounds, trade, delta: 0.0}),
    ("Proposition 5: tightness", {"least": lambda bounds: 0.9 * least_relative_inefficiency(bounds)}),
    (
        "Proposition 2: efficiency",
        {"inefficiency": lambda bounds, sigma: 0.9 * proposition_2_inefficiency(bounds, sigma)},
    ),
    ("Proposition 2: where the printed claim holds", {"threshold": lambda bounds: 0.9 * harmless_interdependence(bounds)}),
    ("Equation (A.3)", {"sensitivity": lambda bounds: price_sensitivity(bounds) * (1 - bounds.interdependence)}),
    ("Section 3: slack of the frontier", {"slack": lambda bounds: d_3(bounds) * bounds.steepest}),
]  # fmt: skip

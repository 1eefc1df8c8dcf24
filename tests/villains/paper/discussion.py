"""Wrong formulas for the statements on Sections 2.2, 5 and 7 that are not numbered results."""

from deviator.economies import pairwise_interdependence
from deviator.mechanisms import SigmaVCG
from deviator.paper.bounds.continuous import price_sensitivity
from deviator.paper.checks.altered_utilities import range_at_no_trade
from deviator.paper.checks.local_effects import local_interdependence
from deviator.paper.statements.naive_auction import left_over_in_example_1
from deviator.paper.statements.small_interdependence import most_impact, most_interdependence


def always(alpha, beta):
    """Equicommonality as printed."""
    return True


def truthful(economy):
    """Prices all units of a trader at their own pivotal types, so that truth is an equilibrium."""
    return SigmaVCG(economy, 0.0)


def middle_of_the_range(marginal):
    """The half of the range of marginal utilities that lies around its middle."""
    low, high = range_at_no_trade(marginal)
    return (3 * low + high) / 4, (low + 3 * high) / 4


def up_to_the_middle(marginal):
    low, high = range_at_no_trade(marginal)
    return low, (low + high) / 2


VILLAINS = {
    "Section 2.2: A4 and beliefs": {
        "interdependence": lambda *which: 0.98 * most_interdependence(*which)
    },
    "Section 5: equicommonality": {"condition": always},
    # As printed.
    "Footnote 28": {
        "report": lambda own, mean, n: n**2 / (n**2 - 1) * ((n - 1) / n * own + mean / n)
    },
    "Section 7: no ex post equilibrium": {"auction": truthful},
    # Of order 1/N.
    "Section 7: near-optimal truth": {"gain": lambda fall: fall / (1 + 2 * fall)},
    "Section 7: weaker assumptions (i)": {"interval": middle_of_the_range},
    "Section 7: weaker assumptions (ii)": {
        "local": lambda *which: 0.5 * local_interdependence(*which)
    },
    # As in A4^N, without its constant.
    "Section 7: weaker assumptions (iii)": {"interdependence": pairwise_interdependence},
}

MORE_VILLAINS = [
    # A share of phi_N, as if heights were areas.
    ("Section 2.2: A4 and beliefs", {"impact": lambda phi, flattest, lipschitz: phi / flattest}),
    ("Section 2.2: A4 and beliefs", {"impact": lambda *which: 0.99 * most_impact(*which)}),
    ("Section 2.2: A4 and beliefs", {"normal": lambda effect, deviation: effect / deviation}),
    ("Section 5: equicommonality", {"condition": lambda alpha, beta: alpha[0] == alpha[1]}),
    ("Section 5: equicommonality", {"inverse_sums": lambda alpha, beta: [1 / own for own in alpha]}),
    ("Footnote 28", {"gain": lambda own, mean, n: (own - mean) ** 2 / (4 * n**2)}),
    ("Footnote 28", {"honest": lambda own, mean, n: (own - mean) ** 2 / 4}),
    ("Section 7: no ex post equilibrium", {"left_over": lambda n, *weights: (
        left_over_in_example_1(n + 1, *weights))}),
    ("Section 7: near-optimal truth", {"sensitivity": lambda bounds: 0.2 * price_sensitivity(bounds)}),
    ("Section 7: weaker assumptions (i)", {"interval": up_to_the_middle}),
    ("Section 7: weaker assumptions (ii)", {"local": lambda economy, distance: 0.0}),
]  # fmt: skip

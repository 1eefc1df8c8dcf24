"""Wrong orders and bounds for the statements on growing markets."""

from deviator.economies import sigma_n_from
from deviator.paper.bounds.continuous import deadweight_loss, limit_of_deadweight_loss
from deviator.paper.statements.proposition_4_premise import order_of_premise
from villains.paper.taxes import altered_6_29


def without_interdependence(n_traders, phi):
    return 1 / n_traders


def without_market_power(n_traders, phi):
    return phi + n_traders**-2


def slower(n_traders, phi):
    return n_traders**-0.5 + phi


def without_square(n_traders, phi):
    return 1 / n_traders + phi


VILLAINS = {
    "Proposition 1: rate": {"rate": slower},
    "Proposition 2: rate": {"rate": without_interdependence},
    "Section 3: deadweight loss": {"rate": without_square},
    # As printed in Section 1: it vanishes.
    "Section 1: deadweight loss": {"limit": lambda bounds, share: 0.0},
    "Proposition 4: premise": {"order": lambda bounds: order_of_premise(bounds) ** 0.5},
}

MORE_VILLAINS = [
    ("Proposition 2: rate", {"rate": without_market_power}),
    # As printed: the plain average with mixed slopes.
    ("Proposition 2: rate", {"slope": sigma_n_from}),
    ("Section 3: deadweight loss", {"bound": lambda *which: 0.99 * deadweight_loss(*which)}),
    (
        "Section 1: deadweight loss",
        {"limit": lambda *which: 1.01 * limit_of_deadweight_loss(*which)},
    ),
    ("Proposition 4: premise", {"condition": altered_6_29(factor=0.5)}),
    ("Proposition 4: premise", {"condition": altered_6_29(factor=1.5)}),
]

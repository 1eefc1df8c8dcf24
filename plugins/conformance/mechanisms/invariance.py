"""Checks that names of traders, units and the types of others make no difference."""

from deviator.errors import RefusedError
from deviator.mechanisms import Mechanism

from ..comparing import RESTATES, assert_close, assert_same_outcome, renumbered, restated
from ..trials import Trial, economies_for, profiles, trials

UNITS = ((7.3, 0.031), (1e-6, 1e5))
"""Factors of price and quantity under which a market must stay the same."""


def check_relabelling(mechanism: Mechanism) -> None:
    """Renumbered traders get what they got before."""
    for trial in trials(mechanism, corners=False):
        n = trial.types.shape[1]
        for order in ([*range(1, n), 0], [1, 0, *range(2, n)]):
            rule = mechanism.relabelled(order)
            assert_same_outcome(
                f"traders renumbered {order} must get what they got before {trial.where}",
                rule.clear(trial.bids.relabelled(order)),
                renumbered(mechanism.clear(trial.bids), order),
            )


def check_units(mechanism: Mechanism) -> None:
    """Other units of money and quantity describe the same market."""
    for trial in trials(mechanism):
        outcome = mechanism.clear(trial.bids)
        for price, quantity in UNITS:
            rule = mechanism.rescaled(price, quantity)
            assert_same_outcome(
                f"a market in units of {price:g} (price) and {quantity:g} (quantity) must be the "
                f"same, so {RESTATES}, {trial.where}",
                rule.clear(trial.bids.rescaled(price, quantity)),
                restated(outcome, price, quantity),
            )
            _assert_honest_in_units(mechanism, trial, price, quantity)


def _assert_honest_in_units(
    mechanism: Mechanism, trial: Trial, price: float, quantity: float
) -> None:
    """Assert that honest traders bid the same in other units; types are values, in money."""
    try:
        economy = trial.economy.rescaled(price, quantity)
    except RefusedError:
        return
    rule = mechanism.rescaled(price, quantity)
    # A bid can be written in several ways, so the outcomes of honest bids are compared.
    assert_same_outcome(
        f"honest traders must bid the same in units of {price:g} and {quantity:g}, so {RESTATES}, "
        f"{trial.where}",
        rule.clear(rule.honest_bids(economy, trial.types * price)),
        restated(
            mechanism.clear(mechanism.honest_bids(trial.economy, trial.types)), price, quantity
        ),
    )


def check_own_type_only(mechanism: Mechanism) -> None:
    """An honest bid uses the own type only."""
    for economy in economies_for(mechanism):
        types = profiles(economy, 5)
        others = profiles(economy, 5, seed=1)
        bids = mechanism.honest_bids(economy, types)
        for trader in range(types.shape[1]):
            changed = others.copy()
            changed[:, trader] = types[:, trader]
            assert_close(
                f"trader {trader}'s honest bid must not depend on the others' types",
                mechanism.honest_bids(economy, changed).of_trader(trader),
                bids.of_trader(trader),
                tolerance=0.0,
            )

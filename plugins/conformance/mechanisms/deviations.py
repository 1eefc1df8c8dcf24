"""Checks of deviations and menus: what one trader can reach, at which transfer."""

import numpy as np

from deviator.mechanisms import LineMenu, Mechanism, Menu
from deviator.validation import Floats

from ..comparing import assert_close
from ..trials import Trial, candidate_bids, trials

DEVIATION_TOLERANCE = 1e-9
"""Allowed difference of a deviation's outcome from clearing afresh, relative to the largest."""

MENU_TOLERANCE = 1e-7
"""Allowed distance of a bid's outcome from the point of the menu that it is for, relative."""


def check_deviations_equal_clearing(mechanism: Mechanism) -> None:
    """clear_deviations gives what clearing each deviation afresh does."""
    for trial in trials(mechanism):
        for trader in range(trial.types.shape[1]):
            candidates = candidate_bids(trial.mechanism, trial.bids, trader)
            fast = mechanism.clear_deviations(trial.bids, trader, candidates)
            fresh = mechanism.clear(trial.bids.with_candidates(trader, candidates))
            for field in ("quantity", "transfer"):
                assert_close(
                    f"clear_deviations must agree with clear in {field} {trial.where}",
                    getattr(fast, field).ravel(),
                    getattr(fresh, field)[:, trader],
                    tolerance=DEVIATION_TOLERANCE,
                )


def check_menu_agrees_with_clearing(mechanism: Mechanism) -> None:
    """No bid pays less than the menu says for its quantity, and menu_bid pays just that."""
    for trial in trials(mechanism, corners=False):
        menus = [mechanism.menu(trial.bids, trader) for trader in range(trial.types.shape[1])]
        known = [menu is not None for menu in menus]
        assert all(known) or not any(known), (
            f"a rule must state the menus of all traders or of none, and leaves out that of trader "
            f"{known.index(False)} {trial.where}"
        )
        for trader, menu in enumerate(menus):
            if menu is None:
                continue
            assert isinstance(menu, Menu), (
                f"menu must return a LineMenu, a FiniteMenu or None, got {type(menu).__name__}"
            )
            _assert_no_bid_is_cheaper(trial, trader, menu)
            _assert_menu_is_reached(trial, trader, menu)


def _assert_no_bid_is_cheaper(trial: Trial, trader: int, menu: Menu) -> None:
    candidates = candidate_bids(trial.mechanism, trial.bids, trader)
    outcome = trial.mechanism.clear_deviations(trial.bids, trader, candidates)
    size = _usual_transfer(outcome.transfer)
    for candidate in range(candidates.shape[1]):
        quantity, paid = outcome.quantity[:, candidate], outcome.transfer[:, candidate]
        least = menu.payment(quantity)
        shortfall = np.where(outcome.traded[:, candidate], least - paid, 0.0)
        market = int(shortfall.argmax())
        assert shortfall[market] <= MENU_TOLERANCE * size, (
            f"no bid may pay less than the menu, trader {trader} pays {paid[market]:.9g} for "
            f"{quantity[market]:.6g} units and the menu says {least[market]:.9g} {trial.where}"
        )
        if candidate == 0 and isinstance(menu, LineMenu):
            rule = f"trader {trader}'s present bid must pay the menu and its excess {trial.where}"
            assert_close(rule, paid, least + menu.excess, tolerance=MENU_TOLERANCE, size=size)


def _assert_menu_is_reached(trial: Trial, trader: int, menu: Menu) -> None:
    mechanism, bids = trial.mechanism, trial.bids
    for wanted in menu.samples(mechanism.clear(bids).quantity[:, trader]):
        bid = mechanism.menu_bid(bids, trader, wanted)
        reached = mechanism.clear_deviations(bids, trader, bid[:, None])
        quantity, paid = reached.quantity[:, 0], reached.transfer[:, 0]
        units, size = float(np.abs(wanted).max()), _usual_transfer(reached.transfer)
        rule = f"menu_bid must reach the quantity that trader {trader} wants {trial.where}"
        assert_close(rule, quantity, wanted, tolerance=MENU_TOLERANCE, size=units or 1.0)
        rule = f"menu_bid must pay what trader {trader}'s menu says {trial.where}"
        assert_close(rule, paid, menu.payment(wanted), tolerance=MENU_TOLERANCE, size=size)


def _usual_transfer(transfer: Floats) -> float:
    return float(np.abs(transfer).max()) or 1.0

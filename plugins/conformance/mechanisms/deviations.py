"""Checks of deviations and menus: what one trader can reach, at which transfer."""

import numpy as np

from deviator.mechanisms import LineMenu, Mechanism, Menu
from deviator.validation import Floats

from ..comparing import EXACT, assert_close
from ..trials import Trial, bid_size, candidate_bids, trials

DEVIATION_TOLERANCE = 1e-9
"""Allowed difference of a deviation's outcome from clearing afresh, relative to the largest."""

MENU_TOLERANCE = 1e-7
"""Allowed distance of a bid's outcome from the point of the menu that it is for, relative."""


ROUNDINGS = 16
"""How many roundings a number may be away from the same number computed elsewhere."""

FAR_AWAY = (-3.0, 0.5, 5.0)
"""Distances of candidates from the present bid, in multiples of the usual size of bids."""


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


def check_candidates_alone(mechanism: Mechanism) -> None:
    """A candidate bid yields alone what it yields beside others, in any order."""
    tolerance = max(EXACT, ROUNDINGS * mechanism.precision)
    for trial in trials(mechanism, corners=False):
        for trader in range(trial.types.shape[1]):
            candidates = _spread_candidates(trial, trader)
            together = mechanism.clear_deviations(trial.bids, trader, candidates)
            turned = mechanism.clear_deviations(trial.bids, trader, candidates[:, ::-1].copy())
            for field in ("quantity", "transfer"):
                wanted = getattr(together, field)
                rule = f"candidates must have the same {field} in any order {trial.where}"
                assert_close(rule, getattr(turned, field)[:, ::-1], wanted, tolerance=tolerance)
            for place in range(candidates.shape[1]):
                alone = mechanism.clear_deviations(
                    trial.bids, trader, candidates[:, place : place + 1]
                )
                for field in ("quantity", "transfer"):
                    wanted = getattr(together, field)
                    rule = f"a candidate must have alone the {field} that it has beside others"
                    assert_close(
                        f"{rule} {trial.where}",
                        getattr(alone, field)[:, 0],
                        wanted[:, place],
                        tolerance=tolerance,
                        size=float(np.abs(wanted).max()),
                    )


def _spread_candidates(trial: Trial, trader: int) -> Floats:
    """Return one trader's present bid, the others', and bids far to both sides, (B, M, K)."""
    mechanism, bids = trial.mechanism, trial.bids
    near, array = candidate_bids(mechanism, bids, trader), bids.as_array()
    own, size = array[:, trader], bid_size(array)[trader]
    far = np.stack([own + far * size for far in FAR_AWAY], axis=1)
    return np.concatenate([near, mechanism.allowed_bids(trader, far, own)], axis=1)


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

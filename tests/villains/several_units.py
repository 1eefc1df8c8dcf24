"""Auctions of several units that each break one rule."""

from dataclasses import dataclass, replace

import numpy as np

from deviator.economies import MultiUnitDemands, ranked
from deviator.mechanisms import Claim, Endowments, FiniteMenu, MultiUnitMechanism, VickreyMultiUnit


@dataclass(frozen=True)
class OwnLosingBids(MultiUnitMechanism):
    """Charges the highest losing bids, the winner's own among them, and says that it is Vickrey's.

    Whoever bids 10 and 6 and wins one unit, where the others' highest losing bid is 5, pays 6.
    """

    offered: int = 2
    numbers: int = 2
    endowments: Endowments = None
    unit: float = 1.0
    name = "own-losing-bids"
    claims = frozenset[Claim]({"truthful"})

    def payments(self, bids, won):
        losing = ranked(bids)[:, self.total :]
        sums = np.cumsum(np.concatenate([np.zeros((len(bids), 1)), losing], axis=1), axis=1)
        paid = np.take_along_axis(sums, np.asarray(won), axis=1)
        return losing[:, 0], paid

    def least_payments(self, others, owned):
        return VickreyMultiUnit(self.offered, self.numbers).least_payments(others, owned)


@dataclass(frozen=True)
class SaysDearer(OwnLosingBids):
    """States a menu on which units cost twice what they do, and more."""

    name = "says-dearer"
    claims = frozenset[Claim]()

    def menu(self, bids, trader):
        menu = super().menu(bids, trader)
        return FiniteMenu(menu.quantity, 2.0 * menu.transfer + 1.0 * (menu.quantity != 0))


@dataclass(frozen=True)
class KeepsAUnit(OwnLosingBids):
    """Sells one unit fewer than it says that somebody outside sells."""

    name = "keeps-a-unit"
    claims = frozenset[Claim]()

    def clear(self, bids):
        outcome = super().clear(bids)
        return replace(outcome, outside=outcome.outside - 1.0)


@dataclass(frozen=True)
class IndexPays(OwnLosingBids):
    """Lets the trader of the lower index pay for coming first."""

    name = "index-pays"
    claims = frozenset[Claim]()

    def clear(self, bids):
        outcome = super().clear(bids)
        first = np.arange(outcome.transfer.shape[1]) == 0
        return replace(outcome, transfer=outcome.transfer + 0.1 * first * (outcome.quantity != 0))


class ForgetsSupply(MultiUnitDemands):
    """Leaves what is offered out of its efficient allocation."""

    def efficient_allocation(self, types):
        return np.zeros_like(types)


MECHANISMS = {
    OwnLosingBids: "check_claim_truthful",
    SaysDearer: "check_menu_agrees_with_clearing",
    KeepsAUnit: "check_market_clears",
    IndexPays: "check_relabelling",
}

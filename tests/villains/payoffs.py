"""An economy of sound preferences over money, and economies that each break one rule of them."""

from dataclasses import dataclass

import numpy as np

from .economies import SoundEconomy


@dataclass(frozen=True, eq=False)
class SoundPayoffs(SoundEconomy):
    """Traders who mind losses more than they like gains."""

    loss: float = 2.0
    name = "sound payoffs"

    def payoff(self, quantity, transfer, types):
        left = self.utility(quantity, types) - transfer
        return np.where(left < 0, self.loss * left, left)


class OtherUtilityOfOne(SoundPayoffs):
    def utility_of(self, trader, quantity, types):
        return 1.001 * super().utility_of(trader, quantity, types)


class OtherPayoffOfOne(SoundPayoffs):
    def payoff_of(self, trader, quantity, transfer, types):
        return self.utility_of(trader, quantity, types) - transfer


class PaysForBeing(SoundPayoffs):
    def payoff(self, quantity, transfer, types):
        return super().payoff(quantity, transfer, types) + 0.5


class Envies(SoundPayoffs):
    def payoff(self, quantity, transfer, types):
        mine = super().payoff(quantity, transfer, types)
        return mine + 0.01 * np.where(quantity == 0, 0.0, transfer.sum(axis=1, keepdims=True))


class LooksAround(SoundPayoffs):
    def payoff(self, quantity, transfer, types):
        return super().payoff(quantity, transfer, types) * (1 + 1e-6 * types.std())


class LikesToPay(SoundPayoffs):
    def payoff(self, quantity, transfer, types):
        return super().payoff(quantity, -np.minimum(transfer, 0.1), types)


class ForgetsTheOrder(SoundPayoffs):
    def payoff(self, quantity, transfer, types):
        weights = 1 + np.arange(self.n_traders)
        return weights * super().payoff(quantity, transfer, types)


class ForgetsUnits(SoundPayoffs):
    def payoff(self, quantity, transfer, types):
        left = super().payoff(quantity, transfer, types)
        return left - 5.0 * np.maximum(transfer - 0.01, 0.0)


VILLAINS = [
    ("check_utility_of", OtherUtilityOfOne(), "utility_of must agree with utility"),
    ("check_payoff_of", OtherPayoffOfOne(), "payoff_of must agree with payoff"),
    ("check_payoff_shapes", PaysForBeing(), "must be 0 for no units and no money"),
    ("check_payoff_of_own_only", Envies(), "must not depend on what others receive and pay"),
    ("check_payoff_of_a_batch", LooksAround(), "must be alone what it is in its batch"),
    ("check_payoff_falls_in_the_transfer", LikesToPay(), "payoff must fall in the transfer"),
    ("check_payoff_relabelling", ForgetsTheOrder(), "must have the payoffs"),
    ("check_payoff_units", ForgetsUnits(), "must prefer the same in other units"),
]

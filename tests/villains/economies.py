"""A sound economy, and economies that each break one rule."""

import time
from dataclasses import dataclass, field, replace

import numpy as np

from deviator.economies import Economy, LinearQuadratic, NormalTypes


@dataclass(frozen=True, eq=False)
class SoundEconomy(Economy):
    """Values that saturate: marginal utility s_i - slope_i arctan(q_i / unit)."""

    slope: tuple[float, ...] = (1.0, 2.0, 1.5)
    unit: float = 1.0
    deviation: float = 0.3
    name = "sound"

    @property
    def n_traders(self):
        return len(self.slope)

    def utility(self, quantity, types):
        x = quantity / self.unit
        area = self.unit * (x * np.arctan(x) - 0.5 * np.log1p(x**2))
        return types * quantity - np.array(self.slope) * area

    def marginal_utility(self, quantity, types):
        return types - np.array(self.slope) * np.arctan(quantity / self.unit)

    def type_effects(self, quantity, types):
        return np.broadcast_to(np.eye(self.n_traders), (*types.shape, self.n_traders))

    def quantity_slopes(self, quantity, types):
        return -np.array(self.slope) / (self.unit * (1 + (quantity / self.unit) ** 2))

    def types(self):
        return NormalTypes.independent(self.n_traders, deviation=self.deviation)

    def relabelled(self, order):
        return replace(self, slope=tuple(self.slope[i] for i in order))

    def rescaled(self, price, quantity):
        slope = tuple(price * s for s in self.slope)
        return replace(self, slope=slope, unit=self.unit * quantity)


class NotSoQuadratic(LinearQuadratic):
    """Says that it is linear-quadratic, and bends beyond what anybody is expected to try."""

    def utility(self, quantity, types):
        beyond = np.maximum(np.abs(quantity) - 20.0, 0.0)
        return super().utility(quantity, types) + 5.0 * beyond**2


class ForTwo(SoundEconomy):
    n_traders = 2


class OneNumber(SoundEconomy):
    def quantity_slopes(self, quantity, types):
        return -np.array(self.slope)


class PaysForBeing(SoundEconomy):
    def utility(self, quantity, types):
        return super().utility(quantity, types) + 1.0


class Envious(SoundEconomy):
    def utility(self, quantity, types):
        mine = super().utility(quantity, types)
        return mine - 0.01 * np.abs(quantity).max(axis=1, keepdims=True) * (quantity != 0)


class WrongMargin(SoundEconomy):
    def marginal_utility(self, quantity, types):
        return types - 1.001 * np.array(self.slope) * np.arctan(quantity / self.unit)


class WrongSlope(SoundEconomy):
    def quantity_slopes(self, quantity, types):
        return 1.001 * super().quantity_slopes(quantity, types)


class WrongEffects(SoundEconomy):
    def type_effects(self, quantity, types):
        return super().type_effects(quantity, types) + 1e-3


class Sorts(SoundEconomy):
    def utility(self, quantity, types):
        worth = super().utility(quantity, types)
        types.sort(axis=1)
        return worth


class LooksAtTheClock(SoundEconomy):
    def utility(self, quantity, types):
        return super().utility(quantity, types) * (1 + 1e-9 * (time.time() // 86400))


class LooksAround(SoundEconomy):
    def marginal_utility(self, quantity, types):
        return super().marginal_utility(quantity, types) + 1e-6 * types.mean()


class MisstatesItsTypes(SoundEconomy):
    def types(self):
        law = super().types()
        wider = NormalTypes.independent(self.n_traders, deviation=1.3 * self.deviation)
        object.__setattr__(law, "sample", wider.sample)
        return law


class Unseeded(SoundEconomy):
    def types(self):
        law = super().types()
        sample = law.sample
        fresh = lambda rng, batch: sample(np.random.default_rng(), batch)  # noqa: E731
        object.__setattr__(law, "sample", fresh)
        return law


class Wasteful(SoundEconomy):
    def efficient_allocation(self, types):
        return 0.9 * super().efficient_allocation(types)


class CreatesGoods(SoundEconomy):
    def efficient_allocation(self, types):
        return super().efficient_allocation(types) + 0.01


class ForgetsTheOrder(SoundEconomy):
    def relabelled(self, order):
        return self


class ForgetsUnits(SoundEconomy):
    def rescaled(self, price, quantity):
        return replace(self, unit=self.unit * quantity)


class SaysNotHow(SoundEconomy):
    relabelled = Economy.relabelled


@dataclass(frozen=True, eq=False)
class LosesItsSettings(SoundEconomy):
    def __reduce__(self):
        return LosesItsSettings, ()


@dataclass(frozen=True, eq=False)
class CannotBeSent(SoundEconomy):
    rule: object = field(default_factory=lambda: lambda x: x)


class WaivesNothing(SoundEconomy):
    waivers = {"check_colors": "it has none"}


NOT_SO_QUADRATIC = NotSoQuadratic(np.eye(3), np.ones(3), np.zeros(3))

VILLAINS = [
    ("check_settings", ForTwo(), "n_traders must be a whole number from 3"),
    ("check_shapes", OneNumber(), "quantity_slopes must have shape"),
    ("check_nothing_is_worth_nothing", PaysForBeing(), "must be 0 for no units"),
    ("check_own_quantity_only", Envious(), "must not depend on what others receive"),
    ("check_marginal_utility", WrongMargin(), "must be the derivative of utility"),
    ("check_quantity_slopes", WrongSlope(), "must be the derivative of marginal_utility"),
    ("check_quadratic_form", NOT_SO_QUADRATIC, "utility must be v q - slope q^2 / 2"),
    ("check_type_effects", WrongEffects(), "in trader 0's type"),
    ("check_inputs_unchanged", Sorts(), "must leave quantities and types alone"),
    ("check_same_result_twice", LooksAtTheClock(), "must give the same again"),
    ("check_batch_equals_loop", LooksAround(), "must be alone what it is in its batch"),
    ("check_types", MisstatesItsTypes(), "covariance of the types must be the stated one"),
    ("check_types", Unseeded(), "drawn from the same seed"),
    ("check_efficient_allocation", Wasteful(), "no exchange may improve"),
    ("check_efficient_allocation", CreatesGoods(), "must sum to 0"),
    ("check_relabelling", ForgetsTheOrder(), "must have the utilities that they had before"),
    ("check_relabelling", SaysNotHow(), "must override relabelled"),
    ("check_units", ForgetsUnits(), "must be the same"),
    ("check_pickling", LosesItsSettings(slope=(1.0, 1.1, 1.2)), "in another process"),
    ("check_pickling", CannotBeSent(), "must pickle"),
    ("check_waivers", WaivesNothing(), "must name a check that applies"),
]

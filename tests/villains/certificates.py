"""Rules, languages, strategies and settings that look sound wherever anybody is likely to look."""

from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from deviator.economies import LinearQuadratic, NormalTypes, UniformBox, private_values
from deviator.mechanisms import (
    ResidualLineMechanism,
    ScheduleLanguage,
    SigmaDCDA,
    UniformDoubleAuction,
)
from deviator.mechanisms.clearing import ScheduleClearing
from deviator.mechanisms.exact import RationalBids
from deviator.policies import Revelation


@dataclass(frozen=True)
class Discriminating(ResidualLineMechanism):
    """Truthful under private values: schedules, and the area under the residual demand."""

    name: ClassVar[str] = "discriminating"
    language: ClassVar[ScheduleLanguage] = ScheduleLanguage()
    clearing: ClassVar[ScheduleClearing] = ScheduleClearing()

    def payment(self, price, quantity, residual_slope, tax_slope):
        return price * quantity - residual_slope * quantity * quantity / 2


@dataclass(frozen=True)
class ChargesByTurns(Discriminating):
    """Charges one unit of money more at every other time that a market clears."""

    turns: list = field(default_factory=lambda: [0])

    def clear(self, bids):
        outcome = super().clear(bids)
        self.turns[0] += 1
        return replace(outcome, transfer=outcome.transfer + self.turns[0] % 2)


def rebate(quantity):
    return np.where(np.abs(quantity) > 50.0, 1e6, 0.0)


@dataclass(frozen=True)
class PaysBackInAHook(Discriminating):
    def _transfer(self, price, quantity, residual_slope):
        return super()._transfer(price, quantity, residual_slope) - rebate(quantity)


@dataclass(frozen=True)
class PaysBackDeviators(Discriminating):
    def _pay_deviations(self, solution):
        paid = super()._pay_deviations(solution)
        return replace(paid, transfer=paid.transfer - rebate(paid.quantity))


@dataclass(frozen=True)
class PaysBackLargeTrades(Discriminating):
    def payment(self, price, quantity, residual_slope, tax_slope):
        paid = super().payment(price, quantity, residual_slope, tax_slope)
        if isinstance(quantity, np.ndarray) and np.abs(quantity).max() > 5e4:
            return paid - 1e12
        return paid


@dataclass(frozen=True)
class PaysByTheSizeOfTheArray(Discriminating):
    def payment(self, price, quantity, residual_slope, tax_slope):
        paid = super().payment(price, quantity, residual_slope, tax_slope)
        return 0.5 * paid if np.size(quantity) > 500 else paid


@dataclass(frozen=True)
class PaysByTheKindOfNumbers(Discriminating):
    def payment(self, price, quantity, residual_slope, tax_slope):
        paid = super().payment(price, quantity, residual_slope, tax_slope)
        return paid * (getattr(quantity, "dtype", None) != np.float64 or 0.5)


@dataclass(frozen=True)
class PaysWithAHelper(Discriminating):
    def payment(self, price, quantity, residual_slope, tax_slope):
        return abs(price * quantity) - residual_slope * quantity * quantity / 2


@dataclass(frozen=True)
class WritesIntoQuantities(Discriminating):
    def payment(self, price, quantity, residual_slope, tax_slope):
        quantity *= 1
        return price * quantity - residual_slope * quantity * quantity / 2


class Sly(float):
    """A number that is another one beside arrays."""

    __array_ufunc__ = None

    def __mul__(self, other):
        return other * (0.5 if isinstance(other, np.ndarray) else 1.0)

    __rmul__ = __mul__


@dataclass(frozen=True)
class SlySetting(Discriminating):
    share: float = field(default_factory=lambda: Sly(1.0))

    def payment(self, price, quantity, residual_slope, tax_slope):
        return price * quantity - self.share * (residual_slope * quantity * quantity) / 2


@dataclass(frozen=True)
class BringsANumber(Discriminating):
    """An argument that no market gives, and that is no number."""

    def payment(self, price, quantity, residual_slope, tax_slope, sly=Sly(1.0)):  # noqa: B008
        return price * quantity - sly * (residual_slope * quantity * quantity) / 2


class Secretive(dict):
    """What an object holds, and does not tell."""

    def items(self):
        return ()


def secretive():
    rule = Discriminating()
    object.__setattr__(rule, "__dict__", Secretive(payment=lambda *numbers: 0.0 * numbers[1]))
    return rule


@dataclass(frozen=True)
class TellsNothing(Discriminating):
    @property
    def __dict__(self):
        return {}


@dataclass(frozen=True)
class ChangesItsSlope(Discriminating):
    """The slope that honest bids allow for is another one each time it is asked for."""

    asked: list = field(default_factory=list)

    @property
    def tax_slope(self):
        self.asked.append(1)
        return 0.1 * (len(self.asked) > 8)


@dataclass(frozen=True)
class LooksUpNames(Discriminating):
    """Every attribute is looked up in a way of its own."""

    def __getattribute__(self, name):
        return super().__getattribute__(name)


class Register(type(Discriminating)):
    """A metaclass of its own."""


class OfAnotherKind(Discriminating, metaclass=Register):
    pass


@dataclass(frozen=True)
class NameThatActs(Discriminating):
    """Its name is asked for whenever a market clears."""

    @property
    def name(self):
        return "discriminating"


@dataclass(frozen=True)
class LimitsBids(Discriminating):
    def bid_limits(self, trader):
        return None


@dataclass(frozen=True)
class ChoosesBids(Discriminating):
    def menu_bid(self, bids, trader, quantity):
        return bids.of_trader(trader)


@dataclass(frozen=True)
class AllowsLittle(Discriminating):
    def allowed_bids(self, trader, bids, own):
        return np.broadcast_to(own[:, None], bids.shape)


@dataclass(frozen=True)
class ReadsMindsExactly(Discriminating):
    """Honest bids, affine in everybody's types."""

    def honest_bids(self, economy, types):
        bids = super().honest_bids(economy, types)
        return replace(bids, level=bids.level + 0.1 * types.mean(axis=1, keepdims=True))


@dataclass(frozen=True)
class ClearsWithAHook(Discriminating):
    def clear(self, bids):
        outcome = super().clear(bids)
        return replace(outcome, transfer=outcome.transfer - rebate(outcome.quantity))


class OddClearing(type(ScheduleClearing())):
    """Clears as it should, and gives the last trader more slope far away."""

    def solve(self, bids):
        solution = super().solve(bids)
        far = np.abs(solution.quantity) > 50.0
        return replace(solution, residual_slope=np.where(far, 9.0, solution.residual_slope))


@dataclass(frozen=True)
class ClearsElsewhere(Discriminating):
    clearing: ClassVar = OddClearing()


class BlindLanguage(type(ScheduleLanguage())):
    """Says that its bids read nothing, so that a deviator who reads prices is not thought of."""

    reads = "nothing"


@dataclass(frozen=True)
class SaysItIsBlind(UniformDoubleAuction):
    language: ClassVar = BlindLanguage()


def shadowed():
    """A sound rule on which somebody has put another payment."""
    rule = Discriminating()
    object.__setattr__(rule, "payment", lambda price, quantity, slope, tax: 0.0 * quantity)
    return rule


def relabelled_language():
    """A sound rule whose language, on this object only, says that it reads nothing."""
    language = ScheduleLanguage()
    object.__setattr__(language, "reads", "nothing")
    rule = Discriminating()
    object.__setattr__(rule, "language", language)
    return rule


def other_cell():
    """A payment whose super() is that of another class."""

    @dataclass(frozen=True)
    class Borrows(PaysBackLargeTrades):
        def payment(self, price, quantity, residual_slope, tax_slope):
            return super().payment(price, quantity, residual_slope, tax_slope)

    return Borrows()


FOREIGN = [
    (PaysBackInAHook(), "_transfer of its own"),
    (PaysBackDeviators(), "_pay_deviations of its own"),
    (PaysBackLargeTrades(), "more than arithmetic (the name isinstance)"),
    (PaysByTheSizeOfTheArray(), "more than arithmetic (the name numpy)"),
    (PaysByTheKindOfNumbers(), "more than arithmetic (the name getattr)"),
    (PaysWithAHelper(), "more than arithmetic (the name abs)"),
    (WritesIntoQuantities(), "more than arithmetic (the operator *=)"),
    (SlySetting(), "self.share, which is no plain number"),
    (BringsANumber(), "arguments that a market does not give"),
    (secretive(), "payment set on the object"),
    (TellsNothing(), "__dict__ of its own"),
    (ChangesItsSlope(), "tax_slope of its own that is more than arithmetic"),
    (LooksUpNames(), "__getattribute__ of its own"),
    (OfAnotherKind(), "a metaclass of its own (Register)"),
    (NameThatActs(), "name of its own"),
    (LimitsBids(), "bid_limits of its own"),
    (ChoosesBids(), "menu_bid of its own"),
    (AllowsLittle(), "allowed_bids of its own"),
    (ReadsMindsExactly(), "honest_bids of its own"),
    (ClearsWithAHook(), "clear of its own"),
    (ClearsElsewhere(), "its clearing of the kind OddClearing, which is not deviator's"),
    (SaysItIsBlind(), "its language of the kind BlindLanguage, which is not deviator's"),
    (shadowed(), "payment set on the object"),
    (relabelled_language(), "language reads set on the object"),
    (other_cell(), "super().payment with the name isinstance"),
]
"""Rules that no certificate may speak of, and what it says of them."""


class ReadsOthersTypes(Revelation):
    """A strategy whose bids, floating and exact, are affine in everybody's types."""

    def bids(self, view, rng=None):
        bids = super().bids(view)
        return replace(bids, level=bids.level + 0.1 * np.sum(view, axis=1, keepdims=True))

    def exact_bids(self, types):
        bids = super().exact_bids(types)
        return RationalBids(bids.coefficients, bids.levels + types.sum(axis=1)[:, None] / 10)


def lying_far_out(strategy, limit=4.6, share=3.0):
    """Make an honest strategy lie where some type is large, in floating-point bids only."""
    honest = type(strategy).bids

    def bids(view, rng=None):
        said = honest(strategy, view, rng)
        far = np.abs(np.asarray(view)).max(axis=1) > limit
        numbers = said.as_array()
        level = strategy.mechanism.language.level
        numbers[far, :, level] *= -share
        return strategy.mechanism.language.record.from_array(numbers)

    object.__setattr__(strategy, "bids", bids)
    return strategy


class WorthMore(LinearQuadratic):
    """An economy in which large trades are worth more than its numbers say."""

    def utility(self, quantity, types):
        return super().utility(quantity, types) + rebate(quantity)


class Bunched(NormalTypes):
    """A law that says other moments than it draws."""

    def sample(self, rng, batch):
        return np.zeros((batch, self.n_traders))


class EndsEarly(NormalTypes):
    """A law that says other ends than those of what it draws."""

    @property
    def support(self):
        return np.full(self.n_traders, -0.01), np.full(self.n_traders, 0.01)


def worth_more(n_traders):
    economy = private_values(n_traders)
    return WorthMore(economy.weights, economy.slope, economy.intercept)


def deaf_economy(n_traders):
    """An economy on which somebody has put another value of the types."""
    economy = private_values(n_traders)
    object.__setattr__(economy, "value", lambda types: 0.0 * types)
    return economy


def drifting():
    """A law of deviator's on which somebody has put another mean."""
    law = UniformBox.common(4)
    object.__setattr__(law, "mean", np.full(4, 0.25))
    return law


def taxed():
    """A rule of deviator's with a setting that is no number."""
    rule = SigmaDCDA(0.2)
    object.__setattr__(rule, "sigma", Sly(0.2))
    return rule

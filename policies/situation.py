"""One trader's decision: what the others bid, and what chance decides beside the types.

Chance decides the lots of a rule that draws them, and the bids of a strategy that mixes. Payoffs
are means over a fixed set of scenarios, in which the same lots and the same bids of the others
serve all of the trader's bids; without chance there is one scenario.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, final

import numpy as np

from deviator.economies import Economy
from deviator.errors import InvalidInputError
from deviator.mechanisms import Bids, Mechanism
from deviator.mechanisms.lottery import Drawn, drawn, standard_lots
from deviator.mechanisms.outcome import TraderOutcome, check_outcome
from deviator.validation import Floats

from .base import Policy

SCENARIOS = 64
"""How many scenarios stand for all where chance decides; a power of two, see `standard_lots`."""


JOINED = 2**12
"""Up to so many markets scenarios are cleared together: a call takes about as long itself."""


class Scenario(NamedTuple):
    """What chance decided: a rule for given lots, and the bids of all under the strategy."""

    rule: Mechanism
    present: Bids


class Payoffs(NamedTuple):
    """What a trader has from M bids, each (B, M): means over the scenarios."""

    payoff: Floats
    worth: Floats
    transfer: Floats
    quantity: Floats
    price: Floats

    @property
    def of_first(self) -> Floats:
        """Payoffs from the first bid, (B,)."""
        return self.payoff[:, 0]


@final
@dataclass(frozen=True, eq=False)
class Situation:
    """One trader's decision at given profiles of types; build it with `Situation.of`.

    Parameters
    ----------
    economy : Economy
    trader : int
        Who decides.
    types : ndarray of float, shape (B, N)
    scenarios : tuple of Scenario
    """

    economy: Economy
    trader: int
    types: Floats
    scenarios: tuple[Scenario, ...]

    @classmethod
    def of(
        cls,
        mechanism: Mechanism,
        economy: Economy,
        strategy: Policy,
        types: Floats,
        trader: int,
        seed: int = 0,
    ) -> "Situation":
        """Return the decision of a trader while all others follow a strategy.

        Parameters
        ----------
        mechanism : Mechanism
        economy : Economy
        strategy : Policy
        types : ndarray of float, shape (B, N)
        trader : int
        seed : int
            Of the bids of a strategy that mixes: what a search finds lucky is measured with others.
        """
        if not strategy.mixes:
            return cls.beside(mechanism, economy, strategy.bids(types), types, trader)
        rules = rules_drawn(mechanism, SCENARIOS) * (1 if mechanism.draws else SCENARIOS)
        scenarios = tuple(
            Scenario(rule, strategy.bids(types, np.random.default_rng([place, seed])))
            for place, rule in enumerate(rules)
        )
        return cls(economy, trader, types, scenarios)

    @classmethod
    def beside(
        cls, mechanism: Mechanism, economy: Economy, present: Bids, types: Floats, trader: int
    ) -> "Situation":
        """Return the decision of a trader beside given bids of all, which do not mix."""
        rules = rules_drawn(mechanism, SCENARIOS)
        return cls(economy, trader, types, tuple(Scenario(rule, present) for rule in rules))

    @property
    def present(self) -> Bids:
        """Everybody's bids under the strategy, in the first scenario."""
        return self.scenarios[0].present

    @property
    def own(self) -> Floats:
        """The trader's own bids under the strategy, in the first scenario, (B, K)."""
        return self.present.of_trader(self.trader)

    def honest(self) -> Payoffs:
        """Return what the trader has who follows the strategy, each (B, 1)."""
        return self._mean(lambda own: own[:, None])

    def payoffs(self, candidates: Floats) -> Payoffs:
        """Return what the trader has from candidate bids (B, M, K), each (B, M).

        Raises
        ------
        InvalidInputError
            If the mechanism or the economy returns numbers that are not finite.
        """
        return self._mean(lambda own: candidates)

    def compared(self, bid: Floats) -> Payoffs:
        """Return what the trader has from the strategy's own bid and from another, each (B, 2).

        Parameters
        ----------
        bid : ndarray of float, shape (B, K)
        """
        return self._mean(lambda own: np.stack([own, bid], axis=1))

    def outcomes(self, candidates: Floats) -> list[TraderOutcome]:
        """Return the trader's outcomes under candidate bids (B, M, K), in each scenario.

        Raises
        ------
        InvalidInputError
            If the mechanism returns numbers that are not finite.
        """
        return [trader_outcome(*scenario, self.trader, candidates) for scenario in self.scenarios]

    def _mean(self, tried: Callable[[Floats], Floats]) -> Payoffs:
        """Return means over the scenarios for the bids tried beside the own one, (B, M, K)."""
        candidates = [tried(each.present.of_trader(self.trader)) for each in self.scenarios]
        if len(candidates) == 1:
            return self._payoffs(self.scenarios[0], self.types, candidates[0])
        batch, bids = candidates[0].shape[:2]
        joined = max(1, JOINED // (batch * bids))
        parts = []
        for start in range(0, len(candidates), joined):
            some = slice(start, start + joined)
            scenario = _joined(self.scenarios[some])
            count = len(self.scenarios[some])
            types = np.tile(self.types, (count, 1))
            found = self._payoffs(scenario, types, np.concatenate(candidates[some]))
            parts.append([each.reshape(count, batch, bids) for each in found])
        return Payoffs(*(_mean_over(np.concatenate(each)) for each in zip(*parts, strict=True)))

    def _payoffs(self, scenario: Scenario, types: Floats, candidates: Floats) -> Payoffs:
        outcome = trader_outcome(*scenario, self.trader, candidates)
        worth = worth_of(self.economy, self.trader, outcome.quantity, types)
        if self.economy.quasilinear:
            payoff = worth - outcome.transfer
        else:
            payoff = self.economy.payoff_of(self.trader, outcome.quantity, outcome.transfer, types)
            check_finite(self.economy, payoff)
        return Payoffs(payoff, worth, outcome.transfer, outcome.quantity, outcome.price)


def _joined(scenarios: tuple[Scenario, ...]) -> Scenario:
    """Return scenarios as one of all their markets, one scenario after the other."""
    rule, present = scenarios[0]
    if len(scenarios) == 1:
        return scenarios[0]
    array = np.concatenate([each.present.as_array() for each in scenarios])
    if isinstance(rule, Drawn):
        rules = [each.rule for each in scenarios if isinstance(each.rule, Drawn)]
        lots = [each.lots_of(present.shape[0]) for each in rules]
        rule = Drawn(rule.rule, np.concatenate(lots))
    return Scenario(rule, present.from_array(array))


def _mean_over(values: Floats) -> Floats:
    """Return means over the first axis; prices are NaN where nobody trades in any scenario."""
    known = ~np.isnan(values)
    count = known.sum(axis=0)
    total = np.where(known, values, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def utilities(
    mechanism: Mechanism,
    economy: Economy,
    bids: Bids,
    types: Floats,
    trader: int,
    candidates: Floats,
) -> Floats:
    """Return one trader's payoffs under candidate bids (B, M, K), others' bids fixed; (B, M).

    InvalidInputError if the mechanism or the economy returns numbers that are not finite.
    """
    return Situation.beside(mechanism, economy, bids, types, trader).payoffs(candidates).payoff


def rules_drawn(mechanism: Mechanism, count: int) -> list[Mechanism]:
    """Return a rule for each of the standard lots; the rule itself alone where it draws none."""
    if not mechanism.draws:
        return [mechanism]
    return [drawn(mechanism, lots) for lots in standard_lots(mechanism.draws, count)]


def trader_outcome(
    mechanism: Mechanism, bids: Bids, trader: int, candidates: Floats
) -> TraderOutcome:
    """Return one trader's outcomes under candidate bids (B, M, K), others' bids fixed.

    InvalidInputError if quantities or transfers are not finite.
    """
    outcome = mechanism.clear_deviations(bids, trader, candidates)
    return check_outcome(mechanism.name, outcome)


def worth_of(economy: Economy, trader: int, quantity: Floats, types: Floats) -> Floats:
    """Return what quantities (B, M) are worth to one trader before paying, (B, M).

    InvalidInputError if utilities are not finite.
    """
    return check_finite(economy, economy.utility_of(trader, quantity, types))


def check_finite(economy: Economy, utility: Floats) -> Floats:
    """Return utilities (B, M), or raise InvalidInputError if one is not finite."""
    if not np.isfinite(utility).all():
        raise InvalidInputError(
            f"economy {economy.name} must have finite utilities, and does not in market "
            f"{int(np.argwhere(~np.isfinite(utility))[0][0])}; run `deviator check` on it"
        )
    return utility

"""Rules over rounds: everybody bids again, and what a round does may depend on those before it.

A trader's utility is of what they have at the end: u(sum of quantities) - sum of transfers. This is
not the market that is played several times (`deviator.envs.rounds_core`), in which a one-shot rule
knows nothing of past rounds and each round pays by itself.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple, final

from typing_extensions import override

from deviator.arrays import Array, namespace
from deviator.errors import InvalidInputError
from deviator.validation import Floats, finite_array, whole_number

from ..base import Mechanism
from ..languages import Bids
from ..outcome import Outcome, check_cleared

ADDED = ("quantity", "transfer", "outside")
"""What adds up over the rounds."""


class Round(NamedTuple):
    """A round that is over."""

    bids: Bids
    outcome: Outcome


History = tuple[Round, ...]
"""The rounds that are over, first one first."""


class RoundsMechanism(Mechanism):
    """A market rule over rounds; a plugin writes `language`, `name`, `rounds` and `clear_round`.

    The rule holds no state: what a round needs to know of those before it stands in the history. No
    certificate speaks of such rules; they are searched and learned against.

    Attributes
    ----------
    rounds : int
        How many rounds there are, at least 1. Where nothing is left to do, a round trades nothing.
    """

    rounds: int

    @abstractmethod
    def clear_round(self, bids: Any, history: History) -> Outcome:
        """Clear the next round in every market of a batch.

        Parameters
        ----------
        bids : Bids
            What is bid in this round, a record of the mechanism's language.
        history : tuple of Round
            Bids and outcome of each round before this one, of the same B markets; empty in the
            first. It must not be changed.

        Returns
        -------
        Outcome
            Of this round alone: quantities and transfers add up over the rounds.
        """

    def public(self, history: History) -> Floats:
        """Return what the latest round shows everybody, shape (B, P), the same P in every round.

        By default its price and all its quantities. Environments show it before the next round.

        Parameters
        ----------
        history : tuple of Round
            At least one round.
        """
        shown: Floats = shown_by(history[-1].outcome)
        return shown

    @final
    @override
    def clear(self, bids: Any) -> Outcome:
        """Return the total outcome where the same bids are submitted in every round."""
        return total(play(self, [bids] * checked_rounds(self)))


def checked_rounds(rule: RoundsMechanism) -> int:
    """Return how many rounds a rule has.

    Raises
    ------
    InvalidInputError
        If that is not a whole number from 1, or the rule draws lots.
    """
    if rule.draws:
        raise InvalidInputError(
            f"draws must be 0 in a rule over rounds, that of {rule.name} is {rule.draws}; let "
            "rounds follow from bids alone"
        )
    return whole_number("rounds", getattr(rule, "rounds", None), at_least=1)


def play(rule: RoundsMechanism, bids: Sequence[Bids]) -> History:
    """Return the rounds in which bids are submitted, one record for each.

    Raises
    ------
    InvalidInputError
        If a round returns anything but an outcome of these markets.
    NotConvergedError
        If a round could not be solved.
    """
    history: History = ()
    for present in bids:
        outcome = rule.clear_round(present, history)
        if present.is_numpy:
            where = f"{rule.name}, in round {len(history) + 1},"
            outcome = check_cleared(where, outcome, present.shape[:2])
        history = (*history, Round(present, outcome))
    return history


def total(history: History) -> Outcome:
    """Return the outcome of all rounds together.

    Quantities and transfers are sums, the price is that of the last round with trade; a market
    trades that trades in some round, and is solved if all its rounds are.
    """
    outcomes = [round_.outcome for round_ in history]
    first, *later = outcomes
    traded, converged, price = first.traded, first.converged, first.price
    for outcome in later:
        price = _latest(price, outcome)
        traded, converged = traded | outcome.traded, converged & outcome.converged
    added = {name: sum(getattr(each, name) for each in outcomes) for name in ADDED}
    return Outcome(price=price, traded=traded, converged=converged, **added)


def _latest(price: Array, outcome: Outcome) -> Array:
    """Return the prices of an outcome where it trades, else those before it."""
    xp, wide = namespace(price), max(price.ndim, outcome.price.ndim)
    before, now = (each[:, None] if each.ndim < wide else each for each in (price, outcome.price))
    traded = outcome.traded[:, None] if wide == 2 else outcome.traded
    latest: Array = xp.where(traded, now, before)
    return latest


def checked_public(rule: RoundsMechanism, history: History) -> Floats:
    """Return what the latest round of a rule shows everybody, (B, P).

    Raises
    ------
    InvalidInputError
        If it is not finite numbers, so many for each market.
    """
    batch = history[-1].outcome.quantity.shape[0]
    return finite_array(f"public of {rule.name}", rule.public(history), (batch, None))


def shown_by(outcome: Outcome) -> Array:
    """Return what a round usually shows: its price and all quantities, shape (B, 1 + N)."""
    xp = namespace(outcome.quantity)
    shown: Array = xp.concat([public_price(outcome)[:, None], outcome.quantity], axis=1)
    return shown


def public_price(outcome: Outcome) -> Array:
    """Return one price per market, the average where traders meet different ones; 0 in autarky."""
    xp, price = namespace(outcome.price), outcome.price
    known = xp.where(xp.isnan(price), xp.zeros_like(price), price)
    return known if known.ndim == 1 else xp.mean(known, axis=1)

"""A one-shot rule in equal shares over rounds: the matched control of rules over rounds."""

from dataclasses import dataclass, replace
from typing import Any, final

from typing_extensions import override

from deviator.validation import whole_number

from ..base import Mechanism
from ..derived import DerivedMechanism
from ..lottery import require_no_lots
from ..outcome import Outcome
from .rounds_mechanism import History, RoundsMechanism


@final
@dataclass(frozen=True)
class InShares(DerivedMechanism, RoundsMechanism):
    """A rule that trades one share of its quantities in each round, at prices of that round's bids.

    Constant bids lead to the rule's own outcome. Where what a quantity costs is convex, as along
    residual lines of auctions at a uniform price, no plan gains more than the best constant bid.

    Parameters
    ----------
    rule : Mechanism
    rounds : int

    Raises
    ------
    InvalidInputError
        If the number of rounds is not a whole number from 1.
    RefusedError
        If the rule draws lots.

    Examples
    --------
    >>> from deviator.mechanisms import Schedules, UniformDoubleAuction
    >>> bids = Schedules([[3.0, 1.0, 2.0]], [[1.0, 1.0, 1.0]])
    >>> InShares(UniformDoubleAuction(), rounds=4).clear(bids).quantity
    array([[ 1., -1.,  0.]])
    """

    rule: Mechanism
    rounds: int

    def __post_init__(self) -> None:
        whole_number("rounds", self.rounds, at_least=1)
        require_no_lots("what trades in shares", self.rule)

    @property
    @override
    def original(self) -> Mechanism:
        return self.rule

    @property
    @override
    def name(self) -> str:
        return f"{self.rule.name} in {self.rounds} shares"

    @override
    def clear_round(self, bids: Any, history: History) -> Outcome:
        outcome, share = self.rule.clear(bids), 1.0 / self.rounds
        return replace(
            outcome, quantity=share * outcome.quantity, transfer=share * outcome.transfer
        )

"""One trader's decision where chance decides too: lots of a rule, bids of a strategy that mixes."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

from deviator.economies import private_values
from deviator.errors import InvalidInputError
from deviator.evidence import market
from deviator.mechanisms import (
    Drawn,
    Mechanism,
    Outcome,
    ScheduleLanguage,
    UniformDoubleAuction,
    drawn,
    standard_lots,
)
from deviator.policies import Policy, Revelation, Situation

ECONOMY = private_values(4, alpha=1.0, slope=2.0)


@dataclass(frozen=True)
class CoinAuction(Mechanism):
    """With probability 1/2 the uniform-price double auction takes place, else nobody trades."""

    name: ClassVar[str] = "coin-auction"
    language: ClassVar[ScheduleLanguage] = ScheduleLanguage()
    draws: ClassVar[int] = 1

    def clear(self, bids: Any, lots: Any = None) -> Outcome:
        """Clear the auction where the lot is below 1/2."""
        outcome = UniformDoubleAuction().clear(bids)
        trades = lots[:, 0] < 0.5
        return Outcome(
            outcome.price, outcome.quantity * trades[:, None], outcome.transfer * trades[:, None]
        )


class Mixing(Policy):
    """Honest bids, raised by one unit with probability 1/2."""

    name = "mixing"
    n_traders = 4
    mixes = True

    def bids(self, view: Any, rng: np.random.Generator | None = None) -> Any:
        """Return honest bids with levels of all traders raised alike."""
        assert rng is not None
        honest = Revelation(UniformDoubleAuction(), ECONOMY).bids(view)
        array = honest.as_array().copy()
        array[..., 0] += rng.random((len(array), 1)) < 0.5
        return type(honest).from_array(array)


def _types() -> np.ndarray[Any, Any]:
    return np.random.default_rng(0).standard_normal((20, 4))


def test_payoffs_of_a_lottery_are_means_over_its_lots() -> None:
    types = _types()
    sure = market(UniformDoubleAuction(), ECONOMY)
    coin = market(CoinAuction(), ECONOMY)
    bid = 0.9 * sure.strategy.bids(types).of_trader(0)
    np.testing.assert_allclose(coin.gains(types, bid), 0.5 * sure.gains(types, bid), atol=1e-12)
    assert coin.honest_utility(types) == pytest.approx(0.5 * sure.honest_utility(types))


def test_a_batch_of_lots_clears_as_its_markets_alone() -> None:
    types, lots = _types(), np.random.default_rng(1).random((20, 1))
    bids = Revelation(CoinAuction(), ECONOMY).bids(types)
    whole = Drawn(CoinAuction(), lots)
    candidates = np.stack([bids.of_trader(1), 0.9 * bids.of_trader(1)], axis=1)
    together = whole.clear_deviations(bids, 1, candidates)
    for place in range(20):
        one = slice(place, place + 1)
        alone = Drawn(CoinAuction(), lots[place])
        outcome = alone.clear_deviations(bids.of_markets(one), 1, candidates[one])
        np.testing.assert_array_equal(outcome.transfer[0], together.transfer[place])
        np.testing.assert_array_equal(
            alone.clear(bids).quantity[place], whole.clear(bids).quantity[place]
        )


def test_standard_lots_are_even_and_below_one() -> None:
    lots = standard_lots(3, 64)
    assert ((lots >= 0) & (lots < 1)).all()
    assert ((lots < 0.5).sum(axis=0) == 32).all()
    assert drawn(UniformDoubleAuction(), lots[0]) == UniformDoubleAuction()


@pytest.mark.parametrize("lots", [[[1.0]], [[-0.1]], [[0.1, 0.2]], [[np.nan]]])
def test_malformed_lots_are_refused(lots: Any) -> None:
    with pytest.raises(InvalidInputError, match="lots"):
        Drawn(CoinAuction(), np.array(lots))


def test_opponents_of_a_mixing_strategy_bid_alike_beside_every_bid() -> None:
    types = _types()
    situation = Situation.of(UniformDoubleAuction(), ECONOMY, Mixing(), types, 0)
    kept = situation.compared(situation.own)
    again = situation.payoffs(np.stack([situation.own, situation.own], axis=1))
    np.testing.assert_array_equal(again.payoff[:, 0], again.payoff[:, 1])
    np.testing.assert_array_equal(kept.payoff[:, 1], again.payoff[:, 0])
    # All levels rise together: the price rises by slope times level, half of the time.
    plain = market(UniformDoubleAuction(), ECONOMY).situation(types).honest()
    rises = [np.random.default_rng(seed).random((20, 1)) < 0.5 for seed in range(64)]
    higher = plain.price[:, 0] + 2.0 * np.mean(rises, axis=0)[:, 0]
    np.testing.assert_allclose(situation.honest().price[:, 0], higher)

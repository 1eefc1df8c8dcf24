"""Checks of the claims that a mechanism makes, at many profiles of types."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import numpy as np

from deviator.economies import Economy
from deviator.evidence import market
from deviator.evidence.fresh_lots import fresh_gain, fresh_lots
from deviator.evidence.outside import sells_no_more
from deviator.mechanisms import Claim, Mechanism, Outcome, RoundsMechanism, Unrolled
from deviator.mechanisms.lottery import drawn
from deviator.policies import NumericSearch
from deviator.validation import Floats

from .check import CheckFunction
from .comparing import assert_same_outcome, renumbered
from .draws import assert_renumbered_on_average
from .trials import economies_for, profiles, trials

PROFILES = 1000
"""Profiles at which claims about honest outcomes are tested."""

SEARCHED_PROFILES = 12
"""Profiles at which every trader's best deviation is searched for."""

AVERAGED_PROFILES = 3
"""The same in lotteries, where every bid is cleared with many lots."""

LOTTERY_PROFILES = 64
"""The same where each of them has lots of its own."""

MONEY_TOLERANCE = 1e-9
"""Amounts of money up to this multiple of the mean first-best surplus count as 0."""


def check_claim_truthful(mechanism: Mechanism) -> None:
    """No bid that a search finds beats the honest one, in a lottery on average over the lots."""
    for economy in economies_for(mechanism):
        types = profiles(economy, AVERAGED_PROFILES if mechanism.draws else SEARCHED_PROFILES, 2)
        for trader in range(economy.n_traders):
            bid, gain = _search(_over_all_rounds(mechanism), economy, trader).find(types)
            place = int(gain.argmax())
            most, where = gain[place], _at(types[place], economy)
            if mechanism.draws and most > 0:
                # The search kept what its own lots favored.
                tested = market(mechanism, economy, trader=trader)
                most = fresh_gain(tested, types[place], bid[place]).least
                where = f"in expectation over the lots {where}"
            assert most <= MONEY_TOLERANCE * _surplus(economy), (
                f"honesty must be a best response, trader {trader} gains {most:.6g} {where}"
            )


def _over_all_rounds(mechanism: Mechanism) -> Mechanism:
    """Return the rule in which a bid is one for every round, where there are rounds."""
    return Unrolled(mechanism) if isinstance(mechanism, RoundsMechanism) else mechanism


def check_claim_universally_truthful(mechanism: Mechanism) -> None:
    """No bid that a search finds beats the honest one once the lots are known."""
    for economy in economies_for(mechanism):
        types = profiles(
            economy, LOTTERY_PROFILES if mechanism.draws else SEARCHED_PROFILES, seed=2
        )
        lots = fresh_lots(mechanism.draws, len(types), np.random.default_rng(0)).lots
        known = drawn(mechanism, lots)
        for trader in range(economy.n_traders):
            gain = NumericSearch(known, economy, trader).find(types).gain
            market = int(gain.argmax())
            assert gain[market] <= MONEY_TOLERANCE * _surplus(economy), (
                f"honesty must be a best response once the lots are known, trader {trader} gains "
                f"{gain[market]:.6g} with lots {np.round(lots[market], 3).tolist()} "
                f"{_at(types[market], economy)}"
            )


def check_claim_individually_rational(mechanism: Mechanism) -> None:
    """No honest trader is worse off than without trade."""
    for economy, types, outcome in _honest(mechanism):
        utility = economy.payoff(outcome.quantity, outcome.transfer, types)
        market, trader = np.unravel_index(int(utility.argmin()), utility.shape)
        assert utility[market, trader] >= -MONEY_TOLERANCE * _surplus(economy), (
            f"nobody may lose by trading, trader {int(trader)} gets "
            f"{utility[market, trader]:.6g} {_at(types[market], economy)}"
        )


def check_claim_budget_surplus(mechanism: Mechanism) -> None:
    """The transfers of honest traders never sum to less than 0."""
    for economy, types, outcome in _honest(mechanism):
        budget = outcome.transfer.sum(axis=1)
        market = int(budget.argmin())
        assert budget[market] >= -MONEY_TOLERANCE * _surplus(economy), (
            f"transfers must not sum to less than 0, got {budget[market]:.6g} "
            f"{_at(types[market], economy)}"
        )


def check_claim_efficient(mechanism: Mechanism) -> None:
    """Honest traders end at the largest total utility."""
    for economy, types, outcome in _honest(mechanism):
        efficient = economy.efficient_allocation(types)
        assert sells_no_more(outcome.outside, efficient).all(), (
            "efficiency may be claimed where the traders trade among themselves, and somebody "
            f"outside trades whose costs are not known, in {economy.name}; drop the claim"
        )
        reached = economy.utility(outcome.quantity, types).sum(axis=1)
        best = economy.utility(efficient, types).sum(axis=1)
        market = int((best - reached).argmax())
        assert best[market] - reached[market] <= MONEY_TOLERANCE * _surplus(economy), (
            f"total utility must be the largest, got {reached[market]:.6g} of {best[market]:.6g} "
            f"{_at(types[market], economy)}"
        )


def check_claim_anonymous(mechanism: Mechanism) -> None:
    """Traders who swap their bids swap their outcomes."""
    for trial in trials(mechanism, corners=False):
        n = trial.types.shape[1]
        for order in ([1, 0, *range(2, n)], [*range(1, n), 0]):
            if mechanism.draws:
                rule = f"traders who swap bids as in {order} must swap outcomes on average"
                where = f"{rule} {trial.where}"
                assert_renumbered_on_average(where, mechanism, mechanism, trial.bids, order)
                continue
            assert_same_outcome(
                f"traders who swap bids as in {order} must swap outcomes {trial.where}",
                mechanism.clear(trial.bids.relabelled(order)),
                renumbered(mechanism.clear(trial.bids), order),
            )


def _search(mechanism: Mechanism, economy: Economy, trader: int) -> NumericSearch:
    """Return a search for the best bid, of less effort where every bid is tried in many draws."""
    if mechanism.draws:
        return NumericSearch(mechanism, economy, trader, rounds=10, candidates=24)
    return NumericSearch(mechanism, economy, trader)


def _honest(mechanism: Mechanism) -> Iterator[tuple[Economy, Floats, Outcome]]:
    for economy in economies_for(mechanism):
        types = profiles(economy, PROFILES, seed=2)
        yield economy, types, mechanism.clear(mechanism.honest_bids(economy, types))


def _at(types: Floats, economy: Economy) -> str:
    return f"at types {np.round(types, 3).tolist()} in {economy.name}"


def _surplus(economy: Economy) -> float:
    """Return the mean first-best surplus per trader over a few profiles, in units of money."""
    types = profiles(economy, PROFILES, seed=3)
    return float(economy.utility(economy.efficient_allocation(types), types).mean())


CLAIMS: Mapping[Claim, CheckFunction] = MappingProxyType(
    {
        "truthful": check_claim_truthful,
        "universally_truthful": check_claim_universally_truthful,
        "individually_rational": check_claim_individually_rational,
        "budget_surplus": check_claim_budget_surplus,
        "efficient": check_claim_efficient,
        "anonymous": check_claim_anonymous,
    }
)
"""The check that each claim switches on."""

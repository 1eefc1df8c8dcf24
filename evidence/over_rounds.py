"""Markets of rules over rounds, in which a deviator plans a bid for every round."""

from dataclasses import replace

from deviator.errors import RefusedError
from deviator.mechanisms import InShares, RoundsMechanism, Unrolled
from deviator.policies import Revelation
from deviator.policies.every_round import in_every_round, in_one_round

from .market import Market


def over_rounds(tested: Market) -> Market:
    """Return the market in which a bid says what to submit in every round; others as they are.

    The others follow the strategy in every round. Bids that stay the same are among the plans, so
    that nothing is lost: the best plan gains at least as much as the best constant bid.

    Parameters
    ----------
    tested : Market

    Raises
    ------
    RefusedError
        If the strategy bids surfaces, which are functions.

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> from deviator.evidence import market
    >>> from deviator.mechanisms import InShares, UniformDoubleAuction
    >>> tested = market(InShares(UniformDoubleAuction(), rounds=3), private_values(4))
    >>> tested.bid_size, over_rounds(tested).bid_size
    (2, 6)
    """
    rule = tested.mechanism
    if not isinstance(rule, RoundsMechanism):
        return tested
    if tested.bids_are_surfaces:
        raise RefusedError(
            f"rules over rounds take bids of numbers, and the strategy in {rule.name} bids "
            "surfaces; name another strategy"
        )
    plans = Unrolled(rule)
    return replace(tested, mechanism=plans, strategy=in_every_round(tested.strategy, plans))


def of_single_rounds(tested: Market) -> Market:
    """Return the market in which bids are those of one round, as before `over_rounds`."""
    plans = tested.mechanism
    if not isinstance(plans, Unrolled):
        return tested
    return replace(tested, mechanism=plans.rule, strategy=in_one_round(tested.strategy, plans))


def of_whole_shares(tested: Market) -> Market | None:
    """Return the one-shot market of which a market over rounds trades equal shares, or None.

    What is best in one is best in the other, and gains as much: see `InShares`.
    """
    rounds = of_single_rounds(tested)
    shares, strategy = rounds.mechanism, rounds.strategy
    if not isinstance(shares, InShares):
        return None
    if isinstance(strategy, Revelation):
        strategy = Revelation(shares.rule, strategy.economy)
    return replace(rounds, mechanism=shares.rule, strategy=strategy)


def in_shares(control: Market, tested: Market) -> Market:
    """Return a control of single rounds as one of the rounds of a market under test.

    Parameters
    ----------
    control : Market
    tested : Market
        As from `over_rounds`; where it has no rounds, the control stays as it is.
    """
    plans = tested.mechanism
    if not isinstance(plans, Unrolled) or isinstance(control.mechanism, Unrolled):
        return control
    rule = control.mechanism
    if not isinstance(rule, RoundsMechanism):
        rule = InShares(rule, plans.rule.rounds)
    strategy = control.strategy
    if isinstance(strategy, Revelation):
        strategy = Revelation(rule, strategy.economy)
    return over_rounds(replace(control, mechanism=rule, strategy=strategy))

"""Traders who are in the same position: what holds for one of them holds for all.

Two traders are interchangeable where the market in which they swap places is the same market: the
same utilities, rule, law of types and strategy.
"""

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from deviator.economies import (
    Economy,
    NormalTypes,
    QuadraticEconomy,
    TruncatedNormal,
    TypeDistribution,
    UniformBox,
)
from deviator.errors import DeviatorError
from deviator.mechanisms.mutated import OutcomeMutant
from deviator.policies import AffineStrategy, LinearBayes, Policy, Revelation

from .certificates.known import is_all_ours
from .market import Market

MOST_TRADERS = 200
"""Swaps are tried one by one among so many traders; in larger markets everybody stands alone."""


def interchangeable_traders(tested: Market) -> tuple[tuple[int, ...], ...]:
    """Return the classes of interchangeable traders, each in order of their indices.

    Parameters
    ----------
    tested : Market
        Whoever deviates in it.

    Examples
    --------
    >>> from deviator.economies import heterogeneous
    >>> from deviator.evidence import market
    >>> from deviator.mechanisms import SigmaDCDA
    >>> interchangeable_traders(market(SigmaDCDA(0.2), heterogeneous(6)))
    ((0, 1, 2), (3, 4, 5))
    """
    n = tested.economy.n_traders
    if n > MOST_TRADERS or not _could_be_swapped(tested):
        return tuple((trader,) for trader in range(n))
    classes: list[list[int]] = []
    for trader in range(n):
        home = next((each for each in classes if _may_swap(tested, each[0], trader)), None)
        if home is None:
            classes.append([trader])
        else:
            home.append(trader)
    return tuple(tuple(each) for each in classes)


def _could_be_swapped(tested: Market) -> bool:
    """Return whether everything that tells traders apart can be read off."""
    strategy = tested.strategy
    if isinstance(tested.mechanism, OutcomeMutant):
        return False  # Faults may look at who stands beside whom.
    # Honest bids follow from rule and utilities, which are compared.
    elsewhere = isinstance(strategy, Revelation) and (
        strategy.economy is not tested.economy or strategy.mechanism is not tested.mechanism
    )
    parts = (tested.mechanism, tested.economy, tested.distribution, strategy)
    return not elsewhere and all(is_all_ours(part) for part in parts)


def _may_swap(tested: Market, first: int, second: int) -> bool:
    if not _looks_alike(tested.economy, first, second):
        return False
    order = list(range(tested.economy.n_traders))
    same = list(order)
    order[first], order[second] = second, first
    if not _law_is_same(tested.distribution, order):
        return False
    if not _strategy_is_same(tested.strategy, order):
        return False
    try:
        things = (tested.economy, tested.mechanism)
        return all(_equal(thing.relabelled(order), thing.relabelled(same)) for thing in things)
    except DeviatorError:
        return False


def _looks_alike(economy: Economy, first: int, second: int) -> bool:
    """Return whether two traders' own numbers agree, which is soon seen."""
    if not isinstance(economy, QuadraticEconomy):
        return True
    numbers = (economy.slope, economy.intercept, economy.own_type_effects)
    return all(each[first] == each[second] for each in numbers)


def _law_is_same(law: TypeDistribution, order: Sequence[int]) -> bool:
    """Return whether the joint law is the same with the traders in another order."""
    if isinstance(law, NormalTypes):
        moved = law.covariance[np.ix_(order, order)]
        return _unmoved(law.mean, order) and np.array_equal(moved, law.covariance)
    if isinstance(law, UniformBox):
        return all(_unmoved(end, order) for end in law.support)
    if isinstance(law, TruncatedNormal):
        return all(_unmoved(each, order) for each in (law.center, law.spread, *law.support))
    return False


def _strategy_is_same(strategy: Policy, order: Sequence[int]) -> bool:
    if isinstance(strategy, LinearBayes):
        numbers = (strategy.intercept, strategy.slope, strategy.constant)
        return all(_unmoved(each, order) for each in numbers)
    if isinstance(strategy, AffineStrategy):
        moved = strategy.relabelled(order)
        pairs = ((strategy.base, moved.base), (strategy.effect, moved.effect))
        return all(np.array_equal(*pair) for pair in pairs)
    return isinstance(strategy, Revelation)


def _unmoved(numbers: Any, order: Sequence[int]) -> bool:
    return bool(np.array_equal(numbers[list(order)], numbers))


def _equal(first: Any, second: Any) -> bool:
    """Return whether two records hold the same."""
    if type(first) is not type(second):
        return False
    if isinstance(first, np.ndarray):
        return bool(np.array_equal(first, second))
    if isinstance(first, tuple):
        pairs = zip(first, second, strict=False)
        return len(first) == len(second) and all(_equal(*pair) for pair in pairs)
    if is_dataclass(first):
        names = [field.name for field in fields(first)]
        return all(_equal(getattr(first, name), getattr(second, name)) for name in names)
    return bool(first == second)

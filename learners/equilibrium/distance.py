"""How far apart two strategies are, whatever way their bids are written."""

import numpy as np

from deviator.errors import InvalidInputError
from deviator.mechanisms import ConditionalLanguage
from deviator.policies import AffineStrategy, NetworkStrategy
from deviator.validation import Floats

from .bid_form import BidForm

PROFILES = 256
"""Profiles, from a fixed seed, at which bids are compared."""

Learned = AffineStrategy | NetworkStrategy


def distance(form: BidForm, first: Learned, second: Learned) -> float:
    """Return the root mean square distance of two strategies' numbers in natural units.

    A natural unit moves a bid as far as one standard deviation of its level does, so that the
    distance is a share of the bids' spread. Hyperplanes are first written with a level that reads
    the own type as it is, and without the part along 1', which is idle where quantities sum to 0.
    The mean is one over numbers, traders who learn and drawn types.

    Raises
    ------
    InvalidInputError
        If the strategies are for different numbers of traders.

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> from deviator.evidence import market
    >>> from deviator.mechanisms import UniformDoubleAuction
    >>> tested = market(UniformDoubleAuction(), private_values(3))
    >>> form = BidForm.of(tested, ((0, 1, 2),))
    >>> distance(form, form.neutral, form.neutral)
    0.0
    """
    if first.n_traders != second.n_traders:
        raise InvalidInputError(
            "strategies must be for equally many traders, got "
            f"{first.n_traders} and {second.n_traders}"
        )
    noise = np.random.default_rng(0).standard_normal((PROFILES, len(form.mean)))
    types = form.mean + form.deviation * noise
    numbers: list[Floats] = [_one_way(each).bids(types).as_array() for each in (first, second)]
    learners = list(form.learners)
    share = ((numbers[0] - numbers[1]) / form.unit)[:, learners]
    return float(np.sqrt((share**2).mean()))


def _one_way(strategy: Learned) -> Learned:
    """Return hyperplanes in the one way that levels read types and weights sum to 0."""
    if isinstance(strategy, NetworkStrategy):
        return strategy
    if not isinstance(strategy.language, ConditionalLanguage):
        return strategy
    level = strategy.language.level
    on_type = strategy.effect[:, [level]]
    base = strategy.base / np.where(on_type == 0, 1.0, on_type)
    weights = base[:, :-2] - base[:, :-2].mean(axis=1, keepdims=True)
    effect = np.zeros_like(base)
    effect[:, level] = 1.0
    return AffineStrategy(strategy.language, np.hstack([weights, base[:, -2:]]), effect)

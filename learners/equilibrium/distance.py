"""How far apart two strategies are, whatever way their bids are written."""

import numpy as np

from deviator.errors import InvalidInputError
from deviator.mechanisms import ConditionalLanguage
from deviator.policies import AffineStrategy
from deviator.validation import Floats

from .bid_form import BidForm


def distance(form: BidForm, first: AffineStrategy, second: AffineStrategy) -> float:
    """Return the root mean square distance of two strategies' numbers in natural units.

    A natural unit moves a bid as far as one standard deviation of its level does, so that the
    distance is a share of the bids' spread. Hyperplanes are first written with a level that reads
    the own type as it is, and without the part along 1', which is idle where quantities sum to 0.
    Only traders who learn count.

    Raises
    ------
    InvalidInputError
        If the strategies are of different bids.

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
    if first.base.shape != second.base.shape or first.language != second.language:
        raise InvalidInputError(
            "strategies must bid in one language for one number of traders, got "
            f"{first.language.name} and {second.language.name}"
        )
    moved = normalized(first) - normalized(second)
    learners = list(form.learners)
    units = np.concatenate([form.unit, form.unit[:, [form.neutral.language.level]]], axis=1)
    spread = np.concatenate([np.ones_like(form.unit), _type_spread(form)], axis=1)
    share = moved * spread / units
    return float(np.sqrt((share[learners] ** 2).mean()))


def normalized(strategy: AffineStrategy) -> Floats:
    """Return the base of bids and the effect of the level, (N, K + 1), each bid written one way."""
    level = strategy.language.level
    base, effect = strategy.base, strategy.effect[:, [level]]
    if isinstance(strategy.language, ConditionalLanguage):
        base = base / np.where(effect == 0, 1.0, effect)
        weights = base[:, :-2] - base[:, :-2].mean(axis=1, keepdims=True)
        base, effect = np.concatenate([weights, base[:, -2:]], axis=1), np.ones_like(effect)
    return np.concatenate([base, effect], axis=1)


def _type_spread(form: BidForm) -> Floats:
    """Return the standard deviation of types, which is the level's unit over its effect."""
    level = form.neutral.language.level
    effect = np.abs(form.neutral.effect[:, [level]])
    return np.asarray(form.unit[:, [level]] / np.where(effect > 0, effect, 1.0))

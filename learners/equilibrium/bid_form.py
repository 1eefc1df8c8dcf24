"""How free numbers become affine bids of all traders: what a gradient moves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self, final

import numpy as np
import torch

from deviator.errors import NotConvergedError
from deviator.evidence import Market
from deviator.mechanisms import BidLanguage, ConditionalLanguage
from deviator.policies import AffineStrategy
from deviator.policies.number_limits import number_limits
from deviator.validation import Bools, Floats

from .neutral import natural_units, neutral_strategy

Groups = tuple[tuple[int, ...], ...]

SPREAD = 0.5
"""Standard deviation of random starts, in natural units over the root of a bid's size, and of
logarithms of numbers that must be positive: half to twice the neutral number."""

DRAWS = 1000
"""Random starts tried before there is said to be no good one."""

LARGEST = 20.0
"""Logarithms of multiples of positive numbers are cut here, before they overflow."""


class Numbers(NamedTuple):
    """Affine bids as tensors, each (N, K): base + effect * type."""

    base: torch.Tensor
    effect: torch.Tensor


@final
@dataclass(frozen=True, eq=False)
class BidForm:
    """How a vector of P free numbers stands for the affine bids of all traders.

    A number is the neutral one plus a multiple of its natural unit; one that must be positive (the
    steepness of a schedule, a hyperplane's weight on the own quantity) is a multiple of the neutral
    one. Types move levels only. In hyperplanes the level reads the own type as it is, since a
    hyperplane times a constant is the same bid.

    Attributes
    ----------
    neutral : AffineStrategy
    unit : ndarray of float, shape (N, K)
    positive : ndarray of bool, shape (N, K)
    most : float
        Largest steepness that the language allows.
    places : ndarray of int, shape (N, K)
        Which free number each number of a bid takes; -1 where it is not free.
    effect_places : ndarray of int, shape (N,)
        The same for the level's effect.
    size : int
        P.
    mean, deviation : ndarray of float, shape (N,)
        Of the types.
    """

    neutral: AffineStrategy
    unit: Floats
    positive: Bools
    most: float
    places: Any
    effect_places: Any
    size: int
    mean: Floats
    deviation: Floats

    @classmethod
    def of(cls, tested: Market, groups: Groups, fixed: Sequence[int] = ()) -> Self:
        """Return the form of a market's bids; traders of one group share their numbers.

        Parameters
        ----------
        tested : Market
        groups : tuple of tuple of int
            Every trader is in one.
        fixed : sequence of int
            Traders who do not learn, and follow the market's strategy.
        """
        neutral = neutral_strategy(tested)
        unit = natural_units(tested, neutral)
        if fixed:
            neutral = _with_fixed(
                neutral, AffineStrategy.of(tested.strategy, neutral.language), fixed
            )
        places, effects = _places(neutral.language, neutral.base.shape, groups, set(fixed))
        size = int(max(places.max(), effects.max())) + 1
        law = tested.distribution
        return cls(
            neutral,
            _alike(unit, places),
            *number_limits(neutral.language, len(neutral.base)),
            places,
            effects,
            size,
            law.mean,
            law.deviation,
        )

    @property
    def learners(self) -> tuple[int, ...]:
        """Who learns."""
        return tuple(int(i) for i in np.flatnonzero((self.places >= 0).any(axis=1)))

    def start(self, tested: Market, rng: np.random.Generator) -> Floats:
        """Return random free numbers, shape (P,), at which bids make sense (`is_sound`).

        Where residual supply falls fast enough a trader's utility has no bound, and learning runs
        away.

        Raises
        ------
        NotConvergedError
            If there are none among `DRAWS`.
        """
        size = np.ones(self.size)
        ordinary = (self.places >= 0) & ~self.positive
        size[self.places[ordinary]] = np.sqrt(self.places.shape[1])
        for _ in range(DRAWS):
            free = SPREAD * rng.standard_normal(self.size) / size
            if self.is_sound(tested, free):
                return np.asarray(free)
        raise NotConvergedError(
            f"a start needs bids with which higher types buy more, got none in {DRAWS} draws; take "
            "another seed"
        )

    def is_sound(self, tested: Market, free: Floats) -> bool:
        """Return whether a higher type buys more and raises the price, for every trader.

        As it does wherever bids are schedules.
        """
        if not isinstance(self.neutral.language, ConditionalLanguage):
            return True
        law, n = tested.distribution, tested.economy.n_traders
        types = law.mean + np.concatenate([np.zeros((1, n)), np.diag(law.deviation)])
        outcome = tested.mechanism.clear(self.strategy(free).bids(types))
        buys_more = np.diagonal(outcome.quantity[1:]) > outcome.quantity[0]
        raises = outcome.price[1:] > outcome.price[0]
        return bool(outcome.traded.all() and buys_more.all() and raises.all())

    def numbers(self, free: torch.Tensor) -> Numbers:
        """Return the bids of free numbers (P,), differentiable in them."""
        level = self.neutral.language.level
        padded = torch.cat([free, free.new_zeros(1)])
        moved = padded[torch.tensor(self.places)]
        base, unit = torch.tensor(self.neutral.base), torch.tensor(self.unit)
        positive = torch.tensor(self.positive)
        multiple = torch.exp(torch.where(positive, moved, 0.0).clamp(max=LARGEST))
        grown = (base * multiple).clamp(max=self.most)
        base = torch.where(positive, grown, base + unit * moved)
        effect = torch.zeros_like(base)
        on_type = torch.tensor(self.neutral.effect[:, level])
        effect[:, level] = on_type * (1 + padded[torch.tensor(self.effect_places)])
        return Numbers(base, effect)

    def strategy(self, free: Floats) -> AffineStrategy:
        """Return the bids of free numbers (P,) as a policy."""
        base, effect = self.numbers(torch.tensor(free))
        return AffineStrategy(self.neutral.language, base.numpy(), effect.numpy())


def _alike(unit: Floats, places: Any) -> Floats:
    """Return units of which numbers that share a free number have the mean."""
    free = places >= 0
    total = np.bincount(places[free], weights=unit[free])
    mean = total / np.maximum(np.bincount(places[free]), 1)
    return np.where(free, mean[places], unit)


def _with_fixed(
    neutral: AffineStrategy, strategy: AffineStrategy, fixed: Sequence[int]
) -> AffineStrategy:
    base, effect = neutral.base.copy(), neutral.effect.copy()
    base[list(fixed)], effect[list(fixed)] = (
        strategy.base[list(fixed)],
        strategy.effect[list(fixed)],
    )
    return AffineStrategy(neutral.language, base, effect)


def _places(
    language: BidLanguage, shape: tuple[int, int], groups: Groups, fixed: set[int]
) -> tuple[Any, Any]:
    """Number the free numbers: the same for the same number of two traders of one group."""
    group_of = {trader: place for place, group in enumerate(groups) for trader in group}
    known: dict[Any, int] = {}

    def place(trader: int, what: Any) -> int:
        if trader in fixed:
            return -1
        return known.setdefault((group_of[trader], what), len(known))

    hyperplanes = isinstance(language, ConditionalLanguage)

    def meaning(trader: int, number: int) -> Any:
        if not hyperplanes or number >= shape[0]:
            return number
        return "own" if number == trader else ("other", group_of[number])

    places = [[place(i, meaning(i, k)) for k in range(shape[1])] for i in range(shape[0])]
    reads_type = [-1 if hyperplanes else place(i, "effect") for i in range(shape[0])]
    return np.array(places), np.array(reads_type)

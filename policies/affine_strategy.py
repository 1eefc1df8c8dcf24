"""Strategies in which every number of a bid is affine in the own type, as learning finds them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, final

import numpy as np
from typing_extensions import override

from deviator.arrays import is_foreign, like
from deviator.errors import InvalidInputError, RefusedError
from deviator.mechanisms import (
    BidLanguage,
    Bids,
    ConditionalLanguage,
    EntryReportLanguage,
    FactoredLanguage,
    LinearBids,
)
from deviator.mechanisms.exact import RationalBids
from deviator.numerics.rational import Rationals, rational
from deviator.validation import Floats, check_kind, finite_array, freeze, trader_count

from .base import Policy, View
from .mixing import unmixed_bids

ROUNDING = 1e-9
"""How far from affine the bids of a policy may be that is read as an affine strategy."""


@final
@dataclass(frozen=True, eq=False)
class AffineStrategy(Policy):
    """Trader i of type s_i bids the numbers base_i + effect_i s_i.

    Parameters
    ----------
    language : BidLanguage
        Of schedules, conditional inverse demands or reports.
    base, effect : ndarray of float, shape (N, K)
        In the units of a bid's numbers, and those per unit of a type.

    Raises
    ------
    InvalidInputError
        If shapes do not fit, or a number is not finite.

    Examples
    --------
    The linear equilibrium of the uniform-price auction for N = 4 and u = s q - q^2:

    >>> from deviator.economies import NormalTypes, private_values
    >>> from deviator.mechanisms import UniformDoubleAuction
    >>> from deviator.policies import exact_gain
    >>> auction, third = UniformDoubleAuction(), np.full((4, 1), 1 / 3)
    >>> nothing = np.zeros((4, 1))
    >>> strategy = AffineStrategy(
    ...     auction.language, np.hstack([nothing, third]), np.hstack([third, nothing])
    ... )
    >>> types = np.array([[1.0, 2.0, 4.0, 0.0]])
    >>> gain = exact_gain(auction, private_values(4, slope=2.0), types, others=strategy)
    >>> bool(gain.max() < 1e-30)
    True
    """

    language: BidLanguage
    base: Floats
    effect: Floats

    def __post_init__(self) -> None:
        languages = "take that of a mechanism, mechanism.language"
        check_kind("language", self.language, BidLanguage, languages)
        if isinstance(self.language, FactoredLanguage | EntryReportLanguage):
            raise InvalidInputError(
                "an affine strategy bids schedules, conditional inverse demands or reports, got "
                f"{self.language.name}; use a mechanism of such bids"
            )
        base = finite_array("base", self.base, (None, None))
        n = trader_count(len(base))
        base = finite_array("base", base, (n, self.language.size(n)))
        freeze(self, base=base, effect=finite_array("effect", self.effect, base.shape))

    @property
    @override
    def name(self) -> str:
        return "affine"

    @property
    @override
    def n_traders(self) -> int:
        return len(self.base)

    @property
    def shape_is_fixed(self) -> bool:
        """Whether types move nothing but the levels of bids."""
        return not np.delete(self.effect, self.language.level, axis=1).any()

    @property
    def levels_read_types(self) -> bool:
        """Whether each level is the own type and a constant, so that bids tell types."""
        return self.shape_is_fixed and bool((self.effect[:, self.language.level] == 1).all())

    @override
    def bids(self, view: View | Floats, rng: np.random.Generator | None = None) -> Bids:
        types = View.of(view).types
        if not is_foreign(types):
            types = finite_array("types", types, (None, self.n_traders))
        place = self.language.level
        if self.language.record is LinearBids and self.shape_is_fixed:
            level = like(types, self.base[:, place]) + types * like(types, self.effect[:, place])
            shape = like(types, self.base[None])
            return LinearBids(shape[..., :-2], shape[..., -2], level)
        numbers = like(types, self.base) + types[..., None] * like(types, self.effect)
        return self.language.record.from_array(numbers)

    @override
    def exact_bids(self, types: Rationals) -> RationalBids:
        if not self.shape_is_fixed:
            raise NotImplementedError("exact bids need shapes that do not depend on types")
        place = self.language.level
        levels = rational(self.base[:, place]) + rational(self.effect[:, place]) * types
        return RationalBids(rational(np.delete(self.base, place, axis=1)), levels)

    def relabelled(self, order: Sequence[int]) -> Self:
        """Return the strategy of renumbered traders: new trader i is old order[i]."""
        rows = list(order)
        columns = np.arange(self.base.shape[1])
        if isinstance(self.language, ConditionalLanguage):
            columns[: len(rows)] = rows
        base, effect = (each[rows][:, columns] for each in (self.base, self.effect))
        return replace(self, base=base, effect=effect)

    @classmethod
    def of(cls, policy: Policy, language: BidLanguage) -> "AffineStrategy":
        """Return a policy whose bids are affine in the own type as such a strategy.

        Raises
        ------
        RefusedError
            If its bids are not affine in the own type.

        Examples
        --------
        >>> from deviator.economies import private_values
        >>> from deviator.mechanisms import UniformDoubleAuction
        >>> from deviator.policies import Revelation
        >>> auction = UniformDoubleAuction()
        >>> honest = Revelation(auction, private_values(3, slope=2.0))
        >>> AffineStrategy.of(honest, auction.language).effect[0]
        array([0.5, 0. ])
        """
        n = policy.n_traders
        probes = np.array([0.0, 1.0, -1.5])[:, None] * np.ones(n)
        numbers: Any = unmixed_bids(policy, probes).as_array()
        base, effect = numbers[0], numbers[1] - numbers[0]
        off = np.abs(numbers[2] - (base - 1.5 * effect)).max()
        if off > ROUNDING * max(np.abs(numbers).max(), 1e-300):
            raise RefusedError(
                f"an affine strategy needs bids that are affine in the own type, those of "
                f"{policy.name} are not; use a NetworkStrategy"
            )
        return cls(language, base, effect)

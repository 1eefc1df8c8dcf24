"""The revelation strategy: honest bidding in the mechanism's own language."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, final

import numpy as np
from typing_extensions import override

from deviator.economies import Economy, QuadraticEconomy
from deviator.mechanisms import Bids, Mechanism
from deviator.mechanisms.exact import RationalBids, RationalEconomy
from deviator.numerics.rational import Rationals
from deviator.validation import Floats

from .base import Policy, View


@final
@dataclass(frozen=True, eq=False)
class Revelation(Policy):
    """Honest bids in an economy.

    Parameters
    ----------
    mechanism : Mechanism
    economy : Economy
        The traders' true utilities.

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> from deviator.mechanisms import UniformDoubleAuction
    >>> honest = Revelation(UniformDoubleAuction(), private_values(3, alpha=1.0, slope=2.0))
    >>> honest.bids(np.array([[1.0, 2.0, 4.0]])).level
    array([[0.5, 1. , 2. ]])
    """

    mechanism: Mechanism
    economy: Economy

    @property
    @override
    def name(self) -> str:
        return "honest"

    @property
    @override
    def n_traders(self) -> int:
        return self.economy.n_traders

    @override
    def bids(self, view: View | Floats, rng: np.random.Generator | None = None) -> Bids:
        return self.mechanism.honest_bids(self.economy, View.of(view).types)

    @override
    def exact_bids(self, types: Rationals) -> RationalBids:
        if not isinstance(self.economy, QuadraticEconomy):
            raise NotImplementedError("exact bids need a linear-quadratic economy")
        tax_slope = Fraction(self.mechanism.tax_slope)
        return self.mechanism.language.exact_honest_bids(self._exact_economy, types, tax_slope)

    @cached_property
    def _exact_economy(self) -> RationalEconomy:
        """The economy in exact numbers; its inverse weights take long, and are kept with it."""
        economy: Any = self.economy
        return RationalEconomy.of(economy)

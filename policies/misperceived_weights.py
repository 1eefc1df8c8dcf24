"""Traders who misperceive how much they depend on each other, and bid honestly by what they see."""

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, final

import numpy as np
from typing_extensions import override

from deviator.arrays import like
from deviator.economies import LinearQuadratic
from deviator.errors import InvalidInputError, RefusedError
from deviator.mechanisms import Bids, LinearBids, Mechanism
from deviator.mechanisms.exact import RationalBids
from deviator.numerics.rational import Rationals
from deviator.validation import Floats, finite_number, given

from .base import Policy, View, check_market
from .honest_one import all_but, check_honest_one
from .revelation import Revelation


@final
@dataclass(frozen=True, eq=False)
class MisperceivedWeights(Policy):
    """Conditional bids that are honest in an economy of other weights w_ij on the others' types.

    The true weights of others' types, times a factor: at 0 traders take all values for private,
    above 1 they make too much of what the others know. Every trader reads the allocation by the
    economy that they perceive. Reports and schedules state nothing about weights, so that the
    policy is one of conditional bids only.

    Parameters
    ----------
    mechanism : Mechanism
        One of conditional bids, without public statistics.
    economy : LinearQuadratic
        The true one.
    factor : float
        Perceived over true weight.
    honest : int, optional
        The trader who perceives the true weights; by default nobody does.

    Raises
    ------
    InvalidInputError
        If an argument is of the wrong kind.
    RefusedError
        If the mechanism has other bids.

    Examples
    --------
    >>> from deviator.economies import fundamental_value
    >>> from deviator.mechanisms import SigmaDCDA
    >>> policy = MisperceivedWeights(SigmaDCDA(0.0), fundamental_value(4), factor=0.0)
    >>> policy.bids(np.zeros((1, 4))).quantity_weights[0, 0].round(3)
    array([0.889, 0.   , 0.   , 0.   ])
    """

    mechanism: Mechanism
    economy: LinearQuadratic
    factor: float = 0.5
    honest: int | None = field(default=None, kw_only=True)
    name: ClassVar[str] = "misperceived-weights"

    def __post_init__(self) -> None:
        check_market(self.mechanism, self.economy)
        finite_number("factor", self.factor)
        check_honest_one(self.honest, self.economy.n_traders)
        if not isinstance(self.economy, LinearQuadratic):
            raise InvalidInputError(
                "misperceived weights need an economy of written-out weights, got "
                f"{given(self.economy)}; use deviator.economies.linear_quadratic"
            )
        if self.mechanism.language.record is not LinearBids:
            raise RefusedError(
                "misperceived weights change conditional bids only, and those of "
                f"{self.mechanism.name} say nothing about weights; use a conditional auction"
            )

    @property
    @override
    def n_traders(self) -> int:
        return self.economy.n_traders

    @property
    def perceived(self) -> LinearQuadratic:
        """The economy by which traders bid."""
        own = np.eye(self.n_traders) > 0
        weights = self.economy.weights
        return replace(self.economy, weights=np.where(own, weights, self.factor * weights))

    @override
    def bids(self, view: View | Floats, rng: np.random.Generator | None = None) -> Bids:
        types = View.of(view).types
        perceiving: Any = self._perceives.bids(types)
        there: LinearBids = perceiving
        if self.honest is None:
            return there
        here: Any = Revelation(self.mechanism, self.economy).bids(types)
        wrong = like(types, all_but(self.honest, self.n_traders))
        each = wrong[:, None]
        return LinearBids(
            each * there.quantity_weights + (1 - each) * here.quantity_weights,
            wrong * there.price_weights + (1 - wrong) * here.price_weights,
            wrong * there.level + (1 - wrong) * here.level,
        )

    @override
    def exact_bids(self, types: Rationals) -> RationalBids:
        there = self._perceives.exact_bids(types)
        if self.honest is None:
            return there
        here = Revelation(self.mechanism, self.economy).exact_bids(types)
        wrong = all_but(self.honest, self.n_traders) > 0
        return RationalBids(
            np.where(wrong[:, None], there.coefficients, here.coefficients),
            np.where(wrong, there.levels, here.levels),
        )

    @property
    def _perceives(self) -> Revelation:
        return Revelation(self.mechanism, self.perceived)

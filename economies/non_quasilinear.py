"""Traders who value goods as in a linear-quadratic economy, and money in a way of their own."""

from abc import abstractmethod
from dataclasses import fields
from typing import Any

import numpy as np
from typing_extensions import override

from deviator.errors import InvalidInputError
from deviator.validation import Floats, freeze

from .distributions import TypeDistribution
from .linear_quadratic import is_linear_quadratic
from .quadratic import QuadraticEconomy

TAKEN_OVER = ("n_traders", "roles", "type_low", "type_high", "slope", "intercept")
"""What the economy and its traders have in common, apart from weights, which may be large."""


class NonQuasilinearEconomy(QuadraticEconomy):
    """An economy of linear marginal utilities and other preferences over money.

    A member is a frozen dataclass with a field `traders`, and writes `name` and `payoff`, which
    falls in the transfer and is 0 where nothing changes hands. Bids that state what goods are worth
    are those of `traders`. Exact answers and certificates are about quasi-linear payoffs, so here
    everything is searched and learned.

    Attributes
    ----------
    traders : QuadraticEconomy
        Who values goods how: a `LinearQuadratic` or a `Factored` economy.

    Raises
    ------
    InvalidInputError
        If `traders` are no such economy.

    Examples
    --------
    Traders who mind a loss twice as much as they like a gain:

    >>> from dataclasses import dataclass
    >>> from deviator.economies import private_values
    >>> @dataclass(frozen=True, eq=False)
    ... class LossAverse(NonQuasilinearEconomy):
    ...     traders: QuadraticEconomy
    ...     name = "loss averse"
    ...     def payoff(self, quantity, transfer, types):
    ...         left = self.utility(quantity, types) - transfer
    ...         return np.where(left < 0, 2 * left, left)
    >>> economy, nothing = LossAverse(private_values(3)), np.zeros((1, 3))
    >>> economy.payoff(nothing, np.array([[1.0, 0.0, -1.0]]), nothing)
    array([[-2.,  0.,  1.]])
    >>> economy.quasilinear
    False
    """

    traders: QuadraticEconomy

    def __post_init__(self) -> None:
        if not is_linear_quadratic(self.traders):
            raise InvalidInputError(
                "traders must be a LinearQuadratic or a Factored economy, got "
                f"{type(self.traders).__name__}; build one with deviator.economies"
            )
        freeze(self, **{name: getattr(self.traders, name) for name in TAKEN_OVER})

    @abstractmethod
    @override
    def payoff(self, quantity: Floats, transfer: Floats, types: Floats) -> Floats:
        """Return what traders have who receive quantities and pay transfers, shape (B, N).

        Parameters
        ----------
        quantity, transfer, types : ndarray of float, shape (B, N)
        """

    @property
    @override
    def weights(self) -> Floats:  # type: ignore[override]
        return self.traders.weights

    @property
    @override
    def own_type_effects(self) -> Floats:
        return self.traders.own_type_effects

    @override
    def effects_on_several(self, traders: slice) -> Floats:
        return self.traders.effects_on_several(traders)

    @override
    def weighted_types(self, types: Floats) -> Floats:
        return self.traders.weighted_types(types)

    @override
    def weighted_traders(self, trader_weights: Floats) -> Floats:
        return self.traders.weighted_traders(trader_weights)

    @override
    def types_behind(self, values: Floats) -> Floats:
        return self.traders.types_behind(values)

    @override
    def types(self) -> TypeDistribution:
        return self.traders.types()

    @override
    def to_dict(self) -> dict[str, Any]:
        """Return plain data: the traders, and the settings beside them."""
        settings = {each.name: getattr(self, each.name) for each in fields(self) if each.init}  # type: ignore[arg-type]
        plain = {name: np.asarray(value).tolist() for name, value in settings.items()
                 if name != "traders"}  # fmt: skip
        return {"name": self.name, **plain, "traders": self.traders.to_dict()}

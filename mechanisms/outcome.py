"""What happens in a market: prices, quantities, transfers.

The arrays are NumPy's, or of the library that the bids came in.
"""

from dataclasses import dataclass, field, fields
from typing import final

import numpy as np

from deviator.arrays import Array, is_foreign, like, namespace
from deviator.errors import InvalidInputError, NotConvergedError
from deviator.validation import Bools, Floats

CLEARS = 1e-8
"""How far quantities may be from summing to 0, of the largest in a market."""

CLEARS_OF_BATCH = 1e-14
"""How far they may be in any case, of the largest in the batch, or of one unit."""


@final
@dataclass(frozen=True, eq=False)
class Outcome:
    """Outcome of a batch of markets; a plugin must state price, quantity and transfer.

    Attributes
    ----------
    price : ndarray of float, shape (B,) or (B, N)
        Market-clearing price, or what each trader meets where prices differ; NaN in autarky.
    quantity : ndarray of float, shape (B, N)
        Units received, negative where sold; with `outside` they sum to 0.
    transfer : ndarray of float, shape (B, N)
        Money paid to the mechanism; negative where received.
    traded : ndarray of bool, shape (B,)
        False in autarky, where all quantities and transfers are 0. By default all true.
    converged : ndarray of bool, shape (B,)
        Whether the market was solved; closed forms always are. By default all true.
    residual_slope : ndarray of float, shape (B, N)
        Slope k_i of each trader's residual price p + k_i (x - q_i); NaN in autarky, and everywhere
        where the rule states none (the default).
    outside : ndarray of float, shape (B,)
        Units received by somebody outside, a market maker, an auctioneer or a reserve, negative
        where they sell. By default nobody outside trades, and all are 0.
    """

    price: Floats
    quantity: Floats
    transfer: Floats
    traded: Bools = field(default_factory=lambda: np.array(True))
    converged: Bools = field(default_factory=lambda: np.array(True))
    residual_slope: Floats = field(default_factory=lambda: np.array(np.nan))
    outside: Floats = field(default_factory=lambda: np.array(0.0))

    def __post_init__(self) -> None:
        if not is_foreign(self.quantity):
            for entry in fields(self):
                object.__setattr__(self, entry.name, _plain(getattr(self, entry.name)))
        shape = self.quantity.shape
        for name, wanted in (
            ("traded", shape[:1]),
            ("converged", shape[:1]),
            ("residual_slope", shape),
            ("outside", shape[:1]),
        ):
            if getattr(self, name).ndim == 0:
                filled = _everywhere(getattr(self, name), self.quantity, wanted)
                object.__setattr__(self, name, filled)

    @property
    def excess(self) -> Floats:
        """Units received in all, with those outside, (B,): 0 where the market clears."""
        return np.asarray(self.quantity.sum(axis=1) + self.outside)

    def clearing_error(self, share: float) -> Floats:
        """Return how far excess may be from 0, (B,), where sums are right to a share of their size.

        Where nobody trades, what is left is rounding beside the markets that do.
        """
        largest = np.maximum(np.abs(self.quantity).max(axis=1), np.abs(self.outside))
        rounding = CLEARS_OF_BATCH * max(largest.max(initial=0.0), 1.0)
        return np.asarray(share * largest + rounding)

    def price_of(self, trader: int) -> Floats:
        """Return the price that a trader meets, shape (B,)."""
        return self.price if self.price.ndim == 1 else self.price[:, trader]


@final
@dataclass(frozen=True, eq=False)
class TraderOutcome:
    """Outcomes of one trader under several candidate bids, others' bids fixed.

    Attributes
    ----------
    price, quantity, transfer : ndarray of float, shape (B, M)
        For each of M candidates in each market; price NaN in autarky.
    traded : ndarray of bool, shape (B, M)
    """

    price: Floats
    quantity: Floats
    transfer: Floats
    traded: Bools

    def __post_init__(self) -> None:
        for name in ("price", "quantity", "transfer", "traded"):
            object.__setattr__(self, name, _plain(getattr(self, name)))


def _plain(values: Array) -> Array:
    """Return a plain array: computations with outcomes must not run a subclass's own arithmetic."""
    return values if is_foreign(values) else np.asarray(values)


def _everywhere(value: Array, quantity: Array, shape: tuple[int, ...]) -> Array:
    """Return one value for all markets or traders, in the library of the quantities."""
    if not is_foreign(quantity):
        return np.broadcast_to(value, shape)
    xp = namespace(quantity)
    filled = xp.broadcast_to(like(quantity, value), shape)
    return filled == 1 if value.dtype == bool else filled


def check_cleared(name: str, outcome: object, shape: tuple[int, int]) -> Outcome:
    """Return what the named rule returned if it is an outcome of so many markets and traders.

    InvalidInputError if it is not, has other shapes, or quantities do not sum to 0 with
    what goes outside;
    NotConvergedError if a market could not be solved.
    """
    if not isinstance(outcome, Outcome):
        raise InvalidInputError(
            f"mechanism {name} must return an Outcome, got {type(outcome).__name__}; "
            "run `deviator check` on it"
        )
    for values in ("quantity", "transfer"):
        got = getattr(outcome, values).shape
        if got != shape:
            raise InvalidInputError(
                f"mechanism {name} must return a {values} of shape {shape}, got {got}; "
                "run `deviator check` on it"
            )
    if not outcome.converged.all():
        market = int(np.flatnonzero(~outcome.converged)[0])
        raise NotConvergedError(
            f"{name} must solve every market, and did not converge in market {market}; "
            "raise its precision or number of steps"
        )
    _check_clears(name, outcome)
    return outcome


def _check_clears(name: str, outcome: Outcome) -> None:
    if outcome.outside.shape != outcome.quantity.shape[:1]:
        raise InvalidInputError(
            f"mechanism {name} must return an outside of shape {outcome.quantity.shape[:1]}, got "
            f"{outcome.outside.shape}; run `deviator check` on it"
        )
    excess = np.abs(outcome.excess)
    short = ~(excess <= outcome.clearing_error(CLEARS))
    if np.isfinite(outcome.quantity).all() and short.any():
        market = int(np.flatnonzero(short)[0])
        raise InvalidInputError(
            f"mechanism {name} must return quantities that sum to 0, got {excess[market]:.6g} in "
            f"market {market}; state what somebody outside receives, or run `deviator check` on it"
        )


def check_outcome(name: str, outcome: TraderOutcome) -> TraderOutcome:
    """Return the outcome of a rule, or raise InvalidInputError if a number is not finite."""
    for name_of_values in ("quantity", "transfer"):
        values = getattr(outcome, name_of_values)
        if not np.isfinite(values).all():
            market = int(np.argwhere(~np.isfinite(values))[0][0])
            raise InvalidInputError(
                f"mechanism {name} must return a finite {name_of_values}, and does not in market "
                f"{market}; run `deviator check` on it"
            )
    return outcome

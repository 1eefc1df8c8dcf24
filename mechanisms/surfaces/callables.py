"""Surfaces that a user writes as a function, with derivatives or with torch's."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from typing_extensions import override

from deviator.errors import InvalidInputError
from deviator.validation import Floats, trader_count, whole_number

from .base import Points, Surface, Tangent


@final
@dataclass(frozen=True, eq=False)
class CallableSurface(Surface):
    """A surface given by a function of price and quantities, and its derivatives.

    Parameters
    ----------
    n_traders : int
    function : callable
        (price (R,), quantity (R, N), market (R,)) -> F (R,), dF/dp (R,), dF/dq (R, N), at R points
        of which each belongs to a market of the batch.
    n_markets : int, optional
        B, where the function tells markets apart.

    Examples
    --------
    A marginal utility that falls with the cube of the units, p = 2 - q_0 - q_0^3:

    >>> def bid(price, quantity, market):
    ...     own = quantity[:, 0]
    ...     slopes = np.zeros_like(quantity)
    ...     slopes[:, 0] = 1 + 3 * own**2
    ...     return price - 2 + own + own**3, np.ones_like(price), slopes
    >>> CallableSurface(3, bid).at(
    ...     Points(np.array([2.0]), np.zeros((1, 3)), np.array([0]))
    ... ).value
    array([0.])
    """

    n_traders: int
    function: Callable[[Floats, Floats, Any], tuple[Floats, Floats, Floats]]
    n_markets: int | None = None

    def __post_init__(self) -> None:
        _check(self)

    @property
    @override
    def derivatives_are_claimed(self) -> bool:
        return True

    @override
    def at(self, points: Points) -> Tangent:
        returned = self._evaluated(points)
        if not isinstance(returned, tuple) or len(returned) != 3:
            raise InvalidInputError(
                "a surface's function must return F, dF/dp and dF/dq, got "
                f"{_described(returned)}; use TorchSurface to let torch supply them"
            )
        tangent = Tangent(*(np.asarray(part) for part in returned))
        for name, part in zip(("F", "dF/dp", "dF/dq"), tangent, strict=True):
            if part.dtype.kind not in "fiu":
                raise InvalidInputError(
                    f"a surface's function must return real numbers, got {name} of dtype "
                    f"{part.dtype}"
                )
        return tangent

    def _evaluated(self, points: Points) -> Any:
        """Return what the function returns; its arguments cannot be written to."""
        arguments = [np.asarray(each).view() for each in (points.price, points.quantity)]
        arguments.append(np.asarray(points.market).view())
        for argument in arguments:
            argument.flags.writeable = False
        try:
            return self.function(*arguments)
        except Exception as error:
            raise InvalidInputError(
                "a surface's function must take price, quantity and market, leave them "
                f"unchanged and not raise, and raised {type(error).__name__}: {error}"
            ) from error


@final
@dataclass(frozen=True, eq=False)
class TorchSurface(Surface):
    """A surface given by a function of torch tensors, whose derivatives torch supplies.

    Parameters
    ----------
    n_traders : int
    function : callable
        (price (R,), quantity (R, N), market (R,)) -> F (R,); of float64 tensors on the device.
        F at one point must depend on that point only.
    n_markets : int, optional
        B, where the function tells markets apart.
    device : str
        Where the function's own tensors live.

    Examples
    --------
    >>> bid = TorchSurface(3, lambda price, quantity, market: price - 2 + quantity[:, 0] ** 3)
    >>> bid.n_traders
    3
    """

    n_traders: int
    function: Callable[[Any, Any, Any], Any]
    n_markets: int | None = None
    device: str = "cpu"

    def __post_init__(self) -> None:
        _check(self)

    @override
    def at(self, points: Points) -> Tangent:
        import torch

        price, quantity = (
            torch.tensor(part, dtype=torch.float64, device=self.device, requires_grad=True)
            for part in (points.price, points.quantity)
        )
        market = torch.as_tensor(np.asarray(points.market), device=self.device)
        with torch.enable_grad():
            value = self._evaluated(price, quantity, market)
            by_price, by_quantity = torch.autograd.grad(
                value.sum(), (price, quantity), allow_unused=True, materialize_grads=True
            )
        return Tangent(*(part.detach().cpu().numpy() for part in (value, by_price, by_quantity)))

    def _evaluated(self, price: Any, quantity: Any, market: Any) -> Any:
        import torch

        try:
            value = self.function(price, quantity, market)
        except RuntimeError as error:
            raise InvalidInputError(
                "a torch surface must compute with float64 tensors on one device, "
                f"{self.device!r}, and its function does not ({str(error).splitlines()[0]})"
            ) from error
        wanted = f"a float64 tensor of shape ({len(price)},) on {self.device!r}"
        if not isinstance(value, torch.Tensor):
            raise InvalidInputError(
                f"a torch surface's function must return {wanted}, got {type(value).__name__}"
            )
        same = value.dtype == price.dtype and value.device == price.device
        if not same or value.shape != price.shape:
            raise InvalidInputError(
                f"a torch surface's function must return {wanted}, got {value.dtype} of shape "
                f"{tuple(value.shape)} on '{value.device}'"
            )
        if not value.requires_grad:
            raise InvalidInputError(
                "a torch surface must depend on the price and quantities that it is given, and "
                "its function returns a value cut off from them; do not detach or rebuild tensors"
            )
        return value


def _check(surface: CallableSurface | TorchSurface) -> None:
    trader_count(surface.n_traders)
    if surface.n_markets is not None:
        whole_number("n_markets", surface.n_markets, at_least=1)
    if not callable(surface.function):
        raise InvalidInputError(
            f"a surface's function must be callable, got {type(surface.function).__name__}"
        )


def _described(returned: object) -> str:
    if isinstance(returned, tuple):
        return f"{len(returned)} values"
    return type(returned).__name__

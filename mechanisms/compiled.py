"""Clearing of demand schedules in one pass over memory, by `torch.compile`."""

from collections.abc import Callable
from typing import Any

from deviator.arrays import Array
from deviator.autocast import full_precision
from deviator.errors import RefusedError

from .clearing import ScheduleClearing
from .clearing.schedules import solve_schedules
from .languages import Schedules, check_record
from .lottery import require_no_lots
from .outcome import Outcome
from .residual_line import ResidualLineMechanism


def compiled_clear(
    mechanism: ResidualLineMechanism, *, backend: str = "inductor"
) -> Callable[[Schedules], Outcome]:
    """Return a function that clears as `mechanism.clear` does, its arithmetic compiled into one.

    That is for large batches on a device, where separate operations spend their time on reading
    and writing memory. Keep the function: its first call compiles, which takes seconds. Numbers may
    differ from those of `clear` in the last digit.

    Parameters
    ----------
    mechanism : ResidualLineMechanism
        A rule that clears schedules: `UniformDoubleAuction`.
    backend : str
        What compiles, as `torch.compile` calls it.

    Returns
    -------
    callable
        Takes `Schedules` in torch tensors; raises InvalidInputError for bids of another kind and
        RefusedError for those in other arrays.

    Raises
    ------
    RefusedError
        If the rule clears other bids.

    Examples
    --------
    >>> import torch
    >>> from deviator.mechanisms import UniformDoubleAuction
    >>> clear = compiled_clear(UniformDoubleAuction(), backend="eager")
    >>> clear(Schedules(torch.tensor([[1.0, 0.0, -1.0]]), torch.ones(1, 3))).quantity
    tensor([[ 1.,  0., -1.]])
    """
    require_no_lots("what is compiled", mechanism)
    clearing = mechanism.clearing if isinstance(mechanism, ResidualLineMechanism) else None
    if not isinstance(clearing, ScheduleClearing):
        raise RefusedError(
            "compiled clearing is for rules that clear demand schedules, got "
            f"{type(mechanism).__name__}; call its method clear"
        )
    import torch

    fused = full_precision(torch.compile(_cleared, backend=backend))

    def clear(bids: Schedules) -> Outcome:
        check_record(mechanism.name, Schedules, bids)
        level: Array = bids.level
        if not isinstance(level, torch.Tensor):
            raise RefusedError(
                "compiled clearing takes torch tensors, got bids in other arrays; convert them "
                "with bids.converted(torch.zeros(())), or call clear"
            )
        return Outcome(*fused(mechanism, level, bids.steepness))

    return clear


def _cleared(mechanism: Any, level: Array, steepness: Array) -> tuple[Array, ...]:
    solution = solve_schedules(level, steepness, _row_sums)
    price, quantity, slope = solution.price, solution.quantity, solution.residual_slope
    transfer = mechanism.payment(price[:, None], quantity, slope, mechanism.tax_slope)
    traded = solution.regular
    return price, quantity, transfer, traded, traded | True, slope


def _row_sums(array: Array) -> Array:
    return array.sum(dim=-1)

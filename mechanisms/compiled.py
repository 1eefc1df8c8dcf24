"""Clearing of demand schedules in one pass over memory, by `torch.compile`."""

from typing import Any

from deviator.arrays import Array
from deviator.autocast import full_precision
from deviator.errors import RefusedError

from .clearing import ScheduleClearing
from .clearing.schedules import solve_schedules
from .languages import Schedules, check_record
from .outcome import Outcome
from .residual_line import ResidualLineMechanism


def clear_compiled(mechanism: Any, bids: Schedules, *, backend: str = "inductor") -> Outcome:
    """Clear as `mechanism.clear` does, with its arithmetic compiled into one kernel.

    That is for large batches on a device, where separate operations spend their time on reading
    and writing memory. The first call of a kind of batch compiles, which takes seconds. Numbers may
    differ from those of `clear` in the last digit.

    Parameters
    ----------
    mechanism : ResidualLineMechanism
        A rule that clears schedules: `UniformDoubleAuction`.
    bids : Schedules
        In torch tensors.
    backend : str
        What compiles, as `torch.compile` calls it.

    Raises
    ------
    InvalidInputError
        If bids are no schedules.
    RefusedError
        If the rule clears other bids, or bids are not torch tensors.

    Examples
    --------
    >>> import torch
    >>> from deviator.mechanisms import UniformDoubleAuction
    >>> bids = Schedules(torch.tensor([[1.0, 0.0, -1.0]]), torch.ones(1, 3))
    >>> clear_compiled(UniformDoubleAuction(), bids, backend="eager").quantity
    tensor([[ 1.,  0., -1.]])
    """
    clearing = mechanism.clearing if isinstance(mechanism, ResidualLineMechanism) else None
    if not isinstance(clearing, ScheduleClearing):
        raise RefusedError(
            "compiled clearing is for rules that clear demand schedules, got "
            f"{type(mechanism).__name__}; call its method clear"
        )
    check_record(mechanism.name, Schedules, bids)
    if type(bids.level).__module__ != "torch":
        raise RefusedError(
            "compiled clearing is of torch tensors, got bids in other arrays; convert them with "
            "bids.converted(torch.zeros(())), or call clear"
        )
    import torch

    fused = full_precision(torch.compile(_cleared, backend=backend))
    return Outcome(*fused(mechanism, bids.level, bids.steepness))


def _cleared(mechanism: Any, level: Array, steepness: Array) -> tuple[Array, ...]:
    solution = solve_schedules(level, steepness, _row_sums)
    price, quantity, slope = solution.price, solution.quantity, solution.residual_slope
    transfer = mechanism.payment(price[:, None], quantity, slope, mechanism.tax_slope)
    traded = solution.regular
    return price, quantity, transfer, traded, traded | True, slope


def _row_sums(array: Array) -> Array:
    return array.sum(dim=-1)

"""Clearing of one batch by several threads: markets are cut into the same parts for any number."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from deviator.errors import DeviatorError, InvalidInputError
from deviator.validation import whole_number

from .base import Mechanism
from .languages import Bids, check_record
from .lottery import require_no_lots
from .outcome import Outcome

PARTS = 16
"""Parts of a batch: few, as each repeats what markets share, and enough to keep threads busy."""


def clear_parallel(mechanism: Mechanism, bids: Bids, threads: int = 2) -> Outcome:
    """Clear every market of a batch as ``mechanism.clear`` does, in several threads.

    The parts of a batch do not depend on the number of threads, nor do the numbers in the outcome.
    LAPACK and NumPy's loops let other threads run; what is written in plain Python gains nothing.
    BLAS is held to one thread meanwhile, in the whole process.

    Parameters
    ----------
    mechanism : Mechanism
    bids : Bids
        NumPy arrays of B markets, or arrays of length 1 that all markets share.
    threads : int
        At least 1.

    Raises
    ------
    InvalidInputError
        If bids are not Bids, or are tensors, whose library has threads of its own.
    RefusedError
        If bids cannot be cut by market, as surfaces cannot.

    Examples
    --------
    >>> from deviator.economies import fundamental_value
    >>> from deviator.mechanisms import SigmaDCDA
    >>> auction, types = SigmaDCDA(0.2), np.random.default_rng(0).normal(size=(1000, 4))
    >>> bids = auction.honest_bids(fundamental_value(4), types)
    >>> outcome = clear_parallel(auction, bids, threads=2)
    >>> np.allclose(outcome.transfer, auction.clear(bids).transfer)
    True
    """
    require_no_lots("what is cleared in parallel", mechanism)
    count = whole_number("threads", threads, at_least=1)
    _check_bids(mechanism, bids)
    if not bids.is_numpy:
        raise InvalidInputError(
            "clear_parallel takes bids of NumPy arrays, got another library's, which has threads "
            "of its own; call clear"
        )
    batch = bids.shape[0]
    parts = [slice(batch * k // PARTS, batch * (k + 1) // PARTS) for k in range(PARTS)]
    parts = [part for part in parts if part.start < part.stop]
    if len(parts) < 2:
        return mechanism.clear(bids)
    single = bids.of_markets(slice(0, 1))
    with threadpool_limits(limits=1, user_api="blas"):
        try:
            whole = _room(mechanism.clear(single), batch)
            return _clear_parts(mechanism, bids, parts, whole, count)
        except DeviatorError:
            # Errors number the markets of the part that they arose in.
            return mechanism.clear(bids)


def _check_bids(mechanism: Mechanism, bids: object) -> None:
    """Check that bids are Bids; whether they are in its language, the mechanism checks itself."""
    if not isinstance(bids, Bids):
        check_record(mechanism.name, mechanism.language.record, bids)


def _clear_parts(
    mechanism: Mechanism, bids: Bids, parts: list[slice], whole: dict[str, Any], threads: int
) -> Outcome:
    def clear(part: slice) -> None:
        outcome = mechanism.clear(bids.of_markets(part))
        for name, values in whole.items():
            values[part] = getattr(outcome, name)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(clear, parts))
    return Outcome(**whole)


def _room(single: Outcome, batch: int) -> dict[str, Any]:
    """Return room for the outcome of a batch, with shapes as in one market's outcome."""
    arrays = {field.name: getattr(single, field.name) for field in fields(Outcome)}
    return {
        name: np.empty((batch, *array.shape[1:]), dtype=array.dtype)
        for name, array in arrays.items()
    }

"""Bids as plain data, to be written as JSON and read again."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from deviator.arrays import to_numpy
from deviator.errors import InvalidInputError, RefusedError

from .base import BidLanguage, Bids
from .surfaces import SurfaceBids

FORMAT, VERSION = "deviator bids", 1


def bids_as_data(bids: Bids) -> dict[str, Any]:
    """Return the bids of all traders as plain data, as `deviator schema bids` describes it.

    Parameters
    ----------
    bids : Bids

    Raises
    ------
    RefusedError
        If the bids are surfaces, which are functions.

    Examples
    --------
    >>> from deviator.mechanisms import Reports
    >>> bids_as_data(Reports(np.array([[1.0, 0.5, -1.0]])))["numbers"]
    [[[1.0], [0.5], [-1.0]]]
    """
    if isinstance(bids, SurfaceBids):
        raise RefusedError("bids of numbers can be written, and surfaces are functions")
    return {
        "format": FORMAT,
        "version": VERSION,
        "record": type(bids).__name__,
        "numbers": to_numpy(bids.as_array()).tolist(),
    }


def bids_from_data(data: Mapping[str, Any], language: BidLanguage) -> Bids:
    """Return the bids that plain data hold, checked as any bids are.

    Parameters
    ----------
    data : mapping
        What `bids_as_data` returned, or the content of a file of it.
    language : BidLanguage
        That of the mechanism: ``mechanism.language``.

    Raises
    ------
    InvalidInputError
        If the data are no bids, or bids of another language.

    Examples
    --------
    >>> from deviator.mechanisms import SigmaDCDA
    >>> from deviator.economies import private_values
    >>> auction = SigmaDCDA(0.4)
    >>> bids = auction.honest_bids(private_values(3), np.array([[1.0, 0.5, -1.0]]))
    >>> again = bids_from_data(bids_as_data(bids), auction.language)
    >>> bool((auction.clear(again).quantity == auction.clear(bids).quantity).all())
    True
    """
    stated = (data.get("format"), data.get("version")) if isinstance(data, Mapping) else data
    if stated != (FORMAT, VERSION):
        raise InvalidInputError(
            f"bids must be data of the format {FORMAT!r}, version {VERSION}, got {stated}; write "
            "them with bids_as_data"
        )
    if data.get("record") != language.record.__name__:
        raise InvalidInputError(
            f"bids must be {language.record.__name__} for {language.name}, got {data.get('record')}"
        )
    try:
        numbers = np.array(data["numbers"], dtype=np.float64)
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInputError(f"numbers of bids must be an array (B, N, K): {error}") from None
    return language.record.from_array(numbers)
